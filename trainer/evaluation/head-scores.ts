/**
 * Scores of heads on labelled rows. Classes: accuracy and macro-averaged F1 over the classes that occur in either
 * column (scikit-learn's f1_score with average "macro"). Numbers: Pearson's r and the mean squared error.
 */
import type { Score } from "../../domain/evaluation";
import { bootstrapStatistic } from "../../domain/metrics/bootstrap";
import { accuracy, macroF1 } from "../../domain/metrics/classification";
import { pearson } from "../../domain/metrics/correlation";

/** What was predicted, and the truth. */
export type Pair<T> = readonly [predicted: T, truth: T];

const columns = <T>(pairs: readonly Pair<T>[]): [T[], T[]] => [pairs.map(([predicted]) => predicted), pairs.map(([, truth]) => truth)];

/** Throws without rows. */
export function classScores(pairs: readonly Pair<string | number>[]): { accuracy: number; f1: number } {
  if (pairs.length === 0) throw new RangeError("classScores: there are no rows");
  const [predictions, truths] = columns(pairs);
  return { accuracy: accuracy(predictions, truths), f1: macroF1(predictions, truths) };
}

/** Pearson's r is NaN where there is none. Throws without rows. */
export function numberScores(pairs: readonly Pair<number>[]): { pearson: number; mse: number } {
  if (pairs.length === 0) throw new RangeError("numberScores: there are no rows");
  const [predictions, truths] = columns(pairs);
  return {
    pearson: pairs.length < 2 ? Number.NaN : pearson(predictions, truths),
    mse: pairs.reduce((sum, [x, y]) => sum + (x - y) ** 2, 0) / pairs.length,
  };
}

const SAMPLES = 1000;

/** The scores of a head on held-out rows, each with its 95 % interval over resampled rows. */
export function summariseHead(problem: "classification" | "regression", pairs: readonly Pair<string | number>[], seed: number): Score[] {
  const sampling = `bootstrap:percentile|n:${SAMPLES}|seed:${seed}`;
  const measured = (metric: string, what: string, statistic: (sample: readonly Pair<string | number>[]) => number): Score => ({
    metric,
    ...bootstrapStatistic(pairs, statistic, { seed, samples: SAMPLES }),
    signature: `${what}|${sampling}`,
  });
  if (problem === "classification")
    return [
      measured("accuracy", "labels", (sample) => classScores(sample).accuracy),
      measured("f1", "labels|macro", (sample) => classScores(sample).f1),
    ];
  const numbers = (sample: readonly Pair<string | number>[]) => sample.map(([x, y]): Pair<number> => [Number(x), Number(y)]);
  // A sample of one value has no correlation: it counts as none.
  return [
    measured("pearson", "labels", (sample) => numberScores(numbers(sample)).pearson || 0),
    measured("mse", "labels", (sample) => numberScores(numbers(sample)).mse),
  ];
}
