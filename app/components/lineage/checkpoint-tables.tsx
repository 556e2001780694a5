"use client";
/** Scores with their intervals, and checkpoints with their standing: the same on a run's and a checkpoint's page. */
import Link from "next/link";
import { metricDefinition } from "@/domain/metric-definitions";
import { Badge } from "../ui/badge";
import { Interval } from "../ui/interval";
import { RelativeTime } from "../ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../ui/table";

type Score = {
  id: string;
  metric: string;
  value: number;
  low: number | null;
  high: number | null;
  n: number;
  signature: string;
  checkpointId: string;
  checkpointName: string;
  runId: string;
};

/** Digits after the point that suit a value of this size. */
const digitsFor = (value: number) => (Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3);

export function ScoresTable({ scores, by }: { scores: readonly Score[]; by: "checkpoint" | "run" }) {
  return (
    <Table label="Scores">
      <THead>
        <Tr>
          <Th>Metric</Th>
          <Th numeric>Value</Th>
          <Th>{by === "checkpoint" ? "Checkpoint" : "Measured by"}</Th>
          <Th>How it was computed</Th>
        </Tr>
      </THead>
      <TBody>
        {scores.map(({ id, metric, value, low, high, n, signature, checkpointId, checkpointName, runId }) => {
          const { label, definition, source, percent } = metricDefinition(metric);
          return (
            <Tr key={id}>
              <Td className="max-w-96 min-w-36 py-2">
                <span className="font-medium">{label}</span> {label !== metric && <code className="text-xs text-muted">{metric}</code>}
                <div className="text-xs text-muted">
                  {definition} ({source})
                </div>
              </Td>
              <Td numeric>
                <Interval
                  value={value}
                  low={low}
                  high={high}
                  n={n}
                  percent={percent === true}
                  digits={percent === true ? 1 : digitsFor(value)}
                  className="inline-block max-w-32 min-w-28 whitespace-normal! sm:min-w-0 sm:max-w-none sm:whitespace-nowrap!"
                />
              </Td>
              <Td className="whitespace-nowrap">
                <Link
                  className="text-accent hover:underline"
                  href={by === "checkpoint" ? `/checkpoints/${checkpointId}` : `/runs/${runId}?tab=results`}
                >
                  {by === "checkpoint" ? checkpointName : "evaluation run"}
                </Link>
              </Td>
              <Td className="max-w-80 min-w-40 text-xs break-words text-muted">
                <code>{signature}</code>
              </Td>
            </Tr>
          );
        })}
      </TBody>
    </Table>
  );
}

type Checkpoint = {
  id: string;
  name: string;
  kind: string;
  step: number;
  final: boolean;
  promoted: boolean | null;
  reason: string | null;
  hash: string;
  createdAt: Date;
};

/** Result or a point to resume from, and whether the round recommends it. */
export function CheckpointBadges({ final, promoted }: Pick<Checkpoint, "final" | "promoted">) {
  return (
    <>
      {final && <Badge tone="accent">result</Badge>}
      {promoted === true && <Badge tone="chosen">promoted</Badge>}
      {promoted === false && <Badge tone="flagged">not promoted</Badge>}
    </>
  );
}

export function CheckpointsTable({ checkpoints }: { checkpoints: readonly Checkpoint[] }) {
  return (
    <Table label="Checkpoints">
      <THead>
        <Tr>
          <Th>Checkpoint</Th>
          <Th numeric>Step</Th>
          <Th>Standing</Th>
          <Th>Hash</Th>
          <Th>Saved</Th>
        </Tr>
      </THead>
      <TBody>
        {[...checkpoints].reverse().map(({ id, name, kind, step, final, promoted, reason, hash, createdAt }) => (
          <Tr key={id}>
            <Td className="min-w-40">
              <Link href={`/checkpoints/${id}`} className="font-medium hover:underline">
                {name}
              </Link>
              <div className="text-xs text-muted">{kind}</div>
            </Td>
            <Td numeric>{step}</Td>
            <Td className="max-w-96 py-2">
              <span className="inline-flex flex-wrap gap-1">
                <CheckpointBadges final={final} promoted={promoted} />
                {!final && <span className="text-muted">to resume from</span>}
              </span>
              {reason !== null && <div className="mt-1 text-xs text-muted">{reason}</div>}
            </Td>
            <Td>
              <code className="text-xs" title={hash}>
                {hash.slice(0, 12)}
              </code>
            </Td>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={createdAt} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
