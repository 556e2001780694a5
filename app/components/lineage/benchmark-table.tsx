"use client";
/** Benchmark scores by task, averages first: metrics with intervals, overlap with the training data, how they were made. */
import Link from "next/link";
import { scoreKind } from "@/domain/score-kind";
import { type BenchmarkScoreName, readScoreName } from "@/domain/tasks/score-names";
import { Badge } from "../ui/badge";
import { Interval } from "../ui/interval";
import { Table, TBody, Td, Th, THead, Tr } from "../ui/table";

type Score = {
  id: string;
  metric: string;
  value: number;
  low: number | null;
  high: number | null;
  n: number;
  signature: string;
  runId: string;
};
type Named<S extends Score> = S & { name: BenchmarkScoreName };

/** Scores of benchmarks, and all others. */
export function splitScores<S extends Score>(scores: readonly S[]): { benchmarks: Named<S>[]; others: S[] } {
  const benchmarks: Named<S>[] = [];
  const others: S[] = [];
  for (const score of scores) {
    const name = readScoreName(score.metric);
    if (name !== null) benchmarks.push({ ...score, name });
    else if (scoreKind(score.metric) === "other") others.push(score);
  }
  return { benchmarks, others };
}

/** One row each: a task or suite in one run, of the benchmark or of the sample. */
function groupScores<S extends Score>(scores: readonly Named<S>[]): [key: string, own: [Named<S>, ...Named<S>[]]][] {
  const groups = new Map<string, [Named<S>, ...Named<S>[]]>();
  for (const score of scores) {
    const key = `${score.runId}/${score.name.sample ? "sample" : "bench"}/${score.name.subject}`;
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [score]);
    else own.push(score);
  }
  const isAverage = ([, own]: [string, Named<S>[]]) => Number(own[0]?.name.what === "average");
  return [...groups].sort((a, b) => isAverage(b) - isAverage(a));
}

function ScoreLine({ score }: { score: Named<Score> }) {
  const { name, value, low, high, n } = score;
  return (
    <div className="grid items-baseline gap-x-4 sm:grid-cols-[minmax(7rem,1fr)_auto]">
      <span className={name.what === "clean" ? "text-xs text-muted" : "whitespace-nowrap"} title={`${name.definition} (${name.source})`}>
        {name.label}
      </span>
      <Interval value={value} low={low} high={high} n={n} percent={name.percent} digits={name.percent ? 1 : 3} />
    </div>
  );
}

export function SampleNote() {
  return (
    <p className="border-b bg-sunken px-4 py-2 text-sm">
      Rows marked <Badge tone="flagged">sample</Badge> were scored on a few items that were written by hand for Hone. They show that the run
      works; they are not the benchmark and compare with nothing.
    </p>
  );
}

export function BenchmarkTable({ scores, by }: { scores: readonly Named<Score>[]; by: "checkpoint" | "run" }) {
  return (
    <>
      {scores.some(({ name }) => name.sample) && <SampleNote />}
      <Table label="Benchmark scores">
        <THead>
          <Tr>
            <Th>Task</Th>
            <Th>Scores</Th>
            <Th numeric>Overlap with training data</Th>
            <Th>How it was computed</Th>
          </Tr>
        </THead>
        <TBody>
          {groupScores(scores).map(([key, own]) => {
            const [{ name, signature, runId }] = own;
            const overlap = own.find((score) => score.name.what === "overlap");
            return (
              <Tr key={key}>
                <Td className="min-w-44 py-2">
                  <span className={name.what === "average" ? "font-semibold" : "font-medium"}>{name.title}</span>
                  {name.sample && (
                    <span className="ml-2">
                      <Badge tone="flagged">sample</Badge>
                    </span>
                  )}
                  <div className="text-xs text-muted">
                    {name.source !== name.title && name.source}
                    {by === "run" && (
                      <>
                        {" "}
                        {name.source !== name.title && "· "}
                        <Link className="text-accent hover:underline" href={`/runs/${runId}?tab=results`}>
                          benchmark run
                        </Link>
                      </>
                    )}
                  </div>
                  {name.note !== null && <div className="mt-1 max-w-80 text-xs text-muted">{name.note}</div>}
                </Td>
                <Td className="min-w-40 py-2 sm:min-w-80">
                  {own
                    .filter((score) => score.name.what !== "overlap")
                    .map((score) => (
                      <ScoreLine key={score.id} score={score} />
                    ))}
                </Td>
                <Td numeric>
                  {overlap === undefined ? (
                    <span title="No training data of this checkpoint is on record, or every item is too short to tell">–</span>
                  ) : (
                    <Interval value={overlap.value} n={overlap.n} percent />
                  )}
                </Td>
                <Td className="max-w-80 min-w-32 py-2 text-xs text-muted">
                  <details>
                    <summary className="w-fit cursor-pointer">Signature</summary>
                    <code className="break-words">{signature}</code>
                  </details>
                </Td>
              </Tr>
            );
          })}
        </TBody>
      </Table>
    </>
  );
}
