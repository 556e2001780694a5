/**
 * How many more votes settle a difference: direct comparisons of a pair until a true difference of `difference` would be
 * found significant with probability `power`. m votes of information h each turn the variance s^2 of the pair's difference
 * into 1 / (1 / s^2 + m h); what is needed is (difference / (z_(1 - alpha / 2) + z_power))^2.
 * Source: the normal approximation of sample sizes (Cohen 1988), with what other comparisons already say of the pair.
 */
import { ELO } from "./bradley-terry";
import { expect } from "./davidson";
import { normalQuantile } from "./distributions";
import { differenceError } from "./ranks";
import type { RatedVotes } from "./rate";

export type PowerOptions = {
  /** Elo points. */
  difference: number;
  alpha?: number;
  power?: number;
};

/** More votes for each pair, n x n: 0 where settled already. Models of different groups start from nothing. Throws RangeError for a difference that is not above 0. */
export function votesNeeded(
  { fit, covariance, tie }: Pick<RatedVotes, "fit" | "covariance" | "tie">,
  { difference, alpha = 0.05, power = 0.8 }: PowerOptions,
): Float64Array {
  if (!(difference > 0)) throw new RangeError(`difference: expected Elo points above 0, got ${difference}`);
  const n = fit.table.models;
  const needed = new Float64Array(n * n);
  const target = (difference / ELO / (normalQuantile(1 - alpha / 2) + normalQuantile(power))) ** 2;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const known = fit.graph.groupOf[i] === fit.graph.groupOf[j];
      const variance = known ? differenceError(covariance, n, i, j) ** 2 : Number.POSITIVE_INFINITY;
      const { half, tie: tied } = expect(known ? (fit.x[i] as number) - (fit.x[j] as number) : difference / ELO, tie);
      const information = (1 - tied) / 4 - half * half;
      needed[i * n + j] = needed[j * n + i] = Math.max(0, Math.ceil((1 / target - 1 / variance) / information));
    }
  return needed;
}
