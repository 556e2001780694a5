/**
 * Ratings with style held equal: a vote's difference of logits is theta_a - theta_b + gamma . x, where x are the two
 * answers' differences of style (length, headings, lists, bold), so that theta is what is left when answers look alike.
 * Maximum likelihood of all parameters together by Newton's method, one pass over the votes a step; sandwich errors.
 * Source: Li, Angelopoulos & Chiang 2024 (style control); deviations: ties by Davidson, and x is scaled but not centred,
 * so that showing the same answers the other way round says the same.
 */
import { fitPairs, type PairFit } from "./bradley-terry";
import { factorise, invertFactorised, sandwich, solveFactorised } from "./dense";
import { passVotes, type StyledVotes, spreadOfClusters } from "./style-pass";
import { countPairs, type PairTable, type Votes } from "./votes";

export type StyleFit = {
  /** Strengths in logits with style held equal, mean 0 in each group; their covariance, n x n (sandwich). */
  theta: Float64Array;
  covariance: Float64Array;
  /** Of each feature: logits for one unit of x, and the standard error. */
  gamma: Float64Array;
  gammaError: Float64Array;
  logTie: number;
  /** The fit without style that it started from. */
  plain: PairFit;
};

const MAX_STEPS = 50;
/** In logits: the error left after the last step is of the order of its square, .0002 Elo. */
const TOLERANCE = 1e-3;
/** From so many votes on the first step of the style is taken on the first of `SAMPLE` equal parts of them. */
const SAMPLED_FROM = 100_000;
const SAMPLE = 8;

/** Relative difference of two answers' amounts, (a - b) / (a + b), 0 where both have none: -1 to 1. */
export const styleDifference = (a: number, b: number): number => (a + b === 0 ? 0 : (a - b) / (a + b));

/** Divides each column of `features` (rows x count, row-major) by its root mean square, in place; returns those. A column of zeros has scale 0. */
export function scaleFeatures(features: Float64Array, count: number): Float64Array {
  const rows = features.length / count;
  const scale = new Float64Array(count);
  for (let row = 0; row < rows; row++)
    for (let f = 0; f < count; f++) scale[f] = (scale[f] as number) + (features[row * count + f] as number) ** 2;
  scale.forEach((sum, f) => {
    scale[f] = Math.sqrt(sum / rows);
  });
  for (let row = 0; row < rows; row++)
    for (let f = 0; f < count; f++)
      if (scale[f] !== 0) features[row * count + f] = (features[row * count + f] as number) / (scale[f] as number);
  return scale;
}

/** Fits strengths and `count` style coefficients. `features`: rows x count, no column of zeros. Throws RangeError where they do not fit the votes. */
export function fitStyle(votes: Votes, features: Float64Array, count: number): StyleFit {
  if (features.length !== votes.a.length * count)
    throw new RangeError(`style: ${features.length} values for ${votes.a.length} votes of ${count} features`);
  const styled = { votes, features, count };
  const table = countPairs(votes);
  const plain = fitPairs(table);
  const extra = additions(table, plain.table);
  const n = votes.models;
  const tied = plain.x.length > n;
  // theta, gamma, log v
  const size = n + count + (tied ? 1 : 0);
  let x = new Float64Array(size);
  x.set(plain.x.subarray(0, n));
  if (tied) x[size - 1] = plain.x[n] as number;
  if (votes.a.length >= SAMPLED_FROM) startStyle(styled, x);
  let at = passVotes(styled, x, extra, false);
  for (let step = 0; step < MAX_STEPS; step++) {
    const factor = holdMeans(at.matrix, size, plain.graph.groups);
    if (!factorise(factor, size)) throw new RangeError("style: the features cannot be told apart from one another or from the models");
    const move = at.gradient.slice();
    solveFactorised(factor, size, move);
    const largest = move.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    let scale = Math.min(1, 4 / largest);
    const go = () => x.map((value, i) => value + scale * (move[i] as number));
    let next = go();
    if (largest < TOLERANCE) {
      x = next;
      break;
    }
    let reached = passVotes(styled, next, extra, false);
    while (largest > 0.1 && !(reached.height >= at.height) && scale > 1e-9) {
      scale /= 2;
      next = go();
      reached = passVotes(styled, next, extra, false);
    }
    x = next;
    at = reached;
  }
  const last = passVotes(styled, x, extra, votes.judgement === null);
  const factor = holdMeans(last.matrix, size, plain.graph.groups);
  factorise(factor, size);
  const inverse = invertFactorised(factor, size);
  const robust = sandwich(inverse, last.spread ?? spreadOfClusters(styled, x), size);
  for (const group of plain.graph.groups) {
    const mean = group.reduce((sum, i) => sum + (x[i] as number), 0) / group.length;
    for (const i of group) x[i] = (x[i] as number) - mean;
  }
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) covariance[i * n + j] = robust[i * size + j] as number;
  return {
    theta: x.slice(0, n),
    covariance,
    gamma: x.slice(n, n + count),
    gammaError: Float64Array.from({ length: count }, (_, f) => Math.sqrt(robust[(n + f) * (size + 1)] as number)),
    logTie: tied ? (x[size - 1] as number) : Number.NEGATIVE_INFINITY,
    plain,
  };
}

/** Moves gamma, in `x`, by one Newton step on a part of the votes, all else held: it stands for a first pass over all of them. */
function startStyle({ votes, features, count }: StyledVotes, x: Float64Array): void {
  const { models: n, a, b, outcome, weight } = votes;
  const rows = Math.floor(a.length / SAMPLE);
  const part = {
    ...votes,
    a: a.subarray(0, rows),
    b: b.subarray(0, rows),
    outcome: outcome.subarray(0, rows),
    weight: weight?.subarray(0, rows) ?? null,
  };
  const { gradient, matrix } = passVotes({ votes: part, features, count }, x, null, false);
  const move = gradient.slice(n, n + count);
  const own = new Float64Array(count * count);
  for (let f = 0; f < count; f++) for (let g = 0; g < count; g++) own[f * count + g] = matrix[(n + f) * x.length + n + g] as number;
  if (!factorise(own, count)) return;
  solveFactorised(own, count, move);
  for (let f = 0; f < count; f++) x[n + f] = (x[n + f] as number) + (move[f] as number);
}

/** Firth's additions as a table of their own. */
function additions(table: PairTable, whole: PairTable): PairTable | null {
  if (whole === table) return null;
  return { ...table, counts: whole.counts.map((count, cell) => count - (table.counts[cell] as number)) };
}

/** A copy in which the mean of each group has information of its own: it does not touch differences. */
function holdMeans(matrix: Float64Array, size: number, groups: readonly number[][]): Float64Array {
  const out = matrix.slice();
  for (const group of groups) {
    const typical = group.reduce((sum, i) => sum + (out[i * size + i] as number), 0) / group.length || 1;
    for (const i of group) for (const j of group) out[i * size + j] = (out[i * size + j] as number) + typical / group.length;
  }
  return out;
}
