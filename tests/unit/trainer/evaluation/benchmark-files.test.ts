/** The hub's files as its own library writes them, and what is said of bad ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildItems } from "../../../../domain/tasks/build";
import { expandTasks, findTask, SUITES, TASKS } from "../../../../domain/tasks/registry";
import { MMLU_CATEGORIES } from "../../../../domain/tasks/mmlu";
import type { Task } from "../../../../domain/tasks/task";
import { loadTaskData } from "../../../../trainer/evaluation/benchmark-files";
import { folderSource } from "../../../../trainer/evaluation/task-source";
import { loadBenchmark } from "../../../../trainer/evaluation/benchmark";
import { goldenPath } from "../../../helpers/golden";

const task = (name: string): Task => {
  const found = findTask(name);
  if (!found) throw new Error(name);
  return found;
};
const HUB = goldenPath("tasks", "hub");
const load = (name: string, { folder = HUB, ...options }: { folder?: string; required?: boolean; shots?: number; limit?: number } = {}) =>
  loadTaskData(task(name), { source: folderSource(folder), required: true, shots: 0, limit: null, ...options });

describe("published files", () => {
  it("reads Parquet in pieces, with labels as numbers", async () => {
    const { rows, sample } = await load("cola");
    expect(sample).toBe(false);
    expect(rows).toEqual(
      [0, 1, 2, 3, 4].map((i) => ({ sentence: `Sentence number ${i} is “quoted”, naïve and\nbroken.`, label: i % 2, idx: i })),
    );
    expect((await load("cola", { limit: 4 })).rows).toHaveLength(4);
  });
  it("reads the hub's converted Parquet of a dataset without its owner, structs as objects", async () => {
    const { rows } = await load("multirc");
    expect(rows[1]).toEqual({
      paragraph: "A text.",
      question: "Why?",
      answer: "Because.",
      idx: { paragraph: 3, question: 4, answer: 1 },
      label: 1,
    });
  });
  it("takes a subject's rows out of the file of all subjects", async () => {
    expect((await load("mmlu_anatomy")).rows.map(({ answer }) => answer)).toEqual([0, 2, 3]);
    expect((await load("mmlu_anatomy", { limit: 2 })).rows.map(({ answer }) => answer)).toEqual([0, 2]);
  });
  it("reads CSV, quotes and line breaks in cells", async () => {
    const { rows } = await load("rte");
    expect(rows).toEqual([
      { sentence1: 'He said "no", twice.', sentence2: "He said no.", label: 0, idx: 0 },
      { sentence1: "A\nB", sentence2: "[1] is a footnote", label: 1, idx: 1 },
    ]);
  });
  it("finds the one config of a dataset under any name", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "hone-bench-"));
    mkdirSync(path.join(folder, "google-research-datasets/nq_open/nq_open/validation"), { recursive: true });
    writeFileSync(path.join(folder, "google-research-datasets/nq_open/nq_open/validation/0000.jsonl"), '{"question":"q","answer":["a"]}\n');
    expect((await load("nq_open", { folder })).rows).toEqual([{ question: "q", answer: ["a"] }]);
    rmSync(folder, { recursive: true });
  });
  it("a folder without the task is an error where one was named, the sample otherwise", async () => {
    await expect(load("copa")).rejects.toThrow(/copa: .*hub has no files of aps\/super_glue, copa, split validation/);
    expect((await load("copa", { required: false })).sample).toBe(true);
  });
  it("asks for the split of the examples", async () => {
    await expect(load("cola", { shots: 2 })).rejects.toThrow(/cola: 2 examples are asked for, and .* has no split train of nyu-mll\/glue/);
  });
});

describe("bad data", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hone-bench-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const items = async (lines: string) => {
    mkdirSync(path.join(folder, "glue/cola"), { recursive: true });
    writeFileSync(path.join(folder, "glue/cola/validation.jsonl"), lines);
    const { rows } = await load("cola", { folder });
    return buildItems(task("cola"), rows, [], { shots: 0, limit: null, seed: 1 });
  };
  it("names file and line, row and column", async () => {
    await expect(items('{"sentence":"a","label":0}\n{"sentence":')).rejects.toThrow(/validation\.jsonl, line 2: /);
    await expect(items("[1]")).rejects.toThrow(/line 1: a row must be an object/);
    await expect(items('{"sentence":"a","label":0}\n{"text":"a","label":0}')).rejects.toThrow(
      'cola, validation row 2: column "sentence" is missing (there are text, label)',
    );
    await expect(items('{"sentence":"a","label":-1}')).rejects.toThrow(
      'cola, validation row 1: the answer "-1" is none of its 2 choices; a split without labels cannot be scored',
    );
  });
});

describe("the registry", () => {
  it("has every task of GLUE, SuperGLUE and MMLU once, and a sample of each task", async () => {
    const names = TASKS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.values(MMLU_CATEGORIES).flat()).toHaveLength(57);
    expect(SUITES.map(({ name, tasks }) => [name, tasks.length]).slice(0, 3)).toEqual([
      ["glue", 10],
      ["super_glue", 10],
      ["mmlu", 57],
    ]);
    const loaded = await loadBenchmark(TASKS, { source: null, required: false, shots: null, limit: null, seed: 1 });
    for (const {
      sample,
      items,
      task: { name },
    } of loaded) {
      expect(sample, name).toBe(true);
      expect(items.length, name).toBeGreaterThan(0);
    }
  });
  it("names what it does not know", () => {
    expect(() => expandTasks(["glue", "nope"])).toThrow('There is no benchmark task or suite "nope"');
  });
  it("gives every item of a split its own examples, drawn by the seed, never itself", () => {
    const raft = task("raft_overruling");
    const rows = Array.from({ length: 6 }, (_, i) => ({ Sentence: `sentence ${i}`, Label: 1 + (i % 2) }));
    const build = (seed: number) => buildItems(raft, rows, rows, { shots: 3, limit: null, seed }).map(({ context }) => context);
    const first = build(1);
    for (const [i, context] of first.entries()) {
      expect(context.split("Label:").length - 1, "three examples and the item").toBe(4);
      expect(context.split(`sentence ${i}`).length - 1).toBe(1);
    }
    expect(build(1)).toEqual(first);
    expect(build(2)).not.toEqual(first);
  });
});
