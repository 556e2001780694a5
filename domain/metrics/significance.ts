/**
 * Are two systems, judged on the same rows, really different? Paired bootstrap resampling (Koehn 2004) and two-sided
 * approximate randomisation (Riezler & Maxwell 2005), with sacrebleu 2.6's p values (`significance.py`).
 */
import { createRandom, type Random } from "../random";
import { packRows, quantile, type SumStatistic } from "./bootstrap";

type Rows = readonly ArrayLike<number>[];
/** Uniform integers in [0, n). */
type Draws = Pick<Random, "int">;

function packPair(baseline: Rows, system: Rows) {
  if (baseline.length !== system.length) throw new RangeError(`significance: ${baseline.length} rows against ${system.length}`);
  const [a, b] = [packRows(baseline), packRows(system)];
  if (a.width !== b.width) throw new RangeError(`significance: rows of ${a.width} numbers against rows of ${b.width}`);
  return { a: a.values, b: b.values, width: a.width, n: a.n };
}

const sumRows = (values: Float64Array, width: number): Float64Array => {
  const sums = new Float64Array(width);
  for (let i = 0; i < values.length; i++) sums[i % width] = (sums[i % width] as number) + (values[i] as number);
  return sums;
};

// Rounding in sums must not count as a difference where systems are the same.
const EPSILON = 1e-12;
/** Share of drawn statistics above the observed one; one is added on both sides, so it is never 0. */
const pValue = (drawn: Float64Array, observed: number) => (drawn.filter((x) => x > observed + EPSILON).length + 1) / (drawn.length + 1);

/** Paired bootstrap: system minus baseline with its percentile interval, and p of a difference as large where there is none. */
export function pairedBootstrap(
  baseline: Rows,
  system: Rows,
  statistic: SumStatistic,
  { draws, samples = 1000, level = 0.95 }: { draws: Draws; samples?: number; level?: number },
) {
  const { a, b, width, n } = packPair(baseline, system);
  const difference = statistic(sumRows(b, width), n) - statistic(sumRows(a, width), n);
  const [sumsA, sumsB] = [new Float64Array(width), new Float64Array(width)];
  const differences = new Float64Array(samples);
  for (let s = 0; s < samples; s++) {
    sumsA.fill(0);
    sumsB.fill(0);
    for (let i = 0; i < n; i++) {
      const at = draws.int(n) * width;
      for (let k = 0; k < width; k++) {
        sumsA[k] = (sumsA[k] as number) + (a[at + k] as number);
        sumsB[k] = (sumsB[k] as number) + (b[at + k] as number);
      }
    }
    differences[s] = statistic(sumsB, n) - statistic(sumsA, n);
  }
  const sizes = differences.map(Math.abs);
  const mean = sizes.reduce((sum, x) => sum + x, 0) / samples;
  const sorted = differences.sort();
  return {
    difference,
    low: quantile(sorted, (1 - level) / 2),
    high: quantile(sorted, (1 + level) / 2),
    p: pValue(
      sizes.map((x) => x - mean),
      Math.abs(difference),
    ),
  };
}

/** Approximate randomisation: p of a difference as large when every row's two results are swapped by a coin. */
export function approximateRandomisation(
  baseline: Rows,
  system: Rows,
  statistic: SumStatistic,
  { draws, trials = 10_000 }: { draws: Draws; trials?: number },
): number {
  const { a, b, width, n } = packPair(baseline, system);
  const [totalA, totalB] = [sumRows(a, width), sumRows(b, width)];
  const observed = Math.abs(statistic(totalB, n) - statistic(totalA, n));
  // What a swap of row i moves from one side to the other.
  const moved = a.map((value, i) => value - (b[i] as number));
  const [left, right] = [new Float64Array(width), new Float64Array(width)];
  const sizes = new Float64Array(trials);
  for (let t = 0; t < trials; t++) {
    left.set(totalB);
    right.set(totalA);
    for (let i = 0; i < n; i++) {
      if (draws.int(2) === 0) continue;
      for (let k = 0, at = i * width; k < width; k++, at++) {
        left[k] = (left[k] as number) + (moved[at] as number);
        right[k] = (right[k] as number) - (moved[at] as number);
      }
    }
    sizes[t] = Math.abs(statistic(left, n) - statistic(right, n));
  }
  return pValue(sizes, observed);
}

export type PairedComparison = {
  /** System minus baseline, with its 95 % interval by paired bootstrap. */
  difference: number;
  low: number;
  high: number;
  pBootstrap: number;
  pRandomisation: number;
  n: number;
};

/** Both tests, seeded; 1,000 resamples and 10,000 trials as in sacrebleu. */
export function comparePaired(baseline: Rows, system: Rows, statistic: SumStatistic, seed: number): PairedComparison {
  const { p, ...interval } = pairedBootstrap(baseline, system, statistic, { draws: createRandom(seed, "paired-bootstrap") });
  return {
    ...interval,
    pBootstrap: p,
    pRandomisation: approximateRandomisation(baseline, system, statistic, { draws: createRandom(seed, "randomisation") }),
    n: baseline.length,
  };
}
