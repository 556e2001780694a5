/** What is said of two curves. */
import { expect, it } from "vitest";
import { summariseFit } from "../../../domain/fit";

const points = (values: number[], every = 1) => values.map((value, i) => ({ step: i * every, value }));

it("says overfitting where validation rose while training fell", () => {
  const train = Array.from({ length: 60 }, (_, i) => ({ step: i + 1, value: 2 - i / 40 }));
  expect(summariseFit(train, points([2, 1.5, 1.2, 1.4, 1.6], 10))).toMatchObject({
    verdict: "overfitting",
    bestStep: 20,
    bestValidation: 1.2,
    lastValidation: 1.6,
  });
});
it("does not where validation still falls, or moves within a hundredth", () => {
  const train = points([2, 1.5, 1, 0.8, 0.6, 0.5]);
  expect(summariseFit(train, points([2, 1.5, 1.2], 2))?.verdict).toBe("still improving");
  expect(summariseFit(train, points([2, 1.2, 1.205], 2))?.verdict).toBe("level");
});
it("does not where both rose: that is a diverging run", () => {
  expect(summariseFit(points([2, 1, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11]), points([2, 1, 3], 5))?.verdict).toBe("level");
});
it("needs two validations", () => expect(summariseFit(points([1]), points([1]))).toBeNull());
