/** Percentile bootstrap intervals, seeded. Source: Efron & Tibshirani 1993. */
import { createRandom } from "../random";

export type BootstrapOptions = { seed: number; samples?: number; level?: number };
export type Estimate = { value: number; low: number; high: number; n: number };

/** The q-quantile of sorted values, by linear interpolation (numpy's default). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  return low + (place - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN) - low);
}

/** A statistic of resampled rows, `samples` times, in the order of drawing. Throws without rows. */
export function bootstrapReplicates<T>(rows: readonly T[], statistic: (sample: readonly T[]) => number, { seed, samples = 1000 }: BootstrapOptions): Float64Array {
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
export function bootstrapStatistic<T>(rows: readonly T[], statistic: (sample: readonly T[]) => number, options: BootstrapOptions): Estimate {
  return { value: statistic(rows), ...intervalOf(bootstrapReplicates(rows, statistic, options), options.level), n: rows.length };
}

/** The mean with its interval. */
export function bootstrapMean(values: readonly number[], options: BootstrapOptions): Estimate {
  return bootstrapStatistic(values, (sample) => sample.reduce((sum, x) => sum + x, 0) / sample.length, options);
}
