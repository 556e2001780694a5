/**
 * Multinomial draws: a bootstrap over many rows of few kinds is one draw of how often each kind comes, which costs the
 * number of kinds and not of rows. Binomials by inversion, or by BTRS (Hörmann 1993, "The generation of binomial random
 * variates", algorithm BTRS) where n p is 10 or more; both are exact.
 */
import type { Random } from "../random";

/** Number of successes in `n` trials of probability `p`. */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  return n * p < 10 ? invertBinomial(random, n, p) : rejectBinomial(random, n, p);
}

function invertBinomial(random: Random, n: number, p: number): number {
  const odds = p / (1 - p);
  let mass = (1 - p) ** n;
  let u = random.next();
  let k = 0;
  while (u > mass && k < n) {
    u -= mass;
    mass *= (odds * (n - k)) / (k + 1);
    k += 1;
  }
  return k;
}

function rejectBinomial(random: Random, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = n * p + 0.5;
  const vr = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const odds = p / (1 - p);
  const mode = Math.floor((n + 1) * p);
  while (true) {
    const u = random.next() - 0.5;
    const v = random.next();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > n) continue;
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      stirlingTail(mode) +
      stirlingTail(n - mode) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) -
      stirlingTail(k) -
      stirlingTail(n - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
  }
}

const TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.020790672103765, 0.0166446911898211, 0.0138761288230707, 0.0118967099458917,
  0.010411265261972, 0.00925546218271273, 0.00833056343336287,
];

/** ln k! less its Stirling approximation. */
function stirlingTail(k: number): number {
  const known = TAILS[k];
  if (known !== undefined) return known;
  const x = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / x) / x) / (k + 1);
}

/** Draws `sum(counts)` rows with replacement out of rows of which `counts[i]` are of kind i; `out[i]` of them are. */
export function resampleCounts(random: Random, counts: ArrayLike<number>, out: Float64Array): void {
  let left = 0;
  for (let i = 0; i < counts.length; i++) left += counts[i] ?? 0;
  let trials = left;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    const drawn = left <= count ? trials : drawBinomial(random, trials, count / left);
    out[i] = drawn;
    trials -= drawn;
    left -= count;
  }
}
