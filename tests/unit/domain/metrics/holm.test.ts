import { expect, it } from "vitest";
import { adjustHolm } from "../../../../domain/metrics/holm";

it("adjusts as R's p.adjust does", () => {
  // p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and p.adjust(c(0.04, 0.001, 0.6, 0.03), "holm")
  expect(adjustHolm([0.01, 0.02, 0.03, 0.04, 0.05]).map((p) => Number(p.toFixed(10)))).toEqual([0.05, 0.08, 0.09, 0.09, 0.09]);
  expect(adjustHolm([0.04, 0.001, 0.6, 0.03]).map((p) => Number(p.toFixed(10)))).toEqual([0.09, 0.004, 0.6, 0.09]);
  expect(adjustHolm([])).toEqual([]);
});
