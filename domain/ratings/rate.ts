/** From votes to a board: scores with errors and intervals, ranks with intervals, chances of being first, and where the votes do not carry them. */
import { type Covariance, ELO, estimateCovariance, fitPairs, logTieOf, type PairFit } from "./bradley-terry";
import { expect } from "./davidson";
import { chiSquaredTail, normalQuantile } from "./distributions";
import { differenceError, probabilityFirst, rankWithin } from "./ranks";
import { countPairs, type PairTable, type Votes } from "./votes";

export type Rating = {
  /** Elo scale: 400 / ln 10 a logit, the mean of the models of a group is 1000. */
  score: number;
  /** Standard error of the score, about its group's mean. */
  error: number;
  /** Bounds of the 95 % interval. */
  low: number;
  high: number;
  /** Ranks count within the group. */
  rank: number;
  rankLow: number;
  rankHigh: number;
  /** Probability of being the best of its group. */
  first: number;
  /** Sum of the weights of its comparisons. */
  weight: number;
  group: number;
  /** "above": it never lost, so that the votes give no upper bound; "below": it never won. */
  open: "above" | "below" | null;
};

export type Misfit = { statistic: number; degrees: number; p: number };

export type Board = {
  ratings: Rating[];
  /** Davidson's v; 0 where nothing tied. */
  tie: number;
  /** More than one group: models of different groups were never compared, directly or through others. */
  groups: number[][];
  /** Of each group: whether its errors are robust ones or, with few votes or Firth's penalty, those of the model. */
  errors: Covariance["kind"];
  /** Pearson's test of one scale against the pairs' own outcomes; null where there are too few votes, or weights. */
  misfit: Misfit | null;
};

/** What fragility, power and downloads go on from. */
export type RatedVotes = Board & { fit: PairFit; covariance: Float64Array; inverse: Float64Array };

const LEVEL = 0.95;

export const eloOf = (logits: number): number => 1000 + ELO * logits;

/** Rates the models of `votes`. Any votes give finite numbers; without a comparison a model is alone in its group. */
export function rateVotes(votes: Votes, { seed, draws = 1000 }: { seed: number; draws?: number }): RatedVotes {
  const table = countPairs(votes);
  const fit = fitPairs(table);
  const { covariance, kind, inverse } = estimateCovariance(votes, fit);
  const ratings = describeStrengths(fit.x.subarray(0, votes.models), covariance, fit, table, { seed, draws });
  return {
    ratings,
    tie: Math.exp(logTieOf(fit)),
    groups: fit.graph.groups,
    errors: kind,
    misfit: votes.weight === null ? testFit(table, fit) : null,
    fit,
    covariance,
    inverse,
  };
}

/** Scores, intervals and ranks of strengths (logits) with their covariance; `fit` and `table` say who was compared with whom. */
export function describeStrengths(
  theta: Float64Array,
  covariance: Float64Array,
  { graph }: PairFit,
  table: PairTable,
  { seed, draws }: { seed: number; draws: number },
): Rating[] {
  const { groups, groupOf, unbeaten, winless } = graph;
  const n = theta.length;
  const ranks = rankWithin(theta, covariance, n, groups, LEVEL);
  const first = probabilityFirst(theta, covariance, n, groups, { seed, draws });
  const weights = sumWeights(table);
  const z = normalQuantile((1 + LEVEL) / 2);
  return Array.from(theta, (strength, i): Rating => {
    const error = ELO * Math.sqrt(Math.max(0, covariance[i * n + i] as number));
    return {
      score: eloOf(strength),
      error,
      low: eloOf(strength) - z * error,
      high: eloOf(strength) + z * error,
      rank: ranks.rank[i] as number,
      rankLow: ranks.low[i] as number,
      rankHigh: ranks.high[i] as number,
      first: first[i] as number,
      weight: weights[i] as number,
      group: groupOf[i] as number,
      open: unbeaten[i] ? "above" : winless[i] ? "below" : null,
    };
  });
}

/** Strengths in logits, their covariance, and Davidson's v. */
export type Strengths = { theta: Float64Array; covariance: Float64Array; tie: number };

/**
 * Probability that model i wins against `baseline`, ties half, with its 95 % interval (v taken as known), from the strengths: with style held
 * equal it is a length-controlled win rate. Source: Dubois, Galambosi, Liang & Hashimoto 2024, with Bradley-Terry's strengths.
 */
export function winRateAgainst(
  { theta, covariance, tie }: Strengths,
  i: number,
  baseline: number,
): { value: number; low: number; high: number } {
  const d = (theta[i] as number) - (theta[baseline] as number);
  const bound = normalQuantile((1 + LEVEL) / 2) * differenceError(covariance, theta.length, i, baseline);
  const rate = (difference: number) => 0.5 + expect(difference, tie).half;
  return { value: rate(d), low: rate(d - bound), high: rate(d + bound) };
}

function sumWeights({ models, first, second, counts }: PairTable): Float64Array {
  const out = new Float64Array(models);
  first.forEach((i, pair) => {
    const total = (counts[3 * pair] as number) + (counts[3 * pair + 1] as number) + (counts[3 * pair + 2] as number);
    const j = second[pair] as number;
    out[i] = (out[i] as number) + total;
    out[j] = (out[j] as number) + total;
  });
  return out;
}

/** Below this many expected votes in a cell chi-squared is no longer a good approximation. */
const EXPECTED_AT_LEAST = 5;

/** Pearson's chi-squared over the pairs with enough votes: small p means that no single scale explains who beats whom. */
function testFit({ models, first, second, counts }: PairTable, { x, graph }: PairFit): Misfit | null {
  const tied = x.length > models;
  const v = tied ? Math.exp(x[models] as number) : 0;
  let statistic = 0;
  let cells = 0;
  const met = new Set<number>();
  first.forEach((i, pair) => {
    const j = second[pair] as number;
    const seen = [counts[3 * pair] as number, counts[3 * pair + 1] as number, counts[3 * pair + 2] as number];
    const total = seen.reduce((sum, count) => sum + count, 0);
    const { half, tie } = expect((x[i] as number) - (x[j] as number), v);
    const expected = [total * ((1 - tie) / 2 + half), total * ((1 - tie) / 2 - half), total * tie];
    if (!tied) expected.pop();
    if (expected.some((count) => count < EXPECTED_AT_LEAST)) return;
    met.add(i).add(j);
    cells += expected.length - 1;
    statistic += expected.reduce((sum, count, k) => sum + ((seen[k] as number) - count) ** 2 / count, 0);
  });
  const groups = new Set([...met].map((i) => graph.groupOf[i])).size;
  const degrees = cells - (met.size - groups) - (tied ? 1 : 0);
  return degrees < 1 ? null : { statistic, degrees, p: chiSquaredTail(statistic, degrees) };
}
