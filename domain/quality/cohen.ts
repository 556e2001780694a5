/**
 * Cohen's kappa of two annotators over the units that both judged (Cohen 1960), or weighted by the distance of the
 * places of the values (1968). The interval resamples units: they are of as few kinds as the table has cells.
 */
import { type Estimate, quantile } from "../metrics/bootstrap";
import { createRandom } from "../random";
import { createResampler } from "../resampling";
import type { Observations } from "./observations";

export type KappaWeights = "none" | "linear" | "quadratic";
/** `a` and `b` are numbers of annotators, a below b. */
export type AnnotatorPair = { a: number; b: number; percent: number; kappa: Estimate | null; n: number };

function kappaOf(table: ArrayLike<number>, k: number, weights: KappaWeights): number {
  const rows = new Float64Array(k);
  const columns = new Float64Array(k);
  let n = 0;
  for (let i = 0; i < k; i++)
    for (let j = 0; j < k; j++) {
      const count = table[i * k + j] ?? 0;
      rows[i] = (rows[i] ?? 0) + count;
      columns[j] = (columns[j] ?? 0) + count;
      n += count;
    }
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < k; i++)
    for (let j = 0; j < k; j++) {
      const weight = weights === "none" ? Number(i !== j) : weights === "linear" ? Math.abs(i - j) : (i - j) ** 2;
      observed += weight * (table[i * k + j] ?? 0);
      expected += (weight * (rows[i] ?? 0) * (columns[j] ?? 0)) / n;
    }
  return expected === 0 ? Number.NaN : 1 - observed / expected;
}

/** `table[i * k + j]`: units that one called value i and the other value j. Null where kappa is not defined. */
export function measureKappa(
  table: ArrayLike<number>,
  k: number,
  options: { weights: KappaWeights; seed: number; samples?: number },
): Estimate | null {
  const { weights, seed, samples = 500 } = options;
  const value = kappaOf(table, k, weights);
  if (Number.isNaN(value)) return null;
  const random = createRandom(seed, "kappa");
  const drawn = new Float64Array(k * k);
  const resample = createResampler(table);
  const all = Float64Array.from({ length: samples }, () => {
    resample(random, drawn);
    return kappaOf(drawn, k, weights);
  });
  const sorted = all.filter((x) => !Number.isNaN(x)).sort();
  const n = Array.from(table).reduce((sum, x) => sum + x, 0);
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975), n };
}

/** The pairs of annotators with the most units in common, at most `limit`, with at least `least` of them. */
export function comparePairs(
  data: Observations,
  options: { weights: KappaWeights; seed: number; least: number; limit: number },
): AnnotatorPair[] {
  const { values, annotators, start, annotator, value } = data;
  const k = values.length;
  const tables = new Map<number, Float64Array>();
  for (let u = 0; u + 1 < start.length; u++) {
    const to = start[u + 1] ?? 0;
    for (let o = start[u] ?? 0; o < to; o++)
      for (let p = o + 1; p < to; p++) {
        const [first, second] = (annotator[o] ?? 0) < (annotator[p] ?? 0) ? [o, p] : [p, o];
        const key = (annotator[first] ?? 0) * annotators + (annotator[second] ?? 0);
        const table = tables.get(key) ?? new Float64Array(k * k);
        tables.set(key, table);
        const cell = (value[first] ?? 0) * k + (value[second] ?? 0);
        table[cell] = (table[cell] ?? 0) + 1;
      }
  }
  const counted = [...tables].map(([key, table]) => ({ key, table, n: table.reduce((sum, x) => sum + x, 0) }));
  counted.sort((x, y) => y.n - x.n || x.key - y.key);
  return counted
    .filter(({ n }) => n >= options.least)
    .slice(0, options.limit)
    .map(({ key, table, n }) => {
      let alike = 0;
      for (let i = 0; i < k; i++) alike += table[i * k + i] ?? 0;
      return { a: Math.floor(key / annotators), b: key % annotators, percent: alike / n, kappa: measureKappa(table, k, options), n };
    });
}
