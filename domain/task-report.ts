/**
 * What fine-tuning did to each task: the same held-out rows answered by the model before, by the model before with
 * examples in its prompt (few-shot), and by the result. A task that the run did not train and that lost is forgotten
 * (McCloskey & Cohen 1989, catastrophic interference).
 */
import { bootstrapMean, type Estimate } from "./metrics/bootstrap";
import { scoreRouge } from "./metrics/rouge";

export const TASK_METRICS = ["rougeL", "exactMatch"] as const;
export type TaskMetric = (typeof TASK_METRICS)[number];
export type TaskScores = Record<TaskMetric, Estimate>;

export type TaskResult = {
  /** "" where the rows name no task. */
  task: string;
  /** Whether the run trained on it. */
  trained: boolean;
  before: TaskScores;
  after: TaskScores;
  fewShot: TaskScores | null;
  /** After minus before, row by row. */
  change: TaskScores;
  /** After minus few-shot, row by row. */
  overFewShot: TaskScores | null;
};

export type TaskReport = { shots: number; seed: number; tasks: TaskResult[] };

/** One held-out row and its greedy answers; few-shot null where the context had no room for an example. */
export type AnsweredRow = { task: string; reference: string; before: string; after: string; fewShot: string | null };

const MEASURES: Record<TaskMetric, (reference: string, text: string) => number> = {
  rougeL: (reference, text) => scoreRouge(reference, text, { stem: true }).rougeL.f,
  exactMatch: (reference, text) => (reference.trim() === text.trim() ? 1 : 0),
};

/** Means and paired differences with 95 % intervals over resampled rows; tasks in alphabetical order. */
export function buildTaskReport(
  rows: readonly AnsweredRow[],
  options: { trained: ReadonlySet<string>; shots: number; seed: number },
): TaskReport {
  const { trained, shots, seed } = options;
  const tasks = [...new Set(rows.map(({ task }) => task))].sort();
  return {
    shots,
    seed,
    tasks: tasks.map((task): TaskResult => {
      const own = rows.filter((row) => row.task === task);
      const values = (metric: TaskMetric, of: "before" | "after" | "fewShot") =>
        own.map((row) => MEASURES[metric](row.reference, row[of] ?? ""));
      const scores = (value: (metric: TaskMetric) => number[]): TaskScores => ({
        rougeL: bootstrapMean(value("rougeL"), { seed }),
        exactMatch: bootstrapMean(value("exactMatch"), { seed }),
      });
      const difference = (to: "before" | "fewShot") =>
        scores((metric) => {
          const base = values(metric, to);
          return values(metric, "after").map((value, i) => value - (base[i] ?? 0));
        });
      const answered = own.every(({ fewShot }) => fewShot !== null);
      return {
        task,
        trained: trained.has(task),
        before: scores((metric) => values(metric, "before")),
        after: scores((metric) => values(metric, "after")),
        fewShot: answered ? scores((metric) => values(metric, "fewShot")) : null,
        change: difference("before"),
        overFewShot: answered ? difference("fewShot") : null,
      };
    }),
  };
}

/** "better" and "worse" only where the interval of the difference leaves out 0. */
export function verdictOf({ low, high }: Estimate): "better" | "worse" | "the same" {
  return low > 0 ? "better" : high < 0 ? "worse" : "the same";
}
