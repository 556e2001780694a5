/**
 * Drawing a fixed number of things with unequal chances, by the pivotal method (Deville & Tille 1998): each thing's
 * probability is exact, so that what was drawn can be weighted by it.
 */
import type { Random } from "./random";

const ALL_BUT_CERTAIN = 1 - 1e-9;

/**
 * Probability of each thing where `n` are drawn in proportion to `weights` (not negative): none is above 1, and what that
 * takes from the heaviest goes to the others. All are drawn where there are no more than `n`; all weights 0 count alike.
 */
export function inclusionProbabilities(weights: readonly number[], n: number): number[] {
  if (weights.length <= n) return weights.map(() => 1);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return weights.map(() => n / weights.length);
  const certain = new Set<number>();
  for (;;) {
    const left = weights.reduce((total, weight, i) => total + (certain.has(i) ? 0 : weight), 0);
    const scale = left === 0 ? 0 : (n - certain.size) / left;
    const above = weights.flatMap((weight, i) => (!certain.has(i) && weight * scale >= 1 ? [i] : []));
    if (above.length === 0) return weights.map((weight, i) => (certain.has(i) ? 1 : weight * scale));
    for (const i of above) certain.add(i);
  }
}

/** Places that are drawn, in order. Of two things at a time one takes the other's chance, until each is drawn or not. */
export function drawByPivot(probabilities: readonly number[], random: Pick<Random, "next">): number[] {
  const drawn: number[] = [];
  let open: { place: number; chance: number } | null = null;
  for (const [place, chance] of probabilities.entries()) {
    if (chance >= ALL_BUT_CERTAIN) {
      drawn.push(place);
      continue;
    }
    if (open === null) {
      open = { place, chance };
      continue;
    }
    const before: number = open.place;
    const both: number = open.chance + chance;
    if (both < 1) open = { place: random.next() * both < chance ? place : before, chance: both };
    else {
      const first: boolean = random.next() * (2 - both) < 1 - chance;
      drawn.push(first ? before : place);
      open = { place: first ? place : before, chance: both - 1 };
    }
    if (open.chance >= ALL_BUT_CERTAIN) {
      drawn.push(open.place);
      open = null;
    }
  }
  // What is left of whole probabilities is none or all of one, but for rounding.
  if (open !== null && open.chance > 0.5) drawn.push(open.place);
  return drawn.sort((a, b) => a - b);
}
