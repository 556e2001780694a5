/**
 * Agreement of any number of annotators, each unit judged by some of them:
 * - per cent: the share of pairs of annotators who said the same of a unit
 * - Fleiss' kappa (1971), with the mean over units of P_i where their numbers of annotators differ
 * - Krippendorff's alpha (Content Analysis, 2018, chapter 12) by level of measurement
 * with percentile bootstrap intervals over clusters of units. Units with a single value say nothing and are left out.
 */
import { type Estimate, quantile } from "../metrics/bootstrap";
import { createRandom } from "../random";
import { createResampler } from "../resampling";
import type { Observations } from "./observations";

export const LEVELS = ["nominal", "ordinal", "interval", "ratio"] as const;
export type Level = (typeof LEVELS)[number];

/** `n` is the number of units with two or more values. A measure is null where it is not defined (everybody always says the same). */
export type Agreement = {
  percent: Estimate;
  fleiss: Estimate | null;
  alpha: Partial<Record<Level, Estimate | null>>;
  observations: number;
};

/** Work of one bootstrap in additions: the number of samples shrinks, to no fewer than MIN_SAMPLES, to stay within. */
const BUDGET = 1e7;
/** What drawing how often one kind comes costs, in additions. */
const DRAW = 20;
const MIN_SAMPLES = 100;

/**
 * Sums of a cluster: pairs of annotators, of them alike, units, sum of P_i, then totals of each value, then the
 * coincidences of each two different values c < k (Krippendorff's o_ck).
 */
const HEAD = 4;

type Clusters = { k: number; length: number; tallies: Float64Array; counts: Float64Array; observations: number };

function tallyClusters({ values, start, value, cluster }: Observations): Clusters {
  const k = values.length;
  const length = HEAD + k + (k * (k - 1)) / 2;
  const kinds = new Map<string, number>();
  const tallies: number[] = [];
  const counts: number[] = [];
  let observations = 0;
  const seen = new Int32Array(k);
  /** What was said of each unit of the cluster. */
  const said: string[] = [];
  const sum = new Float64Array(length);
  const add = (i: number, x: number) => {
    sum[i] = (sum[i] ?? 0) + x;
  };
  const units = cluster.length;
  for (let u = 0; u < units; u++) {
    const [from, to] = [start[u] ?? 0, start[u + 1] ?? 0];
    const m = to - from;
    if (m > 1) {
      seen.fill(0);
      for (let o = from; o < to; o++) seen[value[o] ?? 0] = (seen[value[o] ?? 0] ?? 0) + 1;
      let alike = 0;
      let key = "";
      let place = HEAD + k;
      for (let c = 0; c < k; c++) {
        const n = seen[c] ?? 0;
        alike += (n * (n - 1)) / 2;
        add(HEAD + c, n);
        key += `${n},`;
        for (let d = c + 1; d < k; d++) add(place++, (n * (seen[d] ?? 0)) / (m - 1));
      }
      said.push(key);
      const pairs = (m * (m - 1)) / 2;
      add(0, pairs);
      add(1, alike);
      add(2, 1);
      add(3, alike / pairs);
      observations += m;
    }
    if (u + 1 === units || cluster[u + 1] !== cluster[u]) {
      if ((sum[2] ?? 0) > 0) {
        // Their order is of no matter to the sums.
        const key = said.length === 1 ? (said[0] ?? "") : said.sort().join(";");
        const kind = kinds.get(key);
        if (kind === undefined) {
          kinds.set(key, counts.length);
          counts.push(1);
          for (const x of sum) tallies.push(x);
        } else counts[kind] = (counts[kind] ?? 0) + 1;
      }
      sum.fill(0);
      said.length = 0;
    }
  }
  return { k, length, tallies: Float64Array.from(tallies), counts: Float64Array.from(counts), observations };
}

/** The squared difference of two values by level; `totals[c]` is how often value c occurs. */
function distances(level: Level, values: readonly number[], totals: ArrayLike<number>): Float64Array {
  const k = values.length;
  const out = new Float64Array((k * (k - 1)) / 2);
  let place = 0;
  for (let c = 0; c < k; c++) {
    let between = 0;
    for (let d = c + 1; d < k; d++) {
      const [a, b] = [values[c] ?? 0, values[d] ?? 0];
      switch (level) {
        case "nominal":
          out[place++] = 1;
          break;
        case "ordinal":
          out[place++] = (between + ((totals[c] ?? 0) + (totals[d] ?? 0)) / 2) ** 2;
          between += totals[d] ?? 0;
          break;
        case "interval":
          out[place++] = (a - b) ** 2;
          break;
        case "ratio":
          out[place++] = a + b === 0 ? 0 : ((a - b) / (a + b)) ** 2;
          break;
        default:
          throw new RangeError(`Unknown level "${String(level satisfies never)}"`);
      }
    }
  }
  return out;
}

function alphaOf(sum: Float64Array, k: number, level: Level, values: readonly number[]): number {
  const totals = sum.subarray(HEAD, HEAD + k);
  const n = totals.reduce((all, x) => all + x, 0);
  const delta = distances(level, values, totals);
  let observed = 0;
  let expected = 0;
  let place = 0;
  for (let c = 0; c < k; c++)
    for (let d = c + 1; d < k; d++) {
      observed += (sum[HEAD + k + place] ?? 0) * (delta[place] ?? 0);
      expected += (totals[c] ?? 0) * (totals[d] ?? 0) * (delta[place] ?? 0);
      place += 1;
    }
  return expected === 0 ? Number.NaN : 1 - ((n - 1) * observed) / expected;
}

function fleissOf(sum: Float64Array, k: number): number {
  const totals = sum.subarray(HEAD, HEAD + k);
  const n = totals.reduce((all, x) => all + x, 0);
  const chance = totals.reduce((all, x) => all + (x / n) ** 2, 0);
  return chance > 1 - 1e-12 ? Number.NaN : ((sum[3] ?? 0) / (sum[2] ?? 0) - chance) / (1 - chance);
}

/** Null where no unit has two values. Throws a RangeError for ratios of values below 0. */
export function measureAgreement(
  data: Observations,
  options: { levels: readonly Level[]; seed: number; samples?: number },
): Agreement | null {
  const { levels, seed, samples: wanted = 500 } = options;
  if (levels.includes("ratio") && (data.values[0] ?? 0) < 0) throw new RangeError("agreement: a ratio scale has no values below 0");
  const { k, length, tallies, counts, observations } = tallyClusters(data);
  const kinds = counts.length;
  if (kinds === 0) return null;
  const measures = [
    (sum: Float64Array) => (sum[1] ?? 0) / (sum[0] ?? 0),
    (sum: Float64Array) => fleissOf(sum, k),
    ...levels.map((level) => (sum: Float64Array) => alphaOf(sum, k, level, data.values)),
  ];
  const sum = new Float64Array(length);
  const addUp = (weights: Float64Array) => {
    sum.fill(0);
    for (let i = 0; i < kinds; i++) {
      const weight = weights[i] ?? 0;
      if (weight === 0) continue;
      for (let j = 0, at = i * length; j < length; j++) sum[j] = (sum[j] ?? 0) + weight * (tallies[at + j] ?? 0);
    }
  };
  addUp(counts);
  const points = measures.map((measure) => measure(sum));
  const units = sum[2] ?? 0;
  const samples = Math.max(Math.min(wanted, MIN_SAMPLES), Math.min(wanted, Math.floor(BUDGET / (kinds * (length + DRAW)))));
  const drawn = measures.map(() => new Float64Array(samples));
  const random = createRandom(seed, "agreement");
  const weights = new Float64Array(kinds);
  const resample = createResampler(counts);
  for (let s = 0; s < samples; s++) {
    resample(random, weights);
    addUp(weights);
    measures.forEach((measure, i) => {
      const values = drawn[i];
      if (values) values[s] = measure(sum);
    });
  }
  const estimate = (i: number): Estimate | null => {
    const value = points[i] ?? Number.NaN;
    if (Number.isNaN(value)) return null;
    // A sample in which everybody said the same has no kappa; it says nothing about the interval either.
    const sorted = (drawn[i] ?? new Float64Array()).filter((x) => !Number.isNaN(x)).sort();
    if (sorted.length === 0) return { value, low: value, high: value, n: units };
    return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975), n: units };
  };
  const percent = estimate(0);
  if (percent === null) return null;
  return { percent, fleiss: estimate(1), alpha: Object.fromEntries(levels.map((level, i) => [level, estimate(2 + i)])), observations };
}
