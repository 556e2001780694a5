"use client";
/** What each annotator did: amount, pace, how they agree with the others. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { AnnotatorActivity } from "@/server/services/project";
import { wilsonInterval } from "@/domain/pair-agreement";
import { SimulatedBadge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { Interval } from "../../components/ui/interval";
import { Pages } from "../../components/ui/pages";
import { RelativeTime } from "../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { errorMessage, useTRPC } from "../../trpc";
import { formatCount, formatDuration } from "../format";

type Props = {
  projectId: string;
  /** The most active ones. */
  first: readonly AnnotatorActivity[];
  total: number;
};

export function AnnotatorsTable({ projectId, first, total }: Props) {
  const trpc = useTRPC();
  const [page, setPage] = useState<number | null>(null);
  const paged = useQuery({
    ...trpc.project.annotators.queryOptions({ projectId, page: page ?? 1 }),
    enabled: page !== null,
    placeholderData: keepPreviousData,
  });
  const annotators = paged.data?.annotators ?? first;
  if (annotators.length === 0) {
    return (
      <EmptyState title="Nobody has judged yet">
        Annotators find what is to be judged under{" "}
        <Link href="/annotate" className="text-accent underline">
          Annotate
        </Link>
        .
      </EmptyState>
    );
  }
  return (
    <>
      <Table label="Annotators" holdFirst>
        <THead>
          <Tr>
            <Th>Annotator</Th>
            <Th numeric>Judgements</Th>
            <Th numeric>Median time</Th>
            <Th numeric>An hour</Th>
            <Th numeric>Agreement</Th>
            <Th numeric>Both bad</Th>
            <Th numeric>Skipped</Th>
            <Th numeric>Flagged</Th>
            <Th>Last</Th>
          </Tr>
        </THead>
        <TBody>
          {annotators.map((annotator) => (
            <Tr key={annotator.id}>
              <Td>
                <span className="flex min-w-24 flex-wrap items-center gap-x-2 font-medium">
                  {annotator.name}
                  {annotator.simulated && <SimulatedBadge />}
                </span>
              </Td>
              <Td numeric>{formatCount(annotator.judgements)}</Td>
              <Td numeric>{annotator.medianActiveMs > 0 ? formatDuration(annotator.medianActiveMs) : "–"}</Td>
              <Td numeric>
                {annotator.activeMs > 0 ? formatCount(Math.round(annotator.judgements / (annotator.activeMs / 3_600_000))) : "–"}
              </Td>
              <Td numeric>
                <Agreement counts={annotator.agreement} />
              </Td>
              <Td numeric>{formatCount(annotator.bothBad)}</Td>
              <Td numeric>{formatCount(annotator.skips)}</Td>
              <Td numeric>{formatCount(annotator.flags)}</Td>
              <Td className="whitespace-nowrap text-muted">
                <RelativeTime date={annotator.lastAt} />
              </Td>
            </Tr>
          ))}
        </TBody>
      </Table>
      {paged.error !== null ? (
        <ErrorState message={errorMessage(paged.error)} onRetry={() => void paged.refetch()} />
      ) : page === null ? (
        total > first.length && (
          <div className="border-t p-2 text-center">
            <Button size="sm" variant="ghost" onClick={() => setPage(1)}>
              All {formatCount(total)} annotators
            </Button>
          </div>
        )
      ) : (
        paged.data !== undefined &&
        total > paged.data.pageSize && (
          <Pages page={page} pages={Math.ceil(paged.data.total / paged.data.pageSize)} onPage={setPage} className="border-t p-2" />
        )
      )}
    </>
  );
}

function Agreement({ counts }: { counts: AnnotatorActivity["agreement"] }) {
  if (counts === null) return "–";
  return <Interval value={counts.agreed / counts.n} {...wilsonInterval(counts.agreed, counts.n)} n={counts.n} percent digits={0} />;
}
