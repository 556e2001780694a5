"use client";
/** What each annotator did: amount, pace, how they agree with the others. */
import Link from "next/link";
import type { ProjectOverview } from "@/server/services/project";
import { wilsonInterval } from "@/domain/pair-agreement";
import { SimulatedBadge } from "../../components/ui/badge";
import { EmptyState } from "../../components/ui/empty-state";
import { Interval } from "../../components/ui/interval";
import { RelativeTime } from "../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { formatCount, formatDuration } from "../format";

type Props = Pick<ProjectOverview, "annotators" | "agreement"> & {
  /** Rows to show; the rest is on the team page. */
  limit?: number;
};

export function AnnotatorsTable({ annotators, agreement, limit = Number.POSITIVE_INFINITY }: Props) {
  if (annotators.length === 0) {
    return (
      <EmptyState title="Nobody has judged yet">
        Annotators find what is to be judged under <Link href="/annotate" className="text-accent underline">Annotate</Link>.
      </EmptyState>
    );
  }
  return (
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
        {annotators.slice(0, limit).map((annotator) => (
          <Tr key={annotator.id}>
            <Td>
              <span className="flex flex-wrap items-center gap-x-2 font-medium">
                {annotator.name}
                {annotator.simulated && <SimulatedBadge />}
              </span>
            </Td>
            <Td numeric>{formatCount(annotator.judgements)}</Td>
            <Td numeric>{annotator.medianActiveMs > 0 ? formatDuration(annotator.medianActiveMs) : "–"}</Td>
            <Td numeric>{annotator.activeMs > 0 ? formatCount(Math.round(annotator.judgements / (annotator.activeMs / 3_600_000))) : "–"}</Td>
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
  );
}

function Agreement({ counts }: { counts: { agreed: number; n: number } | undefined }) {
  if (counts === undefined) return "–";
  return <Interval value={counts.agreed / counts.n} {...wilsonInterval(counts.agreed, counts.n)} n={counts.n} percent digits={0} />;
}
