/** Whether a policy is recommended: only where what taught it knows more of people's votes than a coin. */

export type RewardAccuracy = { value: number; low: number; n: number };

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/**
 * `accuracy` on held-out comparisons, `low` the lower end of its 95 % interval; null when there were none. Where the votes
 * trained the policy itself, its implicit reward is the teacher.
 */
export function decidePromotion(
  teacher: "reward model" | "implicit reward",
  accuracy: RewardAccuracy | null,
): { promoted: boolean; reason: string } {
  if (!accuracy)
    return { promoted: false, reason: `Not promoted: the dataset version has no held-out comparisons to measure the ${teacher} on` };
  const measured = `the ${teacher} agrees with ${percent(accuracy.value)} of ${accuracy.n} held-out comparisons`;
  if (accuracy.low <= 0.5)
    return {
      promoted: false,
      reason: `Not promoted: ${measured}, which cannot be told from coin flips (interval from ${percent(accuracy.low)})`,
    };
  return { promoted: true, reason: `Promoted: ${measured} (interval from ${percent(accuracy.low)})` };
}
