"use client";
/** What each annotator did: amount, pace, how they agree with the others. */
import Link from "next/link";
import { useState } from "react";
import type { ProjectOverview } from "@/server/services/project";
import { wilsonInterval } from "@/domain/pair-agreement";
import { SimulatedBadge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { EmptyState } from "../../components/ui/empty-state";
import { Interval } from "../../components/ui/interval";
import { RelativeTime } from "../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { formatCount, formatDuration } from "../format";

const FIRST_SHOWN = 8;

export function AnnotatorsTable({ annotators, agreement }: Pick<ProjectOverview, "annotators" | "agreement">) {
  const [all, setAll] = useState(false);
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
      <Table label="Annotators">
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
          {(all ? annotators : annotators.slice(0, FIRST_SHOWN)).map((annotator) => (
            <Tr key={annotator.id}>
              <Td>
                <span className="flex flex-wrap items-center gap-x-2 font-medium">
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
                <Agreement counts={(annotator.simulated ? agreement.simulated : agreement.people).byAnnotator[annotator.id]} />
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
      {!all && annotators.length > FIRST_SHOWN && (
        <div className="border-t p-2 text-center">
          <Button size="sm" variant="ghost" onClick={() => setAll(true)}>
            All {formatCount(annotators.length)} annotators
          </Button>
        </div>
      )}
    </>
  );
}

function Agreement({ counts }: { counts: { agreed: number; n: number } | undefined }) {
  if (counts === undefined) return "–";
  return <Interval value={counts.agreed / counts.n} {...wilsonInterval(counts.agreed, counts.n)} n={counts.n} percent digits={0} />;
}
