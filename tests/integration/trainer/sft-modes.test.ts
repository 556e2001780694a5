/** Fine-tuning's ways on a real database: labels from import to head and score, tasks, reports, templates, random starts. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { insertCheckpoint, selectCheckpointsOfRun } from "../../../db/queries/checkpoints";
import { selectProjectBySlug } from "../../../db/queries/projects";
import { readRunEvents } from "../../../db/queries/run-events";
import { selectRun } from "../../../db/queries/runs";
import { selectScores } from "../../../db/queries/scores";
import { selectTrainingRows } from "../../../db/queries/training-data";
import { prompts } from "../../../db/schema";
import type { SftRow } from "../../../domain/dataset";
import { DEMO_TASKS } from "../../../domain/demo/task-prompts";
import { runConfigSchema } from "../../../domain/run";
import { freezeDataset } from "../../../server/services/dataset";
import { seedTasksProject } from "../../../server/services/demo";
import { importRows } from "../../../server/services/import";
import { createRun } from "../../../server/services/run";
import { loadEngine } from "../../../trainer/engine/engine";
import { createWorker, type Worker } from "../../../trainer/worker/worker";
import { createTestDb, type TestDb } from "../../helpers/database";
import { createTinyProject, type TinyProject } from "../../helpers/tiny-project";

let database: TestDb;
let tiny: TinyProject;
let worker: Worker;
let projectId: string;
let baseId: string;
let datasetId: string;
const ctx = () => ({ db: database.db, user: { id: tiny.researcherId, role: "researcher" as const, name: "Researcher", simulated: false } });

beforeAll(async () => {
  database = await createTestDb();
  const engine = await loadEngine();
  tiny = await createTinyProject(database.db);
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("HONE_DATA", tiny.dataFolder);
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  worker = await createWorker({ db: database.db, engine, storeFolder: tiny.storeFolder, modelsFolder: "models", name: "test-1" });
  await seedTasksProject(database.db, { prompts: { train: 12, validation: 4, test: 4 } });
  projectId = (await selectProjectBySlug(database.db, "four-tasks"))?.id ?? "";
  baseId = (await insertCheckpoint(database.db, { projectId: null, kind: "base", name: "Tiny", path: "base", hash: "0", final: true })).id;
  datasetId = (await freezeDataset(ctx(), { projectId, kind: "sft" })).id;
});
afterAll(async () => {
  await database.close();
  rmSync(tiny.dataFolder, { recursive: true, force: true });
});

async function finish(config: Record<string, unknown>, options: { base?: string; dataset?: string | null; project?: string } = {}) {
  const { id } = await createRun(ctx(), {
    projectId: options.project ?? projectId,
    name: "Run",
    config: runConfigSchema.parse(config),
    baseCheckpointId: options.base ?? baseId,
    rewardCheckpointId: null,
    datasetVersionId: options.dataset === undefined ? datasetId : options.dataset,
  });
  await worker.workOnce();
  const run = await selectRun(database.db, id);
  const result = (await selectCheckpointsOfRun(database.db, id)).find((checkpoint) => checkpoint.final);
  return {
    id,
    run,
    result,
    events: (await readRunEvents(database.db, id, 0, 10_000)).map(({ event }) => event),
    folder: path.join(tiny.storeFolder, result?.path ?? "none"),
  };
}

it("seeds the four tasks once, and freezes their names and labels into the rows", async () => {
  expect(await seedTasksProject(database.db)).toEqual({ created: false });
  const rows = await selectTrainingRows<SftRow>(database.db, datasetId, "sft");
  expect(new Set(rows.train.map(({ task }) => task))).toEqual(new Set(DEMO_TASKS));
  for (const { task, label, completion } of rows.train)
    expect(label === undefined ? undefined : String(label)).toBe(task === "review-rating" ? completion : undefined);
});

it("imports a label, a score and a task, and freezes a row of a prompt that has only a label", async () => {
  const lines = [
    '{"prompt": "I love it", "label": "positive", "task": "sentiment"}',
    '{"prompt": "So so", "score": 2.5}',
    '{"prompt": "Bad", "label": ["x"]}',
    '{"prompt": "Both", "label": 1, "score": 2}',
  ];
  const report = await importRows(
    ctx(),
    { projectId: tiny.projectId, kind: "prompts", source: "labels.jsonl", policy: "keep" },
    lines.map((text, i) => ({ line: i + 1, row: JSON.parse(text) as unknown })),
  );
  expect(report.errors).toEqual([
    { line: 3, reason: 'label: expected a text or a number, not ["x"]' },
    { line: 4, reason: "score: the row has a label already; expected one of the two" },
  ]);
  const stored = await database.db.select().from(prompts).where(eq(prompts.projectId, tiny.projectId));
  expect(stored.flatMap(({ meta }) => ("label" in meta ? [meta] : []))).toEqual(
    expect.arrayContaining([{ label: "positive", task: "sentiment" }, { label: 2.5 }]),
  );
  const rows = await selectTrainingRows<SftRow>(
    database.db,
    (await freezeDataset(ctx(), { projectId: tiny.projectId, kind: "sft" })).id,
    "sft",
  );
  expect(Object.values(rows).flat()).toEqual(
    expect.arrayContaining([
      { messages: [{ role: "user", content: "I love it" }], completion: "positive", task: "sentiment", label: "positive" },
    ]),
  );
});

it.each([
  ["classification", ["accuracy", "f1"]],
  ["regression", ["mse", "pearson"]],
])(
  "trains a head of %s on frozen features and evaluates it",
  async (head, metrics) => {
    const { run, result, folder } = await finish({ kind: "sft", method: "head", head, epochs: 3, batchSize: 4, evalSteps: 3 });
    expect(run).toMatchObject({ state: "succeeded" });
    expect(result?.kind).toBe("head");
    expect(JSON.parse(readFileSync(path.join(folder, "head_config.json"), "utf8"))).toMatchObject({
      problem_type: head === "regression" ? "regression" : "single_label_classification",
      pooling: "last_token",
    });
    const evaluation = await finish({ kind: "evaluation", split: "test" }, { base: result?.id, dataset: null });
    expect(evaluation.run).toMatchObject({ state: "succeeded" });
    const scores = await selectScores(database.db, { checkpointId: result?.id });
    expect(scores.map(({ metric, n }) => [metric, n])).toEqual(metrics.map((metric) => [metric, 4]));
    // A head is for evaluations: nothing is trained from it or written by it.
    await expect(finish({ kind: "sft" }, { base: result?.id })).rejects.toThrow("only an evaluation reads");
  },
  60_000,
);

it("says what a head lacks", async () => {
  expect((await finish({ kind: "sft", method: "head", tasks: ["python-code"] })).run?.reason).toMatch(/no training row has a label/);
  expect((await finish({ kind: "sft", method: "head", tasks: ["poems"] })).run?.reason).toMatch(
    /no training row is of the task "poems" \(there are /,
  );
}, 60_000);

it("trains on one task and reports all of them, before, after and few-shot", async () => {
  const { run, events } = await finish({
    kind: "sft",
    method: "full",
    tasks: ["place-names"],
    maxSteps: 2,
    batchSize: 4,
    evalSteps: 1,
    reportRows: 3,
    reportShots: 1,
    maxLength: 200,
  });
  expect(run).toMatchObject({ state: "succeeded" });
  const report = events.flatMap((event) => (event.kind === "report" ? [event.report] : []))[0];
  expect(report?.tasks.map(({ task, trained }) => [task, trained])).toEqual(
    [...DEMO_TASKS].sort().map((task) => [task, task === "place-names"]),
  );
  for (const { task, before, after, fewShot, change } of report?.tasks ?? []) {
    // Two dialogues are more than the tiny model's context of 256 tokens.
    expect([before.rougeL.n, after.rougeL.n, fewShot?.rougeL.n]).toEqual([3, 3, task === "support-summary" ? undefined : 3]);
    expect(change.rougeL.value).toBeCloseTo(after.rougeL.value - before.rougeL.value, 10);
  }
  const names = events.flatMap((event) => (event.kind === "metric" ? Object.keys(event.values) : []));
  for (const task of DEMO_TASKS) expect(names).toContain(`loss/validation/${task}`);
}, 60_000);

it("saves its template with an adapter, and the next run reads prompts by it", async () => {
  const first = await finish({ kind: "sft", template: "alpaca", maxSteps: 1, batchSize: 4, evalSteps: 0 });
  expect(readFileSync(path.join(first.folder, "chat_template.jinja"), "utf8")).toContain("### Response:");
  const second = await finish({ kind: "sft", maxSteps: 1, batchSize: 4, evalSteps: 0, packing: true }, { base: first.result?.id });
  expect(second.run).toMatchObject({ state: "succeeded" });
  expect(existsSync(path.join(second.folder, "chat_template.jinja"))).toBe(true);
}, 60_000);

it("starts from random weights by the seed alone, whatever the checkpoint's are", async () => {
  const train = async (seed: number) =>
    (await finish({ kind: "sft", method: "full", initialisation: "random", maxSteps: 1, batchSize: 4, evalSteps: 0, seed })).result?.hash;
  const [first, again, other] = [await train(1), await train(1), await train(2)];
  expect(first).toBe(again);
  expect(first).not.toBe(other);
}, 60_000);
