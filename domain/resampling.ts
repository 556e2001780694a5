/**
 * Bootstrap samples of many rows of few kinds: how often each kind comes, which costs the number of kinds and not of
 * rows. Exact: binomials of what is left (Hörmann 1993, "The generation of binomial random variates", algorithm BTRS,
 * and inversion where n p < 10), and row by row for the kinds that are rare.
 */
import type { Random } from "./random";
import { logGamma } from "./ratings/distributions";

/** log k! of small k; larger ones by Stirling's series, whose next term is below 1e-15 there. */
const LOG_FACTORIAL = Float64Array.from({ length: 1024 }, (_, k) => logGamma(k + 1));
const logFactorial = (k: number): number =>
  k < 1024 ? (LOG_FACTORIAL[k] as number) : (k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * k) - 1 / (360 * k ** 3);

/** Successes of `n` trials of probability `p`. */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (p <= 0 || n === 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  return n * p < 10 ? invertBinomial(random, n, p) : rejectBinomial(random, n, p);
}

function invertBinomial(random: Random, n: number, p: number): number {
  const odds = p / (1 - p);
  let mass = Math.exp(n * Math.log1p(-p));
  let left = random.next();
  let k = 0;
  while (left > mass && k < n) {
    left -= mass;
    k++;
    mass *= (odds * (n - k + 1)) / k;
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
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = random.next() - 0.5;
    const v = random.next();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > n) continue;
    const logRatio =
      logFactorial(mode) + logFactorial(n - mode) - logFactorial(k) - logFactorial(n - k) + (k - mode) * Math.log(p / (1 - p));
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= logRatio) return k;
  }
}

/** Drawing a row of a kind this rare costs less than drawing how often the kind comes. */
const RARE = 12;

/**
 * Draws `total` rows (as many as there are, if not said) with replacement out of rows of which `counts[i]`, whole
 * numbers, are of kind i; `out[i]` of them are.
 */
export type Resampler = (random: Random, out: Float64Array, total?: number) => void;

export function createResampler(counts: ArrayLike<number>): Resampler {
  const often: number[] = [];
  const rare: number[] = [];
  let rows = 0;
  for (let kind = 0; kind < counts.length; kind++) {
    const count = counts[kind] ?? 0;
    rows += count;
    if (count >= RARE) often.push(kind);
    else for (let row = 0; row < count; row++) rare.push(kind);
  }
  return (random, out, total = rows) => {
    let [left, mass] = [total, rows];
    out.fill(0);
    for (const kind of often) {
      const count = counts[kind] ?? 0;
      const drawn = count >= mass ? left : drawBinomial(random, left, count / mass);
      out[kind] = drawn;
      left -= drawn;
      mass -= count;
    }
    for (; left > 0; left--) {
      const kind = rare[random.int(rare.length)] ?? 0;
      out[kind] = (out[kind] ?? 0) + 1;
    }
  };
}
