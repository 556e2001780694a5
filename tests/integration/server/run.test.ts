/** Runs through their service: what may be started and why not, what a person may ask, lineage back to votes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertCheckpoint } from "../../../db/queries/checkpoints";
import { appendRunEvents } from "../../../db/queries/run-events";
import { claimRun, transitionRun } from "../../../db/queries/runs";
import { upsertScores } from "../../../db/queries/scores";
import { runConfigSchema, type RunKind } from "../../../domain/run";
import { getCheckpoint, getRunLineage } from "../../../server/services/checkpoint";
import {
  cancelRun,
  createRun,
  createRunSchema,
  estimateRun,
  getRun,
  getRunSeries,
  listRuns,
  pauseRun,
  resumeRun,
  retryRun,
} from "../../../server/services/run";
import { listRunInputs } from "../../../server/services/run-inputs";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addRun, addWorker, createRunWorld, type RunWorld } from "../../helpers/run-world";

// Read by the file store's path when a run is checked.
process.env.DATABASE_URL ??= "postgres://unused@localhost/unused";
process.env.NEXTAUTH_SECRET ??= "only-for-this-test-process";

let database: TestDb;
let world: RunWorld;
let other: RunWorld;
beforeAll(async () => {
  database = await createTestDb();
  world = await createRunWorld(database.db);
  other = await createRunWorld(database.db);
});
afterAll(() => database.close());

const config = (kind: RunKind, changes: object = {}) => runConfigSchema.parse({ kind, ...changes });
const input = (kind: RunKind, changes: object = {}) =>
  createRunSchema.parse({ projectId: world.projectId, name: "my run", config: config(kind), baseCheckpointId: world.base.id, ...changes });

describe("createRun", () => {
  it("queues a run of each kind with what it needs", async () => {
    const made = await Promise.all([
      createRun(world.ctx, input("sft", { datasetVersionId: world.sftDatasetId })),
      createRun(world.ctx, input("reward", { datasetVersionId: world.preferenceDatasetId })),
      createRun(world.ctx, input("preference", { datasetVersionId: world.preferenceDatasetId })),
      createRun(world.ctx, input("ppo", { rewardCheckpointId: world.reward.id })),
      createRun(world.ctx, input("evaluation", { rewardCheckpointId: world.reward.id })),
      createRun(world.ctx, input("sample")),
    ]);
    const runs = await listRuns(world.ctx, { states: ["queued"], projectId: world.projectId });
    expect(runs.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(new Set(runs.map(({ kind }) => kind)).size).toBe(6);
    expect(runs[0]).toMatchObject({
      projectName: expect.any(String),
      baseCheckpointName: "tiny-base",
      reason: "Started by Robin",
      etaSeconds: null,
      keyMetric: null,
    });
  });

  it.each([
    ["baseCheckpointId", () => input("sample", { baseCheckpointId: crypto.randomUUID() }), "does not exist"],
    ["baseCheckpointId", () => input("sample", { baseCheckpointId: world.reward.id }), "reward model"],
    ["datasetVersionId", () => input("sft"), "Choose a sft dataset version"],
    ["datasetVersionId", () => input("sft", { datasetVersionId: world.preferenceDatasetId }), "holds preference rows"],
    ["datasetVersionId", () => input("sft", { datasetVersionId: other.sftDatasetId }), "another project"],
    ["datasetVersionId", () => input("sft", { datasetVersionId: crypto.randomUUID() }), "does not exist"],
    ["datasetVersionId", () => input("preference", { datasetVersionId: world.sftDatasetId }), "holds sft rows"],
    ["datasetVersionId", () => input("sample", { datasetVersionId: world.sftDatasetId }), "takes no dataset"],
    [
      "rewardCheckpointId",
      () => input("preference", { datasetVersionId: world.preferenceDatasetId, rewardCheckpointId: world.reward.id }),
      "takes no reward",
    ],
    ["rewardCheckpointId", () => input("ppo"), "Choose a reward checkpoint"],
    ["rewardCheckpointId", () => input("ppo", { rewardCheckpointId: world.base.id }), "no reward model"],
    ["rewardCheckpointId", () => input("ppo", { rewardCheckpointId: other.reward.id }), "another project"],
    ["rewardCheckpointId", () => input("sample", { rewardCheckpointId: world.reward.id }), "takes no reward"],
    ["config.split", () => input("sample", { config: config("sample", { split: "validation" }) }), "no prompts in its validation split"],
    ["config.goldTaste", () => input("evaluation", { config: config("evaluation", { goldTaste: "concise" }) }), "demo project"],
  ] as const)("refuses a wrong %s by its name", async (field, make, message) => {
    const before = (await listRuns(world.ctx, {})).length;
    await expect(createRun(world.ctx, make())).rejects.toMatchObject({
      code: "BAD_INPUT",
      fields: [{ field, message: expect.stringContaining(message) }],
    });
    expect(await listRuns(world.ctx, {})).toHaveLength(before);
  });

  it("refuses an unknown key and a value out of range by the path of the field", () => {
    const parse = (changes: object) =>
      createRunSchema.safeParse({
        projectId: world.projectId,
        name: "x",
        baseCheckpointId: world.base.id,
        config: { kind: "sft", ...changes },
      });
    expect(parse({ learningRat: 1 }).error?.issues[0]).toMatchObject({
      code: "unrecognized_keys",
      keys: ["learningRat"],
      path: ["config"],
    });
    expect(parse({ lora: { r: 0 } }).error?.issues[0]?.path).toEqual(["config", "lora", "r"]);
  });
});

describe("estimateRun", () => {
  it("counts steps from the rows that are there", async () => {
    const estimate = await estimateRun(
      world.ctx,
      input("reward", { datasetVersionId: world.preferenceDatasetId, config: config("reward", { batchSize: 2, epochs: 2 }) }),
    );
    expect(estimate).toMatchObject({ steps: 4, bytes: null, work: { trainRows: 3, completionsPerRow: 2 } });
  });
});

describe("following a run", () => {
  it("pauses, resumes, retries and stops it, and refuses what makes no sense", async () => {
    const { id } = await addRun(world);
    expect(await pauseRun(world.ctx, id)).toMatchObject({ state: "paused" });
    await expect(retryRun(world.ctx, id)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("paused now") });
    expect(await resumeRun(world.ctx, id)).toMatchObject({ state: "queued" });
    await expect(resumeRun(world.ctx, id)).rejects.toMatchObject({ code: "CONFLICT" });
    await transitionRun(database.db, { runId: id, to: "failed", reason: "loss became NaN" });
    expect(await retryRun(world.ctx, id)).toMatchObject({ state: "queued" });
    expect(await cancelRun(world.ctx, id)).toMatchObject({ state: "cancelled" });
    await expect(cancelRun(world.ctx, id)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(pauseRun(world.ctx, crypto.randomUUID())).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("tells the curves, the key metric and the rest", async () => {
    const lone = await createRunWorld(database.db);
    const { id } = await addRun(lone);
    const worker = await addWorker(database.db, "anna");
    for (let run = await claimRun(database.db, { workerId: worker.id, staleAfterMs: 60_000 }); run !== null && run.id !== id; ) {
      run = await claimRun(database.db, { workerId: worker.id, staleAfterMs: 60_000 });
    }
    await appendRunEvents(database.db, {
      runId: id,
      attempt: 1,
      events: [
        { kind: "metric", step: 1, values: { "loss/train": 2, lr: 0.1 } },
        { kind: "metric", step: 1, values: { "loss/validation": 1.5 } },
        { kind: "metric", step: 2, values: { "loss/train": 1 } },
      ],
      step: 2,
      totalSteps: 4,
    });
    expect(await getRun(lone.ctx, id)).toMatchObject({
      step: 2,
      totalSteps: 4,
      workerName: "anna",
      keyMetric: { name: "loss/validation", value: 1.5 },
    });
    expect((await getRunSeries(lone.ctx, id)).metrics).toEqual({
      "loss/train": [
        { step: 1, value: 2 },
        { step: 2, value: 1 },
      ],
      "loss/validation": [{ step: 1, value: 1.5 }],
      lr: [{ step: 1, value: 0.1 }],
    });
  });

  it("offers only what belongs to the project", async () => {
    const inputs = await listRunInputs(world.ctx, { projectId: world.projectId });
    expect(inputs.checkpoints.map(({ id }) => id)).toContain(world.reward.id);
    expect(inputs.checkpoints.map(({ id }) => id)).not.toContain(other.reward.id);
    expect(inputs.datasets.map(({ id }) => id).sort()).toEqual([world.preferenceDatasetId, world.sftDatasetId].sort());
    expect(inputs.prompts).toEqual({ train: 3, validation: 0, test: 1 });
  });
});

describe("lineage", () => {
  it("goes from a policy back to the reward model, its dataset version, and the votes with whose they are", async () => {
    const lone = await createRunWorld(database.db);
    const rewardRun = await addRun(lone, { name: "reward 1", config: config("reward") });
    const reward = await insertCheckpoint(database.db, {
      projectId: lone.projectId,
      runId: rewardRun.id,
      parentId: lone.base.id,
      kind: "reward",
      name: "rm",
      step: 9,
      path: "rm",
      hash: "11".repeat(32),
      final: true,
    });
    const { id: ppoId } = await createRun(
      lone.ctx,
      createRunSchema.parse({
        projectId: lone.projectId,
        name: "ppo 1",
        config: config("ppo"),
        baseCheckpointId: lone.base.id,
        rewardCheckpointId: reward.id,
      }),
    );
    const policy = await insertCheckpoint(database.db, {
      projectId: lone.projectId,
      runId: ppoId,
      parentId: lone.base.id,
      kind: "adapter",
      name: "policy",
      step: 40,
      path: "ppo",
      hash: "22".repeat(32),
      final: true,
    });
    await upsertScores(database.db, [
      {
        projectId: lone.projectId,
        checkpointId: policy.id,
        runId: ppoId,
        metric: "gold",
        value: 0.5,
        low: 0.4,
        high: 0.6,
        n: 100,
        signature: "test",
      },
    ]);

    const { lineage, scores, checkpoint } = await getCheckpoint(lone.ctx, policy.id);
    expect(checkpoint.name).toBe("policy");
    expect(scores).toMatchObject([{ metric: "gold", value: 0.5, checkpointName: "policy" }]);
    const title = new Map(lineage.nodes.map(({ id, title }) => [id, title]));
    expect(lineage.edges.map(({ from, to }) => `${title.get(from)} -> ${title.get(to)}`).sort()).toEqual(
      [
        "3 votes -> preference dataset, version 1",
        "preference dataset, version 1 -> reward 1",
        "tiny-base -> reward 1",
        "reward 1 -> rm",
        "rm -> ppo 1",
        "tiny-base -> ppo 1",
        "ppo 1 -> policy",
      ].sort(),
    );
    expect(lineage.nodes.map(({ title, depth }) => [title, depth])).toEqual([
      ["policy", 0],
      ["ppo 1", 1],
      ["rm", 2],
      ["reward 1", 3],
      expect.arrayContaining([4]),
      expect.arrayContaining([4]),
      ["3 votes", 5],
    ]);
    expect(lineage.nodes.find(({ kind }) => kind === "votes")).toMatchObject({
      detail: "2 annotators, 1 of them people",
      simulated: false,
    });
    const ofRun = await getRunLineage(lone.ctx, ppoId);
    expect(ofRun.nodes[0]).toMatchObject({ title: "ppo 1", depth: 0 });
    expect(ofRun.nodes).toHaveLength(lineage.nodes.length - 1);
  });
});
