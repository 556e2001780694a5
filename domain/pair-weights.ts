/** Drawing a pair of completions by what a reward model says of them. */
import { sigmoid } from "./reward-agreement";

/** Share of the draws that is even, so that no pair is ever ruled out and votes can be weighted by propensity. */
export const EVEN = 0.1;

export const REWARD_SELECTIONS = ["uncertain", "disagreement"] as const;
export type RewardSelection = (typeof REWARD_SELECTIONS)[number];

/** Probability that the first is preferred, by the difference of scores; null without both. */
export function preferenceOf(scores: ReadonlyMap<string, number>, first: string, second: string): number | null {
  const [x, y] = [scores.get(first), scores.get(second)];
  return x === undefined || y === undefined ? null : sigmoid(x - y);
}

/**
 * - uncertain: (4 p (1 - p))^2 of the reward model's preference p: 1 at a half, a seventh at 0.9 (uncertainty sampling,
 *   Lewis & Gale 1994)
 * - disagreement: (p - q)^2, q by another reward model (query by committee, Seung et al. 1992) or by ratings
 * Null where a preference is missing.
 */
export function rewardWeight(selection: RewardSelection, p: number | null, q: number | null): number | null {
  if (selection === "uncertain") return p === null ? null : (4 * p * (1 - p)) ** 2;
  return p === null || q === null ? null : (p - q) ** 2;
}

/** A place drawn by `u` of [0, 1) in proportion to weights but for the even share, with its probability; `even` 1 draws evenly. Null without weights. */
export function drawWeighted(weights: readonly number[], u: number, even = EVEN): { place: number; probability: number } | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const evenly = total === 0 ? 1 : even;
  const shares = weights.map((weight) => evenly / weights.length + (evenly === 1 ? 0 : (1 - evenly) * (weight / total)));
  let left = u;
  for (const [place, probability] of shares.entries()) {
    left -= probability;
    if (left < 0 || place === shares.length - 1) return { place, probability };
  }
  return null;
}
