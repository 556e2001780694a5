/** Suite averages, overlap and names, by hand. */
import { describe, expect, it } from "vitest";
import { metricDefinition } from "../../../../domain/metric-definitions";
import type { Outcome } from "../../../../domain/tasks/metrics";
import { findSuite, findTask } from "../../../../domain/tasks/registry";
import { scoreBenchmark, type TaskResult } from "../../../../domain/tasks/score";
import { readScoreName } from "../../../../domain/tasks/score-names";

/** `right` of `n` two-way items answered rightly; the class alternates. */
function outcomesOf(n: number, right: number): Outcome[] {
  return Array.from({ length: n }, (_, i) => {
    const gold = i % 2;
    const chosen = i < right ? gold : 1 - gold;
    return {
      item: {
        place: "",
        group: `${i}`,
        context: "",
        ownText: "",
        continuations: [],
        choices: ["no", "yes"],
        gold,
        choiceTexts: ["no", "yes"],
        references: ["no"],
        truths: [],
        relevance: 0,
      },
      logprobs: chosen === 0 ? [-1, -2] : [-2, -1],
      text: "",
    };
  });
}
function result(name: string, outcomes: Outcome[], change: Partial<TaskResult> = {}): TaskResult {
  const task = findTask(name);
  if (!task) throw new Error(name);
  return {
    task,
    sample: false,
    shots: 0,
    limit: null,
    seed: 1,
    taskHash: "a".repeat(64),
    itemsHash: "b".repeat(64),
    overlap: null,
    outcomes,
    ...change,
  };
}
const tasksOf = (suite: string) => findSuite(suite)?.tasks ?? [];
const scoreOf = async (results: TaskResult[], metric: string) =>
  (await scoreBenchmark(results, 1)).find((score) => score.metric === metric)?.value;

describe("averages", () => {
  it("GLUE: the mean over tasks, each the mean of its metrics, MNLI's two sets once", async () => {
    // All right everywhere, but for MNLI's mismatched set: half.
    const results = tasksOf("glue").map((name) => result(name, outcomesOf(8, name === "mnli_mismatch" ? 4 : 8)));
    // STS-B's expected scores cannot be all right with two choices, but correlate perfectly.
    expect(await scoreOf(results, "bench/glue/average")).toBeCloseTo((8 + 0.75) / 9, 10);
    expect(await scoreOf(results.slice(1), "bench/glue/average")).toBeUndefined();
    const mixed = results.map((one, i) => (i === 0 ? { ...one, sample: true } : one));
    expect(await scoreOf(mixed, "bench/glue/average")).toBeUndefined();
    expect(await scoreOf(mixed, "sample/glue/average")).toBeUndefined();
  });
  it("MMLU: the mean over items, by category and in all", async () => {
    const results = tasksOf("mmlu").map((name) => result(name, name === "mmlu_virology" ? outcomesOf(40, 40) : outcomesOf(2, 0)));
    expect(await scoreOf(results, "bench/mmlu_stem/average")).toBe(0);
    expect(await scoreOf(results, "bench/mmlu_other/average")).toBeCloseTo(40 / (40 + 12 * 2), 10);
    expect(await scoreOf(results, "bench/mmlu/average")).toBeCloseTo(40 / (40 + 56 * 2), 10);
  });
  it("an average's interval holds its value and is narrower than a task's", async () => {
    const results = tasksOf("glue").map((name) => result(name, outcomesOf(20, 12)));
    const scores = await scoreBenchmark(results, 1);
    const width = (metric: string) => {
      const score = scores.find((one) => one.metric === metric);
      expect(score?.low).toBeLessThanOrEqual(score?.value ?? Number.NaN);
      expect(score?.high).toBeGreaterThanOrEqual(score?.value ?? Number.NaN);
      return (score?.high ?? 0) - (score?.low ?? 0);
    };
    expect(width("bench/glue/average")).toBeLessThan(width("bench/sst2/acc"));
  });
});

describe("overlap", () => {
  const withOverlap = (dirty: (boolean | null)[]) =>
    scoreBenchmark([result("sst2", outcomesOf(4, 2), { overlap: { report: { n: 13, dirty }, against: "sft v1" } })], 1);
  it("is a share of the items that are long enough, with the headline on the others", async () => {
    const scores = await withOverlap([true, false, null, false]);
    expect(scores.map(({ metric, value, n }) => [metric, value, n])).toEqual([
      ["bench/sst2/acc", 0.5, 4],
      ["bench/sst2/overlap", 1 / 3, 3],
      ["bench/sst2/acc/clean", 1 / 3, 3],
    ]);
    expect(scores[1]?.signature).toContain("items long enough:3 of 4");
  });
  it("has no second headline where nothing overlaps, and says nothing where nothing can be told", async () => {
    expect((await withOverlap([false, false, null, false])).map(({ metric }) => metric)).toEqual(["bench/sst2/acc", "bench/sst2/overlap"]);
    expect((await withOverlap([null, null, null, null])).map(({ metric }) => metric)).toEqual(["bench/sst2/acc"]);
  });
});

describe("names", () => {
  it("a sample's score is never called the benchmark's", async () => {
    const [score] = await scoreBenchmark([result("sst2", outcomesOf(4, 2), { sample: true })], 1);
    expect(score?.metric).toBe("sample/sst2/acc");
    expect(score?.signature).toContain("data:sample, not the benchmark");
    expect(metricDefinition("eval/sample/sst2/acc")).toMatchObject({
      label: "SST-2: accuracy (sample)",
      definition: expect.stringContaining("not the benchmark"),
    });
    expect(metricDefinition("bench/sst2/acc").label).toBe("SST-2: accuracy");
  });
  it("are read only where they are known", () => {
    expect(readScoreName("bench/nope/acc")).toBeNull();
    expect(readScoreName("bench/sst2/nope")).toBeNull();
    expect(readScoreName("rouge1")).toBeNull();
    expect(readScoreName("bench/mmlu/average")).toMatchObject({ what: "average", title: "MMLU" });
  });
  it("a task without a single item is an error", async () => {
    await expect(scoreBenchmark([result("sst2", [])], 1)).rejects.toThrow("sst2: no row of its data can be scored");
  });
});
