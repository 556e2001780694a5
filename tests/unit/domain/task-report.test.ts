/** The task report on answers whose scores are known. */
import { describe, expect, it } from "vitest";
import { buildTaskReport, verdictOf } from "../../../domain/task-report";

const row = (task: string, before: string, after: string, fewShot: string | null = null) => ({
  task,
  reference: "a b c d",
  before,
  after,
  fewShot,
});

describe("buildTaskReport", () => {
  it("scores each task before and after, with the paired difference", () => {
    // ROUGE-L F1 of "a b" against "a b c d": P 1, R 1/2, F 2/3.
    const rows = [row("x", "a b", "a b c d"), row("x", "z", "a b c d"), row("y", "a b c d", "z"), row("y", "a b c d", "a b")];
    const { tasks } = buildTaskReport(rows, { trained: new Set(["x"]), shots: 0, seed: 1 });
    expect(tasks.map(({ task, trained }) => [task, trained])).toEqual([
      ["x", true],
      ["y", false],
    ]);
    const [x, y] = tasks;
    expect([x?.before.rougeL.value, x?.after.rougeL.value, x?.change.rougeL.value]).toEqual(
      [1 / 3, 1, 2 / 3].map((value) => expect.closeTo(value, 10)),
    );
    expect(x?.change.exactMatch).toMatchObject({ value: 1, low: 1, high: 1, n: 2 });
    expect(y?.change.rougeL.value).toBeCloseTo((0 + 2 / 3) / 2 - 1, 10);
    expect(verdictOf(y?.change.rougeL ?? { value: 0, low: 0, high: 0, n: 0 })).toBe("worse");
    expect(x?.fewShot).toBeNull();
  });
  it("sets the result beside few-shot prompting", () => {
    const [x] = buildTaskReport([row("", "z", "a b c d", "a b"), row("", "z", "a b", "a b c d")], {
      trained: new Set([""]),
      shots: 2,
      seed: 1,
    }).tasks;
    expect(x?.fewShot?.rougeL.value).toBeCloseTo(5 / 6, 10);
    expect(x?.overFewShot?.rougeL.value).toBeCloseTo(0, 10);
    expect(verdictOf(x?.overFewShot?.rougeL ?? { value: 0, low: 1, high: 1, n: 0 })).toBe("the same");
  });
});
