import { describe, expect, it } from "vitest";
import { drawBinomial, resampleCounts } from "../../../../domain/ratings/binomial";
import { chiSquaredTail, normalQuantile } from "../../../../domain/ratings/distributions";
import { createRandom } from "../../../../domain/random";
import { goldenRatings as golden } from "./golden";

describe("distributions", () => {
  it.each(golden.normalQuantile)("normal quantile of %d is scipy's", (p, value) => {
    expect(Math.abs(normalQuantile(p) - value)).toBeLessThan(1e-8);
  });
  it.each(golden.chiSquaredTail)("chi-squared tail of %d with %d degrees is scipy's", (x, df, p) => {
    expect(Math.abs(chiSquaredTail(x, df) / p - 1)).toBeLessThan(1e-9);
  });
  it.each(golden.binomial)("binomial draws of n = %d, p = %d lie at or below %d as often as scipy says", (n, p, k, cdf) => {
    const random = createRandom(5, "binomial");
    const draws = Array.from({ length: 20_000 }, () => drawBinomial(random, n, p));
    // Four standard errors.
    expect(Math.abs(draws.filter((draw) => draw <= k).length / 20_000 - cdf)).toBeLessThan(4 * Math.sqrt((cdf * (1 - cdf)) / 20_000));
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / 20_000;
    expect(Math.abs(mean - n * p)).toBeLessThan(4 * Math.sqrt((n * p * (1 - p)) / 20_000));
  });
  it("a resample has as many votes as asked for, and none where there were none", () => {
    const out = new Float64Array(4);
    resampleCounts(createRandom(1), Float64Array.from([5, 0, 1000, 3]), 1008, out);
    expect(out.reduce((sum, count) => sum + count, 0)).toBe(1008);
    expect(out[1]).toBe(0);
  });
});
