/** Benchmarks of each checkpoint: averages of suites and the headline of each task, the newest run of each. */
import Link from "next/link";
import { findSuite, TASKS } from "@/domain/tasks/registry";
import { averageName, overlapName, readScoreName, scoreName } from "@/domain/tasks/score-names";
import type { Leaderboard } from "@/server/services/leaderboard";
import { Badge } from "../components/ui/badge";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";

type ScoreRow = Leaderboard["scores"][number];
type Column = { metric: string; title: string; label: string; sample: boolean; percent: boolean; overlap: string | null };

const SUITE_COLUMNS = ["glue", "super_glue", "mmlu", "mmlu_stem", "mmlu_humanities", "mmlu_social_sciences", "mmlu_other"];

/** Suites first, then tasks by their headline metric; MMLU's subjects stand in its averages. Only what anybody has. */
function columnsOf(scores: readonly ScoreRow[]): Column[] {
  const present = new Set(scores.map(({ metric }) => metric));
  const whole = findSuite("mmlu");
  return [false, true]
    .flatMap((sample) => [
      ...SUITE_COLUMNS.map((suite) => ({ metric: averageName(sample, suite), overlap: null })),
      ...TASKS.filter(
        ({ name }) => whole === undefined || !whole.tasks.includes(name) || !present.has(averageName(sample, "mmlu")),
      ).flatMap(({ name, metrics }) =>
        metrics.slice(0, 1).map((metric) => ({ metric: scoreName(sample, name, metric), overlap: overlapName(sample, name) })),
      ),
    ])
    .flatMap(({ metric, overlap }) => {
      const name = present.has(metric) ? readScoreName(metric) : null;
      return name === null ? [] : [{ metric, overlap, title: name.title, label: name.label, sample: name.sample, percent: name.percent }];
    });
}

const format = (value: number, percent: boolean) => (percent ? (100 * value).toFixed(1) : value.toFixed(3)).replace("-", "−");

export function BenchmarksTable({ scores, researcher }: { scores: readonly ScoreRow[]; researcher: boolean }) {
  const columns = columnsOf(scores);
  const byCheckpoint = new Map<string, ScoreRow[]>();
  for (const score of scores)
    if (readScoreName(score.metric) !== null)
      byCheckpoint.set(score.checkpointId, [...(byCheckpoint.get(score.checkpointId) ?? []), score]);
  return (
    <Table label="Benchmarks of checkpoints">
      <THead>
        <Tr>
          <Th>Checkpoint</Th>
          {columns.map(({ metric, title, label, sample, percent }) => (
            <Th key={metric} numeric>
              {title}
              <span className="block text-xs font-normal whitespace-nowrap text-muted">
                {label}
                {percent ? ", %" : ""}
              </span>
              {sample && <Badge tone="flagged">sample</Badge>}
            </Th>
          ))}
        </Tr>
      </THead>
      <TBody>
        {[...byCheckpoint].map(([id, rows]) => (
          <Tr key={id}>
            <Td className="font-medium whitespace-nowrap">
              {researcher ? (
                <Link className="underline decoration-dotted" href={`/checkpoints/${id}`}>
                  {rows[0]?.checkpointName}
                </Link>
              ) : (
                rows[0]?.checkpointName
              )}
            </Td>
            {columns.map(({ metric, overlap, percent }) => {
              const score = rows.find((row) => row.metric === metric);
              if (score === undefined)
                return (
                  <Td key={metric} numeric>
                    –
                  </Td>
                );
              const shared = rows.find((row) => row.metric === overlap && row.runId === score.runId);
              const value = format(score.value, percent);
              return (
                <Td key={metric} numeric title={`n = ${score.n}; ${score.signature}`}>
                  {researcher ? (
                    <Link className="underline decoration-dotted" href={`/runs/${score.runId}?tab=results`}>
                      {value}
                    </Link>
                  ) : (
                    value
                  )}
                  {score.low !== null && score.high !== null && (
                    <span className="block text-xs whitespace-nowrap text-muted">
                      {format(score.low, percent)} to {format(score.high, percent)}
                    </span>
                  )}
                  <span className="block text-xs whitespace-nowrap text-muted">n = {score.n.toLocaleString("en")}</span>
                  {shared !== undefined && shared.value > 0 && (
                    <span className="block text-xs whitespace-nowrap text-flagged">overlap {(100 * shared.value).toFixed(1)} %</span>
                  )}
                </Td>
              );
            })}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
