import { expect, it } from "vitest";
import { summariseAccuracy } from "../../../../trainer/evaluation/reward-accuracy";

it("is the share of right pairs, resampled by item; nothing without a strictly ordered pair", () => {
  const score = summariseAccuracy(
    [
      [3, 3],
      [0, 1],
      [1, 2],
    ],
    1,
    "accuracy/margin_2",
  );
  expect(score).toMatchObject({ metric: "accuracy/margin_2", value: 4 / 6, n: 6 });
  expect(score?.low).toBeLessThan(4 / 6);
  expect(score?.high).toBeGreaterThan(4 / 6);
  expect(summariseAccuracy([[0, 0]], 1)).toBeNull();
});
