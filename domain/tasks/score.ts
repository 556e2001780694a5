/** Scores of a benchmark run: each task's metrics with intervals, suite averages, and overlap with the training data. */
import { bootstrapReplicates, bootstrapStatistic, intervalOf } from "../metrics/bootstrap";
import { metricStatistic, type Outcome, type Statistic } from "./metrics";
import type { OverlapReport } from "./overlap";
import { averageKey, SUITES } from "./registry";
import { averageName, cleanName, overlapName, scoreName } from "./score-names";
import type { Task } from "./task";

export type TaskResult = {
  task: Task;
  /** Scored on the hand-written sample: its scores bear other names and are no benchmark's. */
  sample: boolean;
  /** The hub's commit that its data are of, where they were fetched. */
  revision?: string | null;
  /** Examples before each item; fewer than asked where the sample has fewer. */
  shots: number;
  limit: number | null;
  seed: number;
  /** sha256 of the task's definition, and of the items as they were asked. */
  taskHash: string;
  itemsHash: string;
  outcomes: readonly Outcome[];
  /** Against the training data that is known; null when the checkpoint has none. */
  overlap: { report: OverlapReport; against: string } | null;
};

export type BenchmarkScore = { metric: string; value: number; low: number | null; high: number | null; n: number; signature: string };

const SAMPLES = 1000;
/** Between the seeds of tasks in an average. */
const SEED_STEP = 7919;

const rowsOf = ({ rows, of }: Statistic) => ({ rows: rows as readonly never[], of });

function signatureOf({ task, sample, revision = null, shots, limit, seed, taskHash, itemsHash, overlap }: TaskResult): string {
  return [
    `task:${task.name}`,
    `version:${task.version}`,
    `definition:${taskHash.slice(0, 12)}`,
    `data:${sample ? "sample, not the benchmark" : `${task.data.dataset}${revision === null ? "" : `@${revision.slice(0, 12)}`}`}`,
    `items:${itemsHash.slice(0, 12)}`,
    `shots:${shots}`,
    `limit:${limit ?? "none"}`,
    `scoring:${task.scoring === "choice" ? "loglikelihood" : "greedy"}`,
    `bootstrap:percentile|n:${SAMPLES}|seed:${seed}`,
    `overlap:${overlap === null ? "no known training data" : `${overlap.report.n}-gram, ${overlap.against}`}`,
  ].join("|");
}

async function scoreTask(result: TaskResult, pause: () => Promise<void>): Promise<BenchmarkScore[]> {
  const { task, sample, seed, outcomes, overlap } = result;
  const signature = signatureOf(result);
  const estimate = async (metric: Task["metrics"][number], kept: readonly Outcome[]) => {
    await pause();
    const { rows, of } = rowsOf(metricStatistic(metric, kept));
    const { value, low, high, n } = bootstrapStatistic(rows, of, { seed, samples: SAMPLES });
    return { value, low, high, n };
  };
  const scores: BenchmarkScore[] = [];
  for (const metric of task.metrics)
    scores.push({ metric: scoreName(sample, task.name, metric), ...(await estimate(metric, outcomes)), signature });
  if (overlap !== null) {
    const told = overlap.report.dirty.filter((dirty) => dirty !== null);
    const share = told.length === 0 ? 0 : told.filter(Boolean).length / told.length;
    if (told.length > 0)
      scores.push({
        metric: overlapName(sample, task.name),
        value: share,
        low: null,
        high: null,
        n: told.length,
        signature: `${signature}|items long enough:${told.length} of ${outcomes.length}`,
      });
    const clean = outcomes.filter((_, i) => overlap.report.dirty[i] !== true);
    const [headline] = task.metrics;
    if (headline !== undefined && share > 0 && clean.length > 0)
      scores.push({
        metric: cleanName(sample, task.name, headline),
        ...(await estimate(headline, clean)),
        signature: `${signature}|items without overlap`,
      });
  }
  return scores;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Average of a suite all of whose tasks were run on data of one kind; null otherwise. */
async function averageSuite(
  suite: (typeof SUITES)[number],
  results: ReadonlyMap<string, TaskResult>,
  seed: number,
  pause: () => Promise<void>,
): Promise<BenchmarkScore | null> {
  const own = suite.tasks.flatMap((name) => results.get(name) ?? []);
  const [first] = own;
  if (first === undefined || own.length < suite.tasks.length || suite.average === null || own.some(({ sample }) => sample !== first.sample))
    return null;
  const n = own.reduce((sum, { outcomes }) => sum + outcomes.length, 0);
  const shared = `suite:${suite.name}|data:${first.sample ? "sample, not the benchmark" : "as each task's"}|tasks:${own.length}|limit:${first.limit ?? "none"}|bootstrap:percentile|n:${SAMPLES}|seed:${seed}`;
  const metric = averageName(first.sample, suite.name);
  if (suite.average === "items") {
    const rows = own.flatMap(({ task, outcomes }) => metricStatistic(task.metrics[0] ?? "acc", outcomes).rows as readonly number[]);
    const { value, low, high } = bootstrapStatistic(rows, mean, { seed, samples: SAMPLES });
    return { metric, value, low, high, n, signature: `${shared}|mean over items` };
  }
  const counted = own.flatMap((result) => {
    const key = averageKey(result.task.name);
    return key === null ? [] : [{ key, result }];
  });
  // Tasks are resampled independently, each by a seed of its own, and the metrics of one task together: the i-th
  // replicates of all of them make the i-th replicate of the average.
  const parts = new Map<string, { value: number; replicates: Float64Array }[]>();
  for (const [place, { key, result }] of counted.entries()) {
    for (const name of result.task.metrics) {
      await pause();
      const { rows, of } = rowsOf(metricStatistic(name, result.outcomes));
      const part = {
        value: of(rows),
        replicates: bootstrapReplicates(rows, of, { seed: seed + SEED_STEP * (place + 1), samples: SAMPLES }),
      };
      parts.set(key, [...(parts.get(key) ?? []), part]);
    }
  }
  const meanOf = (read: (part: { value: number; replicates: Float64Array }) => number) =>
    mean([...parts.values()].map((own) => mean(own.map(read))));
  const replicates = Float64Array.from({ length: SAMPLES }, (_, i) => meanOf((part) => part.replicates[i] ?? 0));
  return {
    metric,
    value: meanOf(({ value }) => value),
    ...intervalOf(replicates),
    n,
    signature: `${shared}|mean over tasks, each the mean of its metrics`,
  };
}

/**
 * All scores of a run, tasks first. A task without outcomes throws: a score of nothing is none.
 * `pause` is awaited before each resampling, which takes seconds where there are tens of thousands of items.
 */
export async function scoreBenchmark(
  results: readonly TaskResult[],
  seed: number,
  pause: () => Promise<void> = async () => {},
): Promise<BenchmarkScore[]> {
  const byName = new Map(results.map((result) => [result.task.name, result]));
  for (const { task, outcomes } of results) if (outcomes.length === 0) throw new Error(`${task.name}: no row of its data can be scored`);
  const out: BenchmarkScore[] = [];
  for (const result of results) out.push(...(await scoreTask(result, pause)));
  for (const suite of SUITES) {
    await pause();
    const average = await averageSuite(suite, byName, seed, pause);
    if (average !== null) out.push(average);
  }
  return out;
}
