import { describe, expect, it } from "vitest";
import { chiSquaredTail, normalQuantile } from "../../../../domain/ratings/distributions";
import { goldenRatings as golden } from "./golden";

describe("distributions", () => {
  it.each(golden.normalQuantile)("normal quantile of %d is scipy's", (p, value) => {
    expect(Math.abs(normalQuantile(p) - value)).toBeLessThan(1e-8);
  });
  it.each(golden.chiSquaredTail)("chi-squared tail of %d with %d degrees is scipy's", (x, df, p) => {
    expect(Math.abs(chiSquaredTail(x, df) / p - 1)).toBeLessThan(1e-9);
  });
});
