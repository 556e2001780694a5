/** How the space of a search is written, and what is wrong with it. */
import { describe, expect, it } from "vitest";
import { sweepConfigSchema } from "../../../domain/run";
import { EMPTY_SEARCH, readSearch, readSpaceRow, searchToForm } from "../../../domain/sweep-form";

const read = (path: string, text: string) => readSpaceRow("sft", { path, text });

describe("readSpaceRow", () => {
  it("reads lists and ranges", () => {
    expect(read("learningRate", "1e-4, 3e-4,1e-3")).toEqual({ path: "learningRate", values: [1e-4, 3e-4, 1e-3] });
    expect(read("learningRate", "1e-4 to 1e-2")).toEqual({ path: "learningRate", min: 1e-4, max: 1e-2, scale: "log" });
    expect(read("weightDecay", "0 to 0.1")).toEqual({ path: "weightDecay", min: 0, max: 0.1, scale: "linear" });
    expect(read("method", "lora, full")).toEqual({ path: "method", values: ["lora", "full"] });
    expect(read("packing", "true, no")).toEqual({ path: "packing", values: [true, false] });
  });
  it("says what is wrong", () => {
    expect(read("learningRate", "")).toEqual({ error: "Enter values, or a range" });
    expect(read("learningRate", "1e-4, fast")).toEqual({ error: "fast is no number" });
    expect(read("learningRate", "2 to 1")).toEqual({ error: "A range needs a smaller and a larger number" });
    expect(read("method", "lora, half")).toEqual({ error: "half is none of lora, qlora, full, head" });
    expect(read("packing", "maybe")).toEqual({ error: "maybe is neither true nor false" });
    expect(read("lora.targetModules", "q_proj")).toEqual({ error: "Choose a setting" });
  });
});

it("reads a search by field and shows a stored one as it was written", () => {
  expect(readSearch("sft", { ...EMPTY_SEARCH, trials: "1", eta: "x", rows: [{ path: "learningRate", text: "no" }] })).toEqual({
    ok: false,
    errors: { trials: "Enter a whole number, 2 or more", eta: "Enter a whole number, 2 or more", "rows.0": "no is no number" },
  });
  const result = readSearch("sft", EMPTY_SEARCH);
  const sweep = sweepConfigSchema.parse({ kind: "sweep", trial: { kind: "sft" }, ...(result.ok ? result.search : {}) });
  expect(readSearch("sft", searchToForm(sweep))).toEqual(result);
});
