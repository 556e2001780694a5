/** A sweep on a real database: its trials are ordinary runs, shared by two workers, stopped, paused and ended together. */
import { rmSync } from "node:fs";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { insertRun, selectRun } from "../../../db/queries/runs";
import { advanceSweeps, selectTrials } from "../../../db/queries/sweeps";
import { runs } from "../../../db/schema";
import { runConfigSchema, sweepConfigSchema } from "../../../domain/run";
import { freezeDataset } from "../../../server/services/dataset";
import { cancelRun, createRun, estimateRun, listRuns, listTrials, pauseRun, resumeRun } from "../../../server/services/run";
import { loadEngine } from "../../../trainer/engine/engine";
import { createWorker, type Worker } from "../../../trainer/worker/worker";
import { createTestDb, type TestDb } from "../../helpers/database";
import { createTinyProject, type TinyProject } from "../../helpers/tiny-project";

let database: TestDb;
let tiny: TinyProject;
let datasetVersionId: string;
let workers: Worker[];
const ctx = () => ({ db: database.db, user: { id: tiny.researcherId, role: "researcher" as const, name: "Robin", simulated: false } });

beforeAll(async () => {
  database = await createTestDb();
  const engine = await loadEngine();
  tiny = await createTinyProject(database.db);
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("HONE_DATA", tiny.dataFolder);
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  const made = ["first", "second"].map((name) =>
    createWorker({ db: database.db, engine, storeFolder: tiny.storeFolder, modelsFolder: "models", name }),
  );
  workers = await Promise.all(made);
  datasetVersionId = (await freezeDataset(ctx(), { projectId: tiny.projectId, kind: "sft" })).id;
});
afterAll(async () => {
  await database.close();
  rmSync(tiny.dataFolder, { recursive: true, force: true });
});

const TRIAL = { kind: "sft", batchSize: 8, maxSteps: 2, evalSteps: 1, saveSteps: 10 };
const inputOf = (options: object) => ({
  projectId: tiny.projectId,
  name: "Sweep",
  config: runConfigSchema.parse({ kind: "sweep", trial: TRIAL, ...options }),
  baseCheckpointId: tiny.baseId,
  rewardCheckpointId: null,
  datasetVersionId,
});
const start = async (options: object) => (await createRun(ctx(), inputOf(options))).id;
const stateOf = async (id: string) => (await selectRun(database.db, id))?.state;
/** Two workers take turns until neither finds anything. */
async function work(): Promise<void> {
  while ((await Promise.all(workers.map((worker) => worker.workOnce()))).some((run) => run !== null));
}
const RATES = { parameters: [{ path: "learningRate", values: [1e-4, 1e-2, 3e-2] }] };

it("tries a grid over two workers and names the best, whose settings start the next run", async () => {
  const input = inputOf({ strategy: "grid", ...RATES });
  expect(await estimateRun(ctx(), input)).toMatchObject({ trials: 3, steps: 6 });
  const id = await start({ strategy: "grid", ...RATES });
  await work();
  const sweep = await selectRun(database.db, id);
  expect(sweep).toMatchObject({
    state: "succeeded",
    step: 3,
    totalSteps: 3,
    reason: expect.stringMatching(/^Best: learningRate 0\.\d+, with loss\/validation \d/),
  });
  const trials = await listTrials(ctx(), id);
  expect(trials.map(({ state }) => state)).toEqual(["succeeded", "succeeded", "succeeded"]);
  const values = trials.map(({ value }) => value ?? Number.NaN);
  expect(values).toEqual([...values].sort((a, b) => a - b));
  // Two steps at a hundred times the rate learn more.
  expect(trials.at(-1)?.setting).toEqual({ learningRate: 1e-4 });
  const best = await selectRun(database.db, trials[0]?.id ?? "");
  expect(best?.config).toEqual(runConfigSchema.parse({ ...TRIAL, ...trials[0]?.setting }));
  expect(best).toMatchObject({ sweepId: id, datasetVersionId, baseCheckpointId: tiny.baseId, attempt: 1 });
  // The list of runs shows the sweep and leaves its trials to it.
  expect((await listRuns(ctx(), { sweepId: null })).map((run) => run.id)).toEqual([id]);
  expect(await listRuns(ctx(), { sweepId: id })).toHaveLength(3);
}, 60_000);

it("halves: three trials of one step, the best of them with three", async () => {
  const id = await start({ strategy: "halving", trials: 3, eta: 3, minSteps: 1, parameters: RATES.parameters });
  await work();
  const trials = await listTrials(ctx(), id);
  expect(trials.map(({ rung, totalSteps }) => [rung, totalSteps])).toEqual([
    [1, 3],
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  expect(trials[0]?.setting).toEqual(trials[1]?.setting);
  expect(await selectRun(database.db, id)).toMatchObject({ state: "succeeded", step: 4, totalSteps: 4 });
}, 60_000);

it("pauses, resumes and stops its trials with it; no worker ever takes the sweep itself", async () => {
  const id = await start({ strategy: "grid", ...RATES });
  await advanceSweeps(database.db);
  const trialStates = async () =>
    (await database.db.select({ state: runs.state }).from(runs).where(eq(runs.sweepId, id))).map(({ state }) => state);
  expect([await stateOf(id), await trialStates()]).toEqual(["running", ["queued", "queued", "queued"]]);
  expect(await pauseRun(ctx(), id)).toMatchObject({ state: "paused" });
  expect(await trialStates()).toEqual(["paused", "paused", "paused"]);
  await work();
  expect([await stateOf(id), await trialStates()]).toEqual(["paused", ["paused", "paused", "paused"]]);
  await resumeRun(ctx(), id);
  await advanceSweeps(database.db);
  expect([await stateOf(id), await trialStates()]).toEqual(["running", ["queued", "queued", "queued"]]);
  expect(await cancelRun(ctx(), id)).toMatchObject({ state: "cancelled" });
  expect(await trialStates()).toEqual(["cancelled", "cancelled", "cancelled"]);
  await work();
  expect(await stateOf(id)).toBe("cancelled");
}, 60_000);

it("fails where no trial reports the metric, and says so; a trial that failed is the worst of all", async () => {
  const id = await start({ strategy: "grid", metric: "accuracy/nothing", ...RATES });
  await work();
  expect(await selectRun(database.db, id)).toMatchObject({ state: "failed", reason: "No trial reported accuracy/nothing" });
  const mixed = await start({ strategy: "grid", parameters: [{ path: "tasks", values: [null] }, ...RATES.parameters] }).catch(
    (error: unknown) => String(error),
  );
  expect(mixed).toContain("With tasks null, learningRate 0.0001: tasks: ");
}, 60_000);

it("makes each rung once, however many workers look", async () => {
  const config = sweepConfigSchema.parse({ kind: "sweep", trial: TRIAL, strategy: "grid", ...RATES });
  const { id } = await insertRun(database.db, {
    projectId: tiny.projectId,
    kind: "sweep",
    name: "Raced",
    config,
    baseCheckpointId: tiny.baseId,
    datasetVersionId,
  });
  await Promise.all([1, 2, 3, 4].map(() => advanceSweeps(database.db)));
  expect(await selectTrials(database.db, { id, config })).toHaveLength(3);
  await cancelRun(ctx(), id);
});
