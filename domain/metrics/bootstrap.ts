/** Percentile bootstrap intervals, seeded. Source: Efron & Tibshirani 1993. */
import { createRandom } from "../random";

export type BootstrapOptions = { seed: number; samples?: number; level?: number };
export type Estimate = { value: number; low: number; high: number; n: number };

/**
 * A statistic of the sums over rows, and of their number: a mean (sums[0] / n), or a corpus score from summed counts.
 * Rows are as long as one another.
 */
export type SumStatistic = (sums: Float64Array, n: number) => number;

/** Rows one after another, as resampling reads them. Throws RangeError without rows or where one has another length. */
export function packRows(rows: readonly ArrayLike<number>[]): { values: Float64Array; width: number; n: number } {
  const width = rows[0]?.length;
  if (width === undefined) throw new RangeError("bootstrap: there are no rows");
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    if (row.length !== width) throw new RangeError(`bootstrap: row ${i} has ${row.length} numbers instead of ${width}`);
    values.set(row, i * width);
  });
  return { values, width, n: rows.length };
}

/** The q-quantile of sorted values, by linear interpolation (numpy's default). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  return low + (place - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN) - low);
}

/** A statistic of resampled rows, `samples` times, in the order of drawing. Throws without rows. */
export function bootstrapReplicates<T>(
  rows: readonly T[],
  statistic: (sample: readonly T[]) => number,
  { seed, samples = 1000 }: BootstrapOptions,
): Float64Array {
  if (rows.length === 0) throw new RangeError("bootstrap: there are no rows");
  const random = createRandom(seed, "bootstrap");
  // One array for all samples: tens of thousands of rows are drawn a thousand times.
  const sample = new Array<T>(rows.length);
  const out = new Float64Array(samples);
  for (let s = 0; s < samples; s++) {
    for (let i = 0; i < sample.length; i++) sample[i] = rows[random.int(rows.length)] as T;
    out[s] = statistic(sample);
  }
  return out;
}

/** The percentile interval of replicates. */
export function intervalOf(replicates: Float64Array, level = 0.95): { low: number; high: number } {
  const sorted = replicates.slice().sort();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** A statistic of rows with its interval over resampled rows. Throws without rows. */
export function bootstrapStatistic<T>(
  rows: readonly T[],
  statistic: (sample: readonly T[]) => number,
  options: BootstrapOptions,
): Estimate {
  return { value: statistic(rows), ...intervalOf(bootstrapReplicates(rows, statistic, options), options.level), n: rows.length };
}

/** The same of a statistic of sums, without building the samples. */
export function bootstrapSums(
  rows: readonly ArrayLike<number>[],
  statistic: SumStatistic,
  { seed, samples = 1000, level = 0.95 }: BootstrapOptions,
): Estimate {
  const { values, width, n } = packRows(rows);
  const random = createRandom(seed, "bootstrap");
  const sums = new Float64Array(width);
  const add = (row: number) => {
    for (let k = 0, at = row * width; k < width; k++, at++) sums[k] = (sums[k] as number) + (values[at] as number);
  };
  const drawn = new Float64Array(samples);
  for (let s = 0; s < samples; s++) {
    sums.fill(0);
    for (let i = 0; i < n; i++) add(random.int(n));
    drawn[s] = statistic(sums, n);
  }
  drawn.sort();
  sums.fill(0);
  for (let i = 0; i < n; i++) add(i);
  return { value: statistic(sums, n), low: quantile(drawn, (1 - level) / 2), high: quantile(drawn, (1 + level) / 2), n };
}

/** Statistic of rows of one number each. */
export const meanOfSums: SumStatistic = (sums, n) => (sums[0] as number) / n;

/** The mean with its interval. */
export function bootstrapMean(values: readonly number[], options: BootstrapOptions): Estimate {
  return bootstrapSums(
    values.map((value) => [value]),
    meanOfSums,
    options,
  );
}
