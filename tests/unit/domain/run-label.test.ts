import { expect, it } from "vitest";
import { algorithmOf, nameAgain } from "../../../domain/run-label";

it("calls a run by its algorithm where its kind has several", () => {
  expect(algorithmOf({ kind: "ppo", method: "grpo" })).toBe("GRPO");
  expect(algorithmOf({ kind: "preference", loss: "dpo" })).toBe("DPO");
  expect(algorithmOf({ kind: "sft", method: "lora" })).toBe("SFT");
  expect(algorithmOf({ kind: "reward" })).toBeNull();
});

it("counts repetitions instead of stacking them, within the length of a name", () => {
  expect(nameAgain("SFT on a")).toBe("SFT on a, again");
  expect(nameAgain("SFT on a, again")).toBe("SFT on a, again 2");
  expect(nameAgain("SFT on a, again 2")).toBe("SFT on a, again 3");
  expect(nameAgain("x".repeat(120)).length).toBeLessThanOrEqual(120);
});
