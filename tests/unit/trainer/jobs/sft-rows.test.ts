/** Rows that are too long, and the choice of tasks. */
import { describe, expect, it } from "vitest";
import { rowsOfTasks, truncateExample } from "../../../../trainer/jobs/sft-rows";

const example = { promptIds: [1, 2, 3, 4], completionIds: [5, 6, 7] };

describe("truncateExample", () => {
  it("leaves what fits", () => {
    for (const truncation of ["drop", "left", "right"] as const) expect(truncateExample(example, 7, truncation)).toBe(example);
  });
  it("leaves out, cuts the beginning of the prompt, or the end of the completion", () => {
    expect(truncateExample(example, 5, "drop")).toBeNull();
    expect(truncateExample(example, 5, "left")).toEqual({ promptIds: [3, 4], completionIds: [5, 6, 7] });
    expect(truncateExample(example, 5, "right")).toEqual({ promptIds: [1, 2, 3, 4], completionIds: [5] });
  });
  it("keeps the last tokens on the left even where the prompt is used up, and something before the first target", () => {
    expect(truncateExample(example, 3, "left")).toEqual({ promptIds: [4], completionIds: [6, 7] });
  });
  it("leaves out a row whose completion would be gone", () => {
    expect(truncateExample(example, 4, "right")).toBeNull();
  });
});

describe("rowsOfTasks", () => {
  const rows = ["a", "b", "a", undefined].map((task) => ({ messages: [{ role: "user" as const, content: "x" }], completion: "y", task }));
  it("takes all without a choice, and the chosen ones otherwise", () => {
    expect(rowsOfTasks(rows, [])).toHaveLength(4);
    expect(rowsOfTasks(rows, ["a"])).toHaveLength(2);
  });
  it("names a task that no row has", () => {
    expect(() => rowsOfTasks(rows, ["a", "c"])).toThrow('no training row is of the task "c" (there are a, b)');
  });
});
