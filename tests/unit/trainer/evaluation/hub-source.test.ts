/** Tasks' files through the hub's own client, against a server that speaks its words. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { findTask } from "../../../../domain/tasks/registry";
import { loadBenchmark } from "../../../../trainer/evaluation/benchmark";
import { loadTaskData } from "../../../../trainer/evaluation/benchmark-files";
import { FetchStopped, type HubOptions, hubSource } from "../../../../trainer/evaluation/hub-source";
import { type FakeHub, startFakeHub } from "../../../helpers/fake-hub";
import { goldenPath } from "../../../helpers/golden";

const task = (name: string) => {
  const found = findTask(name);
  if (!found) throw new Error(name);
  return found;
};
const golden = (name: string) => readFileSync(goldenPath("tasks", "hub", name));
const OLD = "a".repeat(40);
const NEW = "b".repeat(40);
const CONVERTED = "c".repeat(40);
const rows = (label: number) => Buffer.from(`${JSON.stringify({ sentence: "A sentence", label, idx: 0 })}\n`);

let hub: FakeHub;
let folder: string;
let pins: [string, string][];
beforeAll(async () => {
  hub = await startFakeHub();
});
afterAll(() => hub.close());
beforeEach(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
  folder = mkdtempSync(path.join(os.tmpdir(), "hone-hub-"));
  pins = [];
  Object.assign(hub, { asked: [], breakAfter: null, forge: null });
  hub.datasets.clear();
  hub.datasets.set("nyu-mll/glue", {
    branches: { main: NEW },
    commits: {
      [OLD]: { "cola/validation.jsonl": { content: rows(0) } },
      [NEW]: {
        "README.md": { content: Buffer.from("# GLUE") },
        "cola/validation-00000-of-00002.parquet": { content: golden("nyu-mll/glue/cola/validation-00000-of-00002.parquet"), large: true },
        "cola/validation-00001-of-00002.parquet": { content: golden("nyu-mll/glue/cola/validation-00001-of-00002.parquet"), large: true },
        "rte/validation.csv": { content: golden("nyu-mll/glue/rte/validation.csv") },
      },
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (more: Partial<HubOptions> = {}, token: string | null = "hf_of_the_test") =>
  hubSource({
    hub: { url: hub.url, token },
    folder,
    revisions: new Map(),
    onPin: async (dataset, revision) => void pins.push([dataset, revision]),
    stopped: () => false,
    ...more,
  });
const load = (name: string, own = source(), limit: number | null = null) =>
  loadTaskData(task(name), { source: own, required: true, shots: 0, limit });
const downloads = () => hub.asked.filter(({ path: asked, range }) => asked.includes("/resolve/") && range !== "bytes=0-0");

it("reads Parquet and CSV of the newest commit, which is told once, with the token", async () => {
  const own = source();
  expect((await load("cola", own)).rows.map(({ idx }) => idx)).toEqual([0, 1, 2, 3, 4]);
  expect((await load("rte", own)).rows[0]).toEqual({ sentence1: 'He said "no", twice.', sentence2: "He said no.", label: 0, idx: 0 });
  expect(pins).toEqual([["nyu-mll/glue", NEW]]);
  expect(hub.asked.every(({ authorization }) => authorization === "Bearer hf_of_the_test")).toBe(true);
});

it("reads the commit that it is given, and keeps files by their content for every run", async () => {
  const pinned = await load("cola", source({ revisions: new Map([["nyu-mll/glue", OLD]]) }, null));
  expect(pinned).toMatchObject({ revision: OLD, sample: false, rows: [{ label: 0 }] });
  expect(pins).toEqual([]);
  expect(hub.asked.some(({ authorization }) => authorization !== undefined)).toBe(false);
  hub.asked.length = 0;
  await load("cola", source({ revisions: new Map([["nyu-mll/glue", OLD]]) }));
  expect(downloads()).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(1);
});

it("opens only the files that the limit needs", async () => {
  await load("cola", source(), 2);
  expect(downloads().map(({ path: asked }) => asked.split("/").at(-1))).toEqual(["validation-00000-of-00002.parquet"]);
});

it("puts the commit into the task that is scored", async () => {
  const [loaded] = await loadBenchmark([task("cola")], { source: source(), required: true, shots: 0, limit: 2, seed: 1 });
  expect(loaded).toMatchObject({ sample: false, revision: NEW });
});

it("takes the hub's converted Parquet of a data set that has no files of its own", async () => {
  hub.datasets.set("aps/super_glue", {
    branches: { main: NEW, "refs/convert/parquet": CONVERTED },
    commits: {
      [NEW]: { "super_glue.py": { content: Buffer.from("import datasets") } },
      [CONVERTED]: { "multirc/validation/0000.parquet": { content: golden("super_glue/multirc/validation/0000.parquet"), large: true } },
    },
  });
  expect((await load("multirc")).rows[1]).toMatchObject({ question: "Why?", label: 1 });
  expect(pins).toEqual([["aps/super_glue", CONVERTED]]);
});

it("goes on where a download broke off", async () => {
  hub.breakAfter = 40;
  await expect(load("rte")).rejects.toThrow("rte: nyu-mll/glue, rte/validation.csv: the hub could not be reached");
  hub.breakAfter = null;
  hub.asked.length = 0;
  expect((await load("rte")).rows).toHaveLength(2);
  expect(downloads().map(({ range }) => range?.split("-")[0])).toEqual(["bytes=40"]);
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

it("refuses what is not what the hub lists, and asks for all of it the next time", async () => {
  hub.forge = Buffer.alloc(golden("nyu-mll/glue/rte/validation.csv").length, "x");
  await expect(load("rte")).rejects.toThrow("rte: nyu-mll/glue, rte/validation.csv: what came is not what the hub lists");
  hub.forge = null;
  expect((await load("rte")).rows).toHaveLength(2);
});

it("names task, data set, file, column and what to do", async () => {
  await expect(load("boolq")).rejects.toThrow(
    "boolq: aps/super_glue: the hub does not show it (404); the worker's HF_TOKEN may not have the right to it",
  );
  await expect(load("boolq", source({}, null))).rejects.toThrow("a private or gated one needs HF_TOKEN on the worker");
  await expect(load("sst2")).rejects.toThrow(`sst2: ${hub.url} has no files of nyu-mll/glue, sst2, split validation`);
  const missing = { revisions: new Map([["nyu-mll/glue", "d".repeat(40)]]) };
  await expect(load("cola", source(missing))).rejects.toThrow(`cola: nyu-mll/glue at ${"d".repeat(40)}: the hub does not show it`);
  const files = hub.datasets.get("nyu-mll/glue")?.commits[NEW];
  if (files) files["wnli/validation.jsonl"] = { content: Buffer.from('{"sentence1":"a","sentence2":"b","label":0}\n{"sentence1":') };
  await expect(load("wnli")).rejects.toThrow(/^nyu-mll\/glue\/wnli\/validation\.jsonl, line 2: /);
  if (files) files["wnli/validation.jsonl"] = { content: Buffer.from('{"sentence1":"a","label":0}\n') };
  await expect(loadBenchmark([task("wnli")], { source: source(), required: true, shots: 0, limit: null, seed: 1 })).rejects.toThrow(
    'wnli, validation row 1: column "sentence2" is missing (there are sentence1, label)',
  );
});

it("ends in the middle of a download when the run is asked to stop", async () => {
  await expect(load("rte", source({ stopped: () => true }))).rejects.toThrow(FetchStopped);
});
