/**
 * Names of benchmark scores: "bench/<task>/<metric>", "bench/<suite>/average", "bench/<task>/overlap" and
 * "bench/<task>/<metric>/clean". Scores on the hand-written samples say "sample" for "bench", so that the two never meet
 * in one column.
 */
import { scoreKind } from "../score-kind";
import { findSuite, findTask } from "./registry";
import { TASK_METRICS, type TaskMetric } from "./task";

const kind = (sample: boolean) => (sample ? "sample" : "bench");

export const scoreName = (sample: boolean, task: string, metric: TaskMetric) => `${kind(sample)}/${task}/${metric}`;
export const averageName = (sample: boolean, suite: string) => `${kind(sample)}/${suite}/average`;
export const overlapName = (sample: boolean, task: string) => `${kind(sample)}/${task}/overlap`;
export const cleanName = (sample: boolean, task: string, metric: TaskMetric) => `${scoreName(sample, task, metric)}/clean`;

export type BenchmarkScoreName = {
  sample: boolean;
  subject: string;
  title: string;
  what: "metric" | "average" | "overlap" | "clean";
  label: string;
  definition: string;
  source: string;
  percent: boolean;
  note: string | null;
};

/** What a score's name says; null for scores of other kinds. */
export function readScoreName(name: string): BenchmarkScoreName | null {
  if (scoreKind(name) !== "benchmark") return null;
  const [prefix, subject = "", metric = "", clean] = name.split("/");
  const sample = prefix === "sample";
  if (metric === "average") {
    const suite = findSuite(subject);
    if (suite === undefined) return null;
    const over =
      suite.average === "items"
        ? "Mean accuracy over all items of the suite's tasks"
        : "Plain mean over the suite's tasks, each the mean of its metrics; diagnostics stand outside";
    return {
      sample,
      subject,
      title: suite.title,
      what: "average",
      label: "average",
      definition: over,
      source: suite.title,
      percent: true,
      note: null,
    };
  }
  const task = findTask(subject);
  if (task === undefined) return null;
  const shared = { sample, subject, title: task.title, source: task.source, note: task.note };
  if (metric === "overlap") {
    return {
      ...shared,
      what: "overlap",
      label: "overlap with training data",
      definition: "Share of items that have a run of 8 to 13 words in common with the checkpoint's training data",
      source: "Brown et al. 2020",
      percent: true,
    };
  }
  const spec = TASK_METRICS[metric as TaskMetric];
  if (spec === undefined) return null;
  return {
    ...shared,
    what: clean === "clean" ? "clean" : "metric",
    label: clean === "clean" ? `${spec.label}, items without overlap` : spec.label,
    definition: spec.definition,
    percent: spec.percent,
  };
}
