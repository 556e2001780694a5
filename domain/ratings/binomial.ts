/** Draws from the binomial distribution, and whole samples of counts from them. */
import type { Random } from "../random";
import { logGamma } from "./distributions";

/** log k! of small k; larger ones by Stirling's series, whose next term is below 1e-15 there. */
const LOG_FACTORIAL = Float64Array.from({ length: 1024 }, (_, k) => logGamma(k + 1));
const logFactorial = (k: number): number =>
  k < 1024 ? (LOG_FACTORIAL[k] as number) : (k + 0.5) * Math.log(k) - k + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * k) - 1 / (360 * k ** 3);

/** Successes of `n` trials of probability `p`: inversion where n p < 10, else the transformed rejection BTRS. Source: Hörmann 1993. */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (p <= 0 || n === 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  const q = 1 - p;
  if (n * p < 10) {
    const odds = p / q;
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
  const spread = Math.sqrt(n * p * q);
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
    const logRatio = logFactorial(mode) + logFactorial(n - mode) - logFactorial(k) - logFactorial(n - k) + (k - mode) * Math.log(p / q);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= logRatio) return k;
  }
}

/** `total` draws with replacement from cells with these counts: how often each came (a multinomial sample). */
export function resampleCounts(random: Random, counts: Float64Array, total: number, out: Float64Array): void {
  let left = total;
  let mass = 0;
  for (const count of counts) mass += count;
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell] as number;
    const drawn = left === 0 || count === 0 ? 0 : count >= mass ? left : drawBinomial(random, left, count / mass);
    out[cell] = drawn;
    left -= drawn;
    mass -= count;
  }
}
