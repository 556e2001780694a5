"use client";
/** Each annotator: agreement with the others, reliability, known answers, consistency, habits. */
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { wilsonInterval } from "@/domain/pair-agreement";
import type { Alarm, AlarmKind } from "@/domain/quality/alarms";
import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Interval } from "../../../components/ui/interval";
import { Pages } from "../../../components/ui/pages";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { formatCount, formatDuration } from "../../format";
import type { Quality } from "./quality-view";

const FIRST_SHOWN = 12;
const PAGE_SIZE = 50;
const ALARMS: Record<AlarmKind, (share: string) => string> = {
  always_left: (share) => `left side in ${share}`,
  always_right: (share) => `right side in ${share}`,
  too_fast: (share) => `too fast in ${share}`,
  untouched: (share) => `order untouched in ${share}`,
};

export function ReliabilityTable({ annotators }: { annotators: Quality["annotators"] }) {
  /** Null while only the first are shown. */
  const [page, setPage] = useState<number | null>(null);
  // Those with alarms must not hide behind a button.
  const sorted = [...annotators].sort((a, b) => Number(b.alarms.length > 0) - Number(a.alarms.length > 0) || b.votes - a.votes);
  const shown = page === null ? sorted.slice(0, FIRST_SHOWN) : sorted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  return (
    <>
      <Table label="Reliability of annotators" holdFirst>
        <THead>
          <Tr>
            <Th>Annotator</Th>
            <Th numeric>Votes</Th>
            <Th numeric>Agreement</Th>
            <Th numeric>Reliability</Th>
            <Th numeric>One coin</Th>
            <Th numeric>Gold</Th>
            <Th numeric>Same again</Th>
            <Th numeric>Left side</Th>
            <Th numeric>Median time</Th>
            <Th>Alarms</Th>
          </Tr>
        </THead>
        <TBody>
          {shown.map(({ annotatorId, name, votes, agreement, reliability, oneCoin, gold, repeats, habits, alarms }) => (
            <Tr key={annotatorId}>
              <Td className="font-medium whitespace-nowrap">{name}</Td>
              <Td numeric>{formatCount(votes)}</Td>
              <Td numeric>
                <ShareOf k={agreement.k} n={agreement.n} />
              </Td>
              <Td numeric>{percentOf(reliability)}</Td>
              <Td numeric>{percentOf(oneCoin)}</Td>
              <Td numeric>
                <ShareOf {...gold} />
              </Td>
              <Td numeric>
                <ShareOf {...repeats} />
              </Td>
              <Td numeric>{habits.left + habits.right === 0 ? "–" : percentOf(habits.left / (habits.left + habits.right))}</Td>
              <Td numeric>{habits.medianMs === null ? "–" : formatDuration(habits.medianMs)}</Td>
              <Td>
                {alarms.length === 0 ? (
                  <span className="text-muted">none</span>
                ) : (
                  <span className="flex flex-wrap gap-1">
                    {alarms.map((alarm) => (
                      <AlarmBadge key={alarm.kind} {...alarm} />
                    ))}
                  </span>
                )}
              </Td>
            </Tr>
          ))}
        </TBody>
      </Table>
      {page === null && sorted.length > FIRST_SHOWN && (
        <div className="border-t p-2 text-center">
          <Button size="sm" variant="ghost" onClick={() => setPage(1)}>
            All {formatCount(sorted.length)} annotators
          </Button>
        </div>
      )}
      {page !== null && sorted.length > PAGE_SIZE && (
        <Pages page={page} pages={Math.ceil(sorted.length / PAGE_SIZE)} onPage={setPage} className="border-t p-2" />
      )}
    </>
  );
}

const percentOf = (share: number | null) => (share === null ? "–" : `${(100 * share).toFixed(0)} %`);

function ShareOf({ k, n }: { k: number; n: number }) {
  return n === 0 ? "–" : <Interval value={k / n} {...wilsonInterval(k, n)} n={n} percent digits={0} />;
}

function AlarmBadge({ kind, share, n }: Alarm) {
  return (
    <Badge
      tone="flagged"
      icon={<TriangleAlert aria-hidden="true" className="size-3" />}
      title={`Of ${formatCount(n)} votes; more than chance or habit explains`}
    >
      {ALARMS[kind](percentOf(share))}
    </Badge>
  );
}
