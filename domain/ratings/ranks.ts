/** What strengths with errors say of places: intervals of ranks and the probability of being first. */
import { createRandom } from "../random";
import { normalQuantile } from "./distributions";

export type Ranks = { rank: Int32Array; low: Int32Array; high: Int32Array };

/** Standard error of the difference of two strengths. */
export const differenceError = (covariance: Float64Array, n: number, i: number, j: number): number =>
  Math.sqrt(Math.max(0, (covariance[i * n + i] as number) + (covariance[j * n + j] as number) - 2 * (covariance[i * n + j] as number)));

/**
 * Ranks among the models of a group, 1 = best. Each interval holds its model's true rank with probability `level` or more:
 * it leaves out only models that are significantly above or below, with Bonferroni's correction over the model's comparisons.
 * Source: Mogstad, Romano, Shaikh & Wilhelm 2024 (the marginal confidence set; Bonferroni in place of their bootstrap).
 */
export function rankWithin(theta: Float64Array, covariance: Float64Array, n: number, groups: readonly number[][], level = 0.95): Ranks {
  const out: Ranks = { rank: new Int32Array(n), low: new Int32Array(n), high: new Int32Array(n) };
  for (const group of groups) {
    const critical = group.length < 2 ? 0 : normalQuantile(1 - (1 - level) / (2 * (group.length - 1)));
    for (const i of group) {
      let [above, surelyAbove, surelyBelow] = [0, 0, 0];
      for (const j of group) {
        if (i === j) continue;
        const difference = (theta[j] as number) - (theta[i] as number);
        const bound = critical * differenceError(covariance, n, i, j);
        if (difference > 1e-9) above++;
        if (difference > bound) surelyAbove++;
        if (difference < -bound) surelyBelow++;
      }
      out.rank[i] = 1 + above;
      out.low[i] = 1 + surelyAbove;
      out.high[i] = group.length - surelyBelow;
    }
  }
  return out;
}

/** More standard errors below the leader than this: its chance of being first is below 1e-9, and it is not drawn. */
const HOPELESS = 6;

/**
 * Probability that each model is the best of its group: share of draws from the normal distribution of the estimates in
 * which it leads (ties share). `draws` gives a Monte Carlo error of at most .5 / sqrt(draws).
 */
export function probabilityFirst(
  theta: Float64Array,
  covariance: Float64Array,
  n: number,
  groups: readonly number[][],
  { seed, draws = 1000 }: { seed: number; draws?: number },
): Float64Array {
  const out = new Float64Array(n);
  for (const group of groups) {
    const leader = group.reduce((best, i) => ((theta[i] as number) > (theta[best] as number) ? i : best), group[0] as number);
    const able = group.filter(
      (i) => (theta[leader] as number) - (theta[i] as number) <= HOPELESS * differenceError(covariance, n, i, leader) + 1e-12,
    );
    const size = able.length;
    const root = semidefiniteRoot(
      Float64Array.from(
        { length: size * size },
        (_, cell) => covariance[(able[Math.floor(cell / size)] as number) * n + (able[cell % size] as number)] as number,
      ),
      size,
    );
    const random = createRandom(seed, `first:${leader}`);
    const noise = new Float64Array(size);
    for (let draw = 0; draw < draws; draw++) {
      for (let k = 0; k < size; k++) noise[k] = random.normal();
      let best = Number.NEGATIVE_INFINITY;
      let leaders: number[] = [];
      for (let i = 0; i < size; i++) {
        let value = theta[able[i] as number] as number;
        for (let k = 0; k <= i; k++) value += (root[i * size + k] as number) * (noise[k] as number);
        if (value > best) {
          best = value;
          leaders = [i];
        } else if (value === best) leaders.push(i);
      }
      for (const i of leaders) out[able[i] as number] = (out[able[i] as number] as number) + 1 / (draws * leaders.length);
    }
  }
  return out;
}

/** Lower L with L L' = the matrix, which may be singular (differences know no mean): a pivot of nothing leaves its column empty. */
function semidefiniteRoot(matrix: Float64Array, n: number): Float64Array {
  const scale = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const root = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    let pivot = matrix[j * n + j] as number;
    for (let k = 0; k < j; k++) pivot -= (root[j * n + k] as number) ** 2;
    if (pivot <= 1e-12 * scale) continue;
    const diagonal = Math.sqrt(pivot);
    root[j * n + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (root[i * n + k] as number) * (root[j * n + k] as number);
      root[i * n + j] = sum / diagonal;
    }
  }
  return root;
}
