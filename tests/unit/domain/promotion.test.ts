import { expect, it } from "vitest";
import { decidePromotion } from "../../../domain/promotion";

it("promotes only where the interval of the reward model's accuracy lies above one half", () => {
  expect(decidePromotion("reward model", { value: 0.7, low: 0.64, n: 300 })).toEqual({
    promoted: true,
    reason: "Promoted: the reward model agrees with 70.0 % of 300 held-out comparisons (interval from 64.0 %)",
  });
  expect(decidePromotion("reward model", { value: 0.55, low: 0.5, n: 300 }).promoted).toBe(false);
  expect(decidePromotion("implicit reward", null)).toMatchObject({
    promoted: false,
    reason: expect.stringContaining("no held-out comparisons"),
  });
});
