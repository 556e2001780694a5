/**
 * Are two systems, judged on the same rows, really different? Paired bootstrap resampling (Koehn 2004) and two-sided
 * approximate randomisation (Riezler & Maxwell 2005), with sacrebleu 2.6's p values (`significance.py`) where no two draws tie.
 */
import { createRandom, type Random } from "../random";
import { packRows, quantile, type SumStatistic } from "./bootstrap";

type Rows = readonly ArrayLike<number>[];
/** One metric of both systems: rows of sufficient statistics, in the same order, and what their sums say. */
export type PairedRows = { baseline: Rows; system: Rows; statistic: SumStatistic };
/** Uniform integers in [0, n). */
type Draws = Pick<Random, "int">;

/**
 * Metrics of the same rows side by side, so that one draw serves all of them (as in sacrebleu); rows that several metrics
 * share are stored once. `slices` are each metric's columns.
 */
function packPairs(metrics: readonly PairedRows[]) {
  const blocks = new Map<Rows, { a: Float64Array; b: Float64Array; from: number; width: number }>();
  let width = 0;
  let n = metrics[0]?.baseline.length ?? 0;
  for (const { baseline, system } of metrics) {
    if (baseline.length !== n || system.length !== n)
      throw new RangeError(`significance: ${baseline.length} rows against ${system.length}`);
    if (blocks.has(baseline)) continue;
    const [a, b] = [packRows(baseline), packRows(system)];
    if (a.width !== b.width) throw new RangeError(`significance: rows of ${a.width} numbers against rows of ${b.width}`);
    n = a.n;
    blocks.set(baseline, { a: a.values, b: b.values, from: width, width: a.width });
    width += a.width;
  }
  const [a, b] = [new Float64Array(n * width), new Float64Array(n * width)];
  for (const block of blocks.values())
    for (let i = 0; i < n; i++) {
      a.set(block.a.subarray(i * block.width, (i + 1) * block.width), i * width + block.from);
      b.set(block.b.subarray(i * block.width, (i + 1) * block.width), i * width + block.from);
    }
  /** A row of sums, and each metric's view of its own. */
  const createSums = () => {
    const sums = new Float64Array(width);
    const views = metrics.map(({ baseline }) => {
      const { from = 0, width: own = 0 } = blocks.get(baseline) ?? {};
      return sums.subarray(from, from + own);
    });
    const score = (metric: number) => metrics[metric]?.statistic(views[metric] as Float64Array, n) ?? Number.NaN;
    return { sums, score };
  };
  return { a, b, width, n, createSums };
}

function addRow(sums: Float64Array, values: Float64Array, row: number): void {
  for (let k = 0, at = row * sums.length; k < sums.length; k++, at++) sums[k] = (sums[k] as number) + (values[at] as number);
}

// Rounding in sums must not take a tie for less.
const EPSILON = 1e-9;
/**
 * Share of drawn statistics that are as large as the observed one, as the papers have it; one is added on both sides, so it is never
 * 0. sacrebleu leaves ties out, so that systems that differ on a row or two, or not at all, look surely different; without ties the
 * two are the same.
 */
const pValue = (drawn: Float64Array, observed: number) => (drawn.filter((x) => x >= observed - EPSILON).length + 1) / (drawn.length + 1);

/** System minus baseline of each metric. */
function observedDifferences({ a, b, n, createSums }: ReturnType<typeof packPairs>, metrics: number): number[] {
  const [left, right] = [createSums(), createSums()];
  for (let i = 0; i < n; i++) {
    addRow(left.sums, a, i);
    addRow(right.sums, b, i);
  }
  return Array.from({ length: metrics }, (_, m) => right.score(m) - left.score(m));
}

/**
 * Paired bootstrap of metrics over the same rows: system minus baseline with its percentile interval, and p of a
 * difference as large where there is none.
 */
export function pairedBootstrap(
  metrics: readonly PairedRows[],
  { draws, samples = 1000, level = 0.95 }: { draws: Draws; samples?: number; level?: number },
) {
  const packed = packPairs(metrics);
  const { a, b, n, createSums } = packed;
  const [left, right] = [createSums(), createSums()];
  const drawn = metrics.map(() => new Float64Array(samples));
  for (let s = 0; s < samples; s++) {
    left.sums.fill(0);
    right.sums.fill(0);
    for (let i = 0; i < n; i++) {
      const row = draws.int(n);
      addRow(left.sums, a, row);
      addRow(right.sums, b, row);
    }
    for (const [m, differences] of drawn.entries()) differences[s] = right.score(m) - left.score(m);
  }
  return observedDifferences(packed, metrics.length).map((difference, m) => {
    const differences = drawn[m] as Float64Array;
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
  });
}

/** Approximate randomisation: p of a difference as large when every row's two results are swapped by a coin; of each metric. */
export function approximateRandomisation(
  metrics: readonly PairedRows[],
  { draws, trials = 10_000 }: { draws: Draws; trials?: number },
): number[] {
  const packed = packPairs(metrics);
  const { a, b, n, createSums } = packed;
  // What a swap of row i moves from one side to the other.
  const moved = b.map((value, i) => value - (a[i] as number));
  const [total, left, right] = [createSums(), createSums(), createSums()];
  const whole = createSums();
  for (let i = 0; i < n; i++) {
    addRow(whole.sums, a, i);
    addRow(total.sums, a, i);
    addRow(total.sums, b, i);
  }
  const sizes = metrics.map(() => new Float64Array(trials));
  for (let t = 0; t < trials; t++) {
    left.sums.set(whole.sums);
    for (let i = 0; i < n; i++) if (draws.int(2) === 1) addRow(left.sums, moved, i);
    for (let k = 0; k < right.sums.length; k++) right.sums[k] = (total.sums[k] as number) - (left.sums[k] as number);
    for (const [m, drawn] of sizes.entries()) drawn[t] = Math.abs(left.score(m) - right.score(m));
  }
  return observedDifferences(packed, metrics.length).map((difference, m) => pValue(sizes[m] as Float64Array, Math.abs(difference)));
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

/** Both tests of every metric, seeded; 1,000 resamples and 10,000 trials as in sacrebleu. Metrics of equally many rows share their draws. */
export function comparePaired(metrics: readonly PairedRows[], seed: number): PairedComparison[] {
  const out = new Array<PairedComparison>(metrics.length);
  for (const n of new Set(metrics.map(({ baseline }) => baseline.length))) {
    const places = [...metrics.keys()].filter((place) => metrics[place]?.baseline.length === n);
    const group = places.map((place) => metrics[place] as PairedRows);
    const intervals = pairedBootstrap(group, { draws: createRandom(seed, "paired-bootstrap") });
    const randomised = approximateRandomisation(group, { draws: createRandom(seed, "randomisation") });
    for (const [k, { p, ...interval }] of intervals.entries())
      out[places[k] as number] = { ...interval, pBootstrap: p, pRandomisation: randomised[k] ?? Number.NaN, n };
  }
  return out;
}
