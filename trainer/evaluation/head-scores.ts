/**
 * Scores of heads on labelled rows. Classes: accuracy and macro-averaged F1 over the classes that occur in either
 * column (scikit-learn's f1_score with average "macro"). Numbers: Pearson's r and the mean squared error.
 */
import { bootstrapStatistic } from "../../domain/metrics/bootstrap";
import type { Score } from "./evaluate";

/** What was predicted, and the truth. */
export type Pair<T> = readonly [predicted: T, truth: T];

/** Throws without rows. */
export function classScores<T>(pairs: readonly Pair<T>[]): { accuracy: number; f1: number } {
  if (pairs.length === 0) throw new RangeError("classScores: there are no rows");
  const classes = [...new Set(pairs.flat())];
  const f1 = classes.map((name) => {
    const right = pairs.filter(([predicted, truth]) => predicted === name && truth === name).length;
    const said = pairs.filter(([predicted]) => predicted === name).length;
    const real = pairs.filter(([, truth]) => truth === name).length;
    return (2 * right) / (said + real);
  });
  return { accuracy: pairs.filter(([predicted, truth]) => predicted === truth).length / pairs.length, f1: f1.reduce((sum, x) => sum + x, 0) / classes.length };
}

/** Pearson's r is NaN where a column is constant. Throws without rows. */
export function numberScores(pairs: readonly Pair<number>[]): { pearson: number; mse: number } {
  if (pairs.length === 0) throw new RangeError("numberScores: there are no rows");
  const n = pairs.length;
  const meanOf = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / n;
  const [meanX, meanY] = [meanOf(pairs.map(([x]) => x)), meanOf(pairs.map(([, y]) => y))];
  const product = (a: (pair: Pair<number>) => number, b: (pair: Pair<number>) => number) => meanOf(pairs.map((pair) => a(pair) * b(pair)));
  const [dx, dy] = [([x]: Pair<number>) => x - meanX, ([, y]: Pair<number>) => y - meanY];
  return { pearson: product(dx, dy) / Math.sqrt(product(dx, dx) * product(dy, dy)), mse: meanOf(pairs.map(([x, y]) => (x - y) ** 2)) };
}

const SAMPLES = 1000;

/** The scores of a head on held-out rows, each with its 95 % interval over resampled rows. */
export function summariseHead(problem: "classification" | "regression", pairs: readonly Pair<string | number>[], seed: number): Score[] {
  const sampling = `bootstrap:percentile|n:${SAMPLES}|seed:${seed}`;
  const measured = (metric: string, what: string, statistic: (sample: readonly Pair<string | number>[]) => number): Score => ({
    metric, ...bootstrapStatistic(pairs, statistic, { seed, samples: SAMPLES }), signature: `${what}|${sampling}`,
  });
  if (problem === "classification") return [measured("accuracy", "labels", (sample) => classScores(sample).accuracy), measured("f1", "labels|macro", (sample) => classScores(sample).f1)];
  const numbers = (sample: readonly Pair<string | number>[]) => sample.map(([x, y]): Pair<number> => [Number(x), Number(y)]);
  // A sample of one value has no correlation: it counts as none.
  return [measured("pearson", "labels", (sample) => numberScores(numbers(sample)).pearson || 0), measured("mse", "labels", (sample) => numberScores(numbers(sample)).mse)];
}
