/**
 * Reward against distance from the reference: where the reward model's score still rises and the gold score falls, the
 * policy exploits the reward model. Distance is the square root of the KL, as in Gao et al. 2022, "Scaling laws for reward
 * model overoptimization".
 */
import type { SeriesPoint } from "./run-series";

/** One iteration: scores of the reward model on its rollouts; of an evaluated checkpoint also the gold score and its interval. */
export type DistancePoint = {
  step: number;
  kl: number;
  distance: number;
  reward: number | null;
  gold: { value: number; low: number; high: number; checkpointId: string } | null;
};
export type EvaluatedGold = { step: number; checkpointId: string; value: number; low: number; high: number };

/** Points by ascending step, from a PPO run's curves and the gold scores of its evaluated checkpoints. An estimate of KL below 0 counts as 0. */
export function rewardByDistance(
  metrics: ReadonlyMap<string, readonly SeriesPoint[]>,
  evaluated: readonly EvaluatedGold[],
): DistancePoint[] {
  const rewards = new Map(metrics.get("objective/scores")?.map(({ step, value }) => [step, value]));
  const golds = new Map(evaluated.map((gold) => [gold.step, gold]));
  return (metrics.get("objective/kl") ?? []).map(({ step, value: kl }) => {
    const gold = golds.get(step);
    return {
      step,
      kl,
      distance: Math.sqrt(Math.max(0, kl)),
      reward: rewards.get(step) ?? null,
      gold: gold === undefined ? null : { value: gold.value, low: gold.low, high: gold.high, checkpointId: gold.checkpointId },
    };
  });
}
