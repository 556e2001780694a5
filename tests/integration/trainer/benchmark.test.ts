/** A benchmark run on a real database: published files and samples, overlap with what the checkpoint learnt from, the leaderboard. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { insertCheckpoint } from "../../../db/queries/checkpoints";
import { readRunEvents } from "../../../db/queries/run-events";
import { insertRun, selectRun } from "../../../db/queries/runs";
import { selectScores } from "../../../db/queries/scores";
import { datasetRows, datasetVersions, projects, prompts } from "../../../db/schema";
import { runConfigSchema } from "../../../domain/run";
import { getLeaderboard } from "../../../server/services/leaderboard";
import { createRun } from "../../../server/services/run";
import { loadEngine } from "../../../trainer/engine/engine";
import { hashWeights } from "../../../trainer/checkpoint/snapshot";
import { createWorker, type Worker } from "../../../trainer/worker/worker";
import { createTestDb, type TestDb } from "../../helpers/database";
import { type FakeHub, startFakeHub } from "../../helpers/fake-hub";
import { createTinyProject, type TinyProject } from "../../helpers/tiny-project";

let database: TestDb;
let project: TinyProject;
let worker: Worker;
let learner: string;
let hub: FakeHub;
const asResearcher = () => ({
  db: database.db,
  user: { id: project.researcherId, role: "researcher" as const, name: "Researcher", simulated: false },
});

const LEARNT = "The keeper of the old lighthouse wrote down every ship that passed the cape in the winter of that year";
const ROWS = [
  { sentence: LEARNT, label: 1 },
  { sentence: "Nobody in the village could remember a spring in which the river had risen so far above its banks", label: 1 },
  { sentence: "Ship every down wrote keeper old the lighthouse of the passed that cape the winter year in that of", label: 0 },
];

beforeAll(async () => {
  database = await createTestDb();
  const { db } = database;
  const engine = await loadEngine();
  project = await createTinyProject(db);
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("HONE_DATA", project.dataFolder);
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  const benchmarksFolder = path.join(project.dataFolder, "benchmarks");
  mkdirSync(path.join(benchmarksFolder, "nyu-mll/glue/cola"), { recursive: true });
  writeFileSync(path.join(benchmarksFolder, "nyu-mll/glue/cola/validation.jsonl"), ROWS.map((row) => JSON.stringify(row)).join("\n"));
  hub = await startFakeHub();
  worker = await createWorker({
    db,
    engine,
    storeFolder: project.storeFolder,
    modelsFolder: "models",
    benchmarksFolder,
    hub: { url: hub.url, token: null },
    name: "bench-1",
  });

  // A model that was fine-tuned on a dataset version that holds one of the benchmark's sentences.
  const [prompt] = await db.select().from(prompts).where(eq(prompts.projectId, project.projectId)).limit(1);
  const [version] = await db
    .insert(datasetVersions)
    .values({ projectId: project.projectId, kind: "sft", version: 1, hash: "ab".repeat(32), counts: { train: 1, validation: 1, test: 0 } })
    .returning();
  if (!prompt || !version) throw new Error("nothing was inserted");
  const content = (completion: string) => ({ messages: [{ role: "user" as const, content: "Tell me" }], completion });
  await db.insert(datasetRows).values([
    {
      datasetVersionId: version.id,
      ordinal: 0,
      split: "train",
      groupKey: "a",
      promptId: prompt.id,
      content: content(`Well: ${LEARNT.toUpperCase()}!`),
    },
    // A held-out row taught it nothing.
    {
      datasetVersionId: version.id,
      ordinal: 1,
      split: "validation",
      groupKey: "b",
      promptId: prompt.id,
      content: content(ROWS[1]?.sentence ?? ""),
    },
  ]);
  const run = await insertRun(
    db,
    {
      projectId: project.projectId,
      kind: "sft",
      name: "SFT",
      config: runConfigSchema.parse({ kind: "sft" }),
      baseCheckpointId: project.baseId,
      datasetVersionId: version.id,
      rewardCheckpointId: null,
      createdBy: project.researcherId,
    },
    "test",
  );
  await database.db.execute(`update runs set state = 'succeeded' where id = '${run.id}'`);
  const hash = await hashWeights(path.join(project.storeFolder, "base"));
  learner = (
    await insertCheckpoint(db, {
      projectId: project.projectId,
      runId: run.id,
      parentId: project.baseId,
      kind: "base",
      name: "SFT",
      path: "base",
      hash,
      final: true,
    })
  ).id;
});
afterAll(async () => {
  hub.close();
  await database.close();
  rmSync(project.dataFolder, { recursive: true, force: true });
});

const benchmark = async (base: string, config: Record<string, unknown>) => {
  const { id } = await createRun(asResearcher(), {
    projectId: project.projectId,
    name: "Benchmark",
    config: runConfigSchema.parse({ kind: "benchmark", ...config }),
    baseCheckpointId: base,
    rewardCheckpointId: null,
    datasetVersionId: null,
  });
  await worker.workOnce();
  return selectRun(database.db, id);
};

it("scores files and samples under different names, with overlap beside them", async () => {
  const run = await benchmark(learner, { tasks: ["cola", "wic"], batchSize: 4 });
  expect(run).toMatchObject({ state: "succeeded", step: 3 * 2 + 4 * 2, totalSteps: 14 });
  const scores = await selectScores(database.db, { runId: run?.id ?? "" });
  const byName = new Map(scores.map((score) => [score.metric, score]));
  // wic's sample is long enough to be looked for, and is nowhere in the training data.
  expect([...byName.keys()].sort()).toEqual([
    "bench/cola/mcc",
    "bench/cola/mcc/clean",
    "bench/cola/overlap",
    "sample/wic/acc",
    "sample/wic/overlap",
  ]);
  expect(byName.get("bench/cola/overlap")).toMatchObject({ value: 1 / 3, n: 3 });
  expect(byName.get("bench/cola/mcc/clean")).toMatchObject({ n: 2 });
  expect(byName.get("sample/wic/overlap")).toMatchObject({ value: 0, n: 4 });
  expect(byName.get("bench/cola/mcc")?.signature).toMatch(
    /task:cola\|version:1\|definition:[0-9a-f]{12}\|data:nyu-mll\/glue\|items:[0-9a-f]{12}\|shots:0\|limit:none\|scoring:loglikelihood\|.*overlap:13-gram, sft v1 abababababab; pretraining of Tiny base not known/,
  );
  expect(byName.get("sample/wic/acc")?.signature).toContain("data:sample, not the benchmark");
  for (const { low, value, high } of scores.filter(({ metric }) => !metric.endsWith("/overlap"))) {
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
  const events = (await readRunEvents(database.db, run?.id ?? "", 0, 1000)).map(({ event }) => event);
  expect(events.find((event) => event.kind === "log")).toMatchObject({
    level: "warning",
    message: "7 items of 2 tasks. wic on Hone's hand-written sample: these scores are not the benchmark's",
  });
  expect(events.find((event) => event.kind === "sample")).toMatchObject({
    rows: expect.arrayContaining([expect.objectContaining({ prompt: expect.stringContaining(LEARNT) })]),
  });

  const [row] = await database.db.select().from(projects).where(eq(projects.id, project.projectId));
  const board = await getLeaderboard(asResearcher(), { slug: row?.slug ?? "", votes: "people", weights: "served" });
  expect(board.scores.map(({ metric }) => metric)).toContain("bench/cola/mcc");
}, 120_000);

it("a checkpoint without known training data has no overlap, and the same weights' answers are not asked for again", async () => {
  const run = await benchmark(project.baseId, { tasks: ["cola"], batchSize: 4 });
  expect(run).toMatchObject({ state: "succeeded" });
  expect((await selectScores(database.db, { runId: run?.id ?? "" })).map(({ metric }) => metric)).toEqual(["bench/cola/mcc"]);
});

it("fetches from the hub what the folder does not have, and keeps the commit with the run", async () => {
  const commit = "c".repeat(40);
  const row = { sentence1: "One.", sentence2: "Two.", label: 0, idx: 0 };
  const content = Buffer.from([row, { ...row, label: 1, idx: 1 }].map((entry) => JSON.stringify(entry)).join("\n"));
  hub.datasets.set("nyu-mll/glue", { branches: { main: commit }, commits: { [commit]: { "rte/validation.jsonl": { content } } } });
  const run = await benchmark(project.baseId, { tasks: ["cola", "rte"], files: "hub" });
  expect(run).toMatchObject({ state: "succeeded", config: { files: "hub", revisions: [`nyu-mll/glue@${commit}`] } });
  const scores = new Map((await selectScores(database.db, { runId: run?.id ?? "" })).map((score) => [score.metric, score.signature]));
  expect(scores.get("bench/rte/acc")).toContain(`data:nyu-mll/glue@${commit.slice(0, 12)}|`);
  expect(scores.get("bench/cola/mcc")).toContain("data:nyu-mll/glue|");
  // What was pinned is read although the hub has gone on.
  hub.datasets.set("nyu-mll/glue", { branches: { main: "d".repeat(40) }, commits: { [commit]: { "rte/validation.jsonl": { content } } } });
  expect(await benchmark(project.baseId, { tasks: ["rte"], files: "hub", revisions: [`nyu-mll/glue@${commit}`] })).toMatchObject({
    state: "succeeded",
  });
});

it("says what is missing where a folder was named", async () => {
  mkdirSync(path.join(project.dataFolder, "benchmarks/mine"), { recursive: true });
  const run = await benchmark(project.baseId, { tasks: ["rte"], dataFolder: "mine" });
  expect(run).toMatchObject({
    state: "failed",
    reason: expect.stringMatching(/rte: .*benchmarks\/mine has no files of nyu-mll\/glue, rte, split validation/),
  });
  expect((await benchmark(project.baseId, { tasks: ["rte"], dataFolder: "nowhere" }))?.reason).toContain(
    "The worker has no folder benchmarks/nowhere",
  );
});
