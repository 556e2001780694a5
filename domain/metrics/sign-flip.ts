/**
 * Fisher's randomisation test of paired differences (The Design of Experiments, 1935): how often a sum as far from 0 comes
 * of the same differences with signs by coin, ties counted. Exact over all signs up to EXACT differences, beyond that over
 * seeded draws, with the observed signs as one of them (Phipson & Smyth 2010), so that p is never 0.
 */
import type { Random } from "../random";

const EXACT = 13;
const TRIALS = 10_000;
// Rounding in sums must not take a tie for less.
const EPSILON = 1e-9;

/** Two-sided p; 1 where there are no differences. */
export function signFlipTest(differences: readonly number[], random: Pick<Random, "int">): number {
  const values = differences.filter((difference) => difference !== 0);
  const n = values.length;
  const observed = Math.abs(values.reduce((sum, x) => sum + x, 0)) - EPSILON;
  const isAsFar = (flipped: (i: number) => boolean) => Math.abs(values.reduce((sum, x, i) => sum + (flipped(i) ? -x : x), 0)) >= observed;
  let asFar = 0;
  if (n <= EXACT) {
    for (let signs = 0; signs < 2 ** n; signs++) if (isAsFar((i) => (signs & (1 << i)) !== 0)) asFar += 1;
    return asFar / 2 ** n;
  }
  for (let trial = 0; trial < TRIALS; trial++) if (isAsFar(() => random.int(2) === 1)) asFar += 1;
  return (asFar + 1) / (TRIALS + 1);
}
