import { describe, expect, it } from "vitest";
import { createRandom } from "../../../domain/random";
import { createResampler, drawBinomial } from "../../../domain/resampling";
import { goldenRatings as golden } from "./ratings/golden";

const DRAWS = 20_000;
const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Mean and variance of the draws, beside those of the binomial. */
function expectBinomial(draws: readonly number[], n: number, p: number) {
  const mean = meanOf(draws);
  expect(Math.abs(mean - n * p)).toBeLessThan(4 * Math.sqrt((n * p * (1 - p)) / draws.length));
  const variance = meanOf(draws.map((x) => (x - mean) ** 2));
  expect(variance / (n * p * (1 - p))).toBeGreaterThan(0.95);
  expect(variance / (n * p * (1 - p))).toBeLessThan(1.05);
}

describe("binomial draws", () => {
  it.each(golden.binomial)("of n = %d, p = %d lie at or below %d as often as scipy says", (n, p, k, cdf) => {
    const random = createRandom(5, "binomial");
    const draws = Array.from({ length: DRAWS }, () => drawBinomial(random, n, p));
    // Four standard errors.
    expect(Math.abs(draws.filter((draw) => draw <= k).length / DRAWS - cdf)).toBeLessThan(4 * Math.sqrt((cdf * (1 - cdf)) / DRAWS));
    expect(Math.abs(meanOf(draws) - n * p)).toBeLessThan(4 * Math.sqrt((n * p * (1 - p)) / DRAWS));
  });
  it.each([
    [20, 0.1],
    [1000, 0.03],
    [5000, 0.4],
    [300, 0.9],
  ])("of n = %i, p = %f have their mean and variance, and lie within 0 and n", (n, p) => {
    const random = createRandom(3, "test");
    const draws = Array.from({ length: DRAWS }, () => drawBinomial(random, n, p));
    expectBinomial(draws, n, p);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThanOrEqual(n);
  });
});

describe("resamples", () => {
  it.each([[[10, 0, 500, 3]], [[1, 1, 2, 0, 5]], [[40, 60]]])("of %j have as many rows, and none of a kind that has none", (counts) => {
    const out = new Float64Array(counts.length);
    const resample = createResampler(counts);
    const random = createRandom(1);
    for (let i = 0; i < 50; i++) {
      resample(random, out);
      expect(out.reduce((sum, x) => sum + x, 0)).toBe(counts.reduce((sum, x) => sum + x, 0));
      counts.forEach((count, kind) => {
        if (count === 0) expect(out[kind]).toBe(0);
      });
    }
    resample(random, out, 7);
    expect(out.reduce((sum, x) => sum + x, 0)).toBe(7);
  });
  it("of frequent and of rare kinds are multinomial: each a binomial, each two with their covariance", () => {
    const counts = [3, 200, 11, 90, 1];
    const n = 305;
    const resample = createResampler(counts);
    const random = createRandom(2);
    const draws = Array.from({ length: DRAWS }, () => {
      const out = new Float64Array(counts.length);
      resample(random, out);
      return out;
    });
    const of = (kind: number) => draws.map((out) => out[kind] ?? 0);
    counts.forEach((count, kind) => {
      expectBinomial(of(kind), n, count / n);
    });
    // Frequent and rare, both rare, both frequent.
    for (const [i, j] of [
      [1, 2],
      [0, 2],
      [1, 3],
    ] as const) {
      const [p, q] = [(counts[i] ?? 0) / n, (counts[j] ?? 0) / n];
      const [x, y] = [of(i), of(j)];
      const [mx, my] = [meanOf(x), meanOf(y)];
      const covariance = meanOf(x.map((value, s) => (value - mx) * ((y[s] ?? 0) - my)));
      const error = Math.sqrt((n * p * (1 - p) * n * q * (1 - q)) / DRAWS);
      expect(Math.abs(covariance + n * p * q)).toBeLessThan(4 * error);
    }
  });
});
