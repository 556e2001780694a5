/**
 * Advantages of completions against the others of the same prompt, in place of a value function.
 *
 * GRPO  A = (r - mean) / (std + 1e-4) over the group, unbiased deviation; the KL is part of the loss.
 * RLOO  A = r - mean of the others, r with the KL of the whole completion taken off.
 *
 * Source: Shao et al. 2024; Ahmadian et al. 2024; trl 1.12 GRPOTrainer (scale_rewards "group") and RLOOTrainer.
 */
import { maskRollout, type RewardConfig, type Rollout } from "./gae";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Advantages of `rewards` whose groups of `groupSize` follow one another. Throws where they do not divide. */
export function groupAdvantages(method: "grpo" | "rloo", rewards: readonly number[], groupSize: number): number[] {
  if (groupSize < 2 || rewards.length % groupSize !== 0)
    throw new RangeError(`groupAdvantages: ${rewards.length} rewards make no groups of ${groupSize}`);
  return rewards.flatMap((_, start) => {
    if (start % groupSize !== 0) return [];
    const group = rewards.slice(start, start + groupSize);
    const mean = sum(group) / groupSize;
    if (method === "rloo") return group.map((reward) => reward - (mean * groupSize - reward) / (groupSize - 1));
    const deviation = Math.sqrt(sum(group.map((reward) => (reward - mean) ** 2)) / (groupSize - 1));
    return group.map((reward) => (reward - mean) / (deviation + 1e-4));
  });
}

/** As `computeAdvantages`, for groups: one advantage a completion, repeated along its (B, T) row. */
export function computeGroupAdvantages(
  method: "grpo" | "rloo",
  config: Pick<RewardConfig, "klCoef" | "klEstimator" | "missingEosPenalty">,
  rollout: Rollout,
  groupSize: number,
) {
  const masked = maskRollout(config, rollout);
  const rewards = masked.scores.map((score, i) => (method === "rloo" ? score - config.klCoef * sum(masked.kl[i] ?? []) : score));
  const advantages = groupAdvantages(method, rewards, groupSize);
  return { ...masked, advantages: masked.mask.map((row, i) => row.map((real) => real * (advantages[i] ?? 0))) };
}
