/** The worker on a real database: every kind of run, takeover after a death, pause and resume, and failures. */
import { rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { insertCheckpoint, selectCheckpointsOfRun } from "../../../db/queries/checkpoints";
import { appendRunEvents, readRunEvents } from "../../../db/queries/run-events";
import { claimRun, requestRun, type RunRow, selectRun, transitionRun } from "../../../db/queries/runs";
import { selectScores } from "../../../db/queries/scores";
import { registerWorker } from "../../../db/queries/workers";
import { completionRewards, completions, humanEvaluations, items, judgements, runs, seats } from "../../../db/schema";
import { createSimulatedAnnotator } from "../../../domain/demo/annotator";
import { demoFacts } from "../../../domain/demo/prompts";
import { runConfigSchema } from "../../../domain/run";
import { freezeDataset } from "../../../server/services/dataset";
import { compareEvaluationRuns, listComparableRuns } from "../../../server/services/evaluation";
import { createHumanEvaluation, listHumanEvaluations } from "../../../server/services/human-evaluation";
import { getRewardAgreement } from "../../../server/services/reward-agreement";
import { createRun } from "../../../server/services/run";
import { loadEngine } from "../../../trainer/engine/engine";
import { createWorker, explainFailure, type Worker } from "../../../trainer/worker/worker";
import { createTestDb, type TestDb } from "../../helpers/database";
import { createTinyProject, type TinyProject } from "../../helpers/tiny-project";
import { selectPromptsOfSplit } from "../../../db/queries/training-data";

let database: TestDb;
let project: TinyProject;
let worker: Worker;
let start: (input: { name: string; config: Record<string, unknown>; base?: string; reward?: string; dataset?: string }) => Promise<string>;
const asResearcher = () => ({
  db: database.db,
  user: { id: project.researcherId, role: "researcher" as const, name: "Researcher", simulated: false },
});

beforeAll(async () => {
  database = await createTestDb();
  const engine = await loadEngine();
  project = await createTinyProject(database.db);
  // The services read the data folder from the environment.
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("HONE_DATA", project.dataFolder);
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  worker = await createWorker({ db: database.db, engine, storeFolder: project.storeFolder, modelsFolder: "models", name: "test-1" });
  start = async ({
    name,
    config,
    base = project.baseId,
    reward = null,
    dataset = null,
  }: {
    name: string;
    config: Record<string, unknown>;
    base?: string;
    reward?: string | null;
    dataset?: string | null;
  }) =>
    (
      await createRun(asResearcher(), {
        projectId: project.projectId,
        name,
        config: runConfigSchema.parse(config),
        baseCheckpointId: base,
        rewardCheckpointId: reward,
        datasetVersionId: dataset,
      })
    ).id;
});
afterAll(async () => {
  await database.close();
  rmSync(project.dataFolder, { recursive: true, force: true });
});

const finished = async (runId: string): Promise<RunRow> => {
  await worker.workOnce();
  const run = await selectRun(database.db, runId);
  if (!run) throw new Error("the run is gone");
  return run;
};
const resultOf = async (runId: string): Promise<string> => {
  const final = (await selectCheckpointsOfRun(database.db, runId)).find((checkpoint) => checkpoint.final);
  if (!final) throw new Error(`run ${runId} has no result: ${(await selectRun(database.db, runId))?.reason}`);
  return final.id;
};
const metricSteps = async (runId: string, name: string): Promise<number[]> =>
  (await readRunEvents(database.db, runId, 0, 10_000)).flatMap(({ event }) =>
    event.kind === "metric" && name in event.values ? [event.step] : [],
  );

const TEXT_METRICS = [
  "bleu1",
  "bleu2",
  "bleu3",
  "bleu4",
  "chrf",
  "chrf++",
  "exactMatch",
  "rouge1",
  "rouge2",
  "rougeL",
  "rougeLsum",
  "tokenF1",
];
const SFT = { kind: "sft", method: "lora", batchSize: 8, maxSteps: 6, saveSteps: 2, evalSteps: 3 };

/** The first fine-tuning run that succeeded. */
const firstSft = async (): Promise<string> => {
  const [run] = await database.db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.kind, "sft"), eq(runs.state, "succeeded")))
    .orderBy(runs.createdAt)
    .limit(1);
  return run?.id ?? "";
};

/** Every open seat gets the vote of a simulated annotator, straight into the tables. */
async function voteOnEverything(): Promise<void> {
  const { db } = database;
  const annotator = createSimulatedAnnotator({ taste: "concise", seed: 1 });
  const promptRows = new Map(
    (await Promise.all((["train", "validation", "test"] as const).map((split) => selectPromptsOfSplit(db, project.projectId, split))))
      .flat()
      .map((row) => [row.id, row]),
  );
  for (const item of await db.select().from(items)) {
    const texts = await db.query.itemCompletions.findMany({ where: (t, { eq: is }) => is(t.itemId, item.id) });
    const rows = await Promise.all(
      texts.map(async ({ completionId }) => (await db.select().from(completions).where(eq(completions.id, completionId)))[0]),
    );
    const facts = demoFacts(promptRows.get(item.promptId)?.meta ?? {});
    const shown = rows.flatMap((row) => (row ? [row] : []));
    if (!facts || shown.length < 2) continue;
    const { ranks, activeMs } = annotator.rankCompletions(
      shown.map(({ text }) => text),
      facts,
    );
    const shownOrder = shown.map(({ id }) => id);
    const [judgement] = await db
      .insert(judgements)
      .values({
        projectId: project.projectId,
        itemId: item.id,
        seat: 1,
        annotatorId: project.researcherId,
        clientEventId: crypto.randomUUID(),
        value: { kind: "ranking", ranks },
        shownOrder,
        ranks,
        activeMs,
      })
      .returning();
    await db
      .update(seats)
      .set({ annotatorId: project.researcherId, shownOrder, judgementId: judgement?.id })
      .where(eq(seats.itemId, item.id));
  }
}

describe("the round", () => {
  let sft: string;
  let reward: string;
  it("fine-tunes, samples items, fits a reward model, learns from votes (DPO) and from rewards (PPO, GRPO) and evaluates, each run leaving its traces", async () => {
    const sftData = await freezeDataset(asResearcher(), { projectId: project.projectId, kind: "sft" });
    const sftRun = await start({ name: "SFT", config: SFT, dataset: sftData.id });
    expect(await finished(sftRun)).toMatchObject({ state: "succeeded", step: 6, totalSteps: 6 });
    expect(await metricSteps(sftRun, "loss/train")).toEqual([1, 2, 3, 4, 5, 6]);
    sft = await resultOf(sftRun);
    // Only the result is needed once the run is over.
    expect(await readdir(path.join(project.storeFolder, "runs", sftRun, "step-6"))).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);

    for (const split of ["train", "validation", "test"]) {
      const sampleRun = await start({
        name: `Samples ${split}`,
        base: sft,
        config: { kind: "sample", split, maxPrompts: 12, completionsPerPrompt: 3, sampling: { maxNewTokens: 8 } },
      });
      expect(await finished(sampleRun)).toMatchObject({ state: "succeeded", reason: "Finished" });
    }
    expect((await database.db.select().from(items)).length).toBeGreaterThanOrEqual(20);
    await voteOnEverything();

    const votes = await freezeDataset(asResearcher(), { projectId: project.projectId, kind: "preference" });
    const rewardRun = await start({
      name: "RM",
      base: sft,
      dataset: votes.id,
      config: { kind: "reward", batchSize: 8, maxSteps: 4, saveSteps: 2, evalSteps: 2 },
    });
    expect(await finished(rewardRun)).toMatchObject({ state: "succeeded" });
    reward = await resultOf(rewardRun);
    expect(await selectScores(database.db, { checkpointId: reward })).toMatchObject([{ metric: "accuracy" }]);
    // What held-out votes are on is scored with it; the accuracy of the run is that of all annotators together.
    const [accuracy] = await selectScores(database.db, { checkpointId: reward });
    const agreement = await getRewardAgreement(asResearcher(), { checkpointId: reward, simulated: false });
    expect(agreement.votes).toBe(agreement.of);
    expect(agreement.all?.accuracy.value).toBeCloseTo(accuracy?.value ?? 0, 12);
    const scoredBefore = await database.db.$count(completionRewards);
    const scoreRun = await start({ name: "Scores", base: reward, config: { kind: "score" } });
    expect(await finished(scoreRun)).toMatchObject({ state: "succeeded", step: (await database.db.$count(completions)) - scoredBefore });
    expect(await database.db.$count(completionRewards)).toBe(await database.db.$count(completions));
    const again = await start({ name: "Scores again", base: reward, config: { kind: "score" } });
    expect(await finished(again)).toMatchObject({ state: "succeeded", step: 0 });

    const dpoRun = await start({
      name: "DPO",
      base: sft,
      dataset: votes.id,
      config: { kind: "preference", batchSize: 8, maxSteps: 3, saveSteps: 2, evalSteps: 2 },
    });
    expect(await finished(dpoRun)).toMatchObject({ state: "succeeded", step: 3 });
    expect(await metricSteps(dpoRun, "rewards/margins")).toEqual([1, 2, 3]);
    const preferred = await resultOf(dpoRun);
    expect(await selectScores(database.db, { checkpointId: preferred })).toMatchObject([{ metric: "accuracy" }]);
    expect((await selectCheckpointsOfRun(database.db, dpoRun)).find(({ id }) => id === preferred)?.reason).toMatch(
      /romoted: the implicit reward agrees with/,
    );
    const answers = await start({
      name: "Answers",
      base: preferred,
      config: { kind: "evaluation", split: "test", goldTaste: "concise", sampling: { maxNewTokens: 8 } },
    });
    expect(await finished(answers)).toMatchObject({ state: "succeeded" });

    const ppoRun = await start({
      name: "PPO",
      base: sft,
      reward,
      config: { kind: "ppo", iterations: 2, rolloutBatchSize: 8, numPpoEpochs: 1, numMiniBatches: 1, responseLength: 8 },
    });
    expect(await finished(ppoRun)).toMatchObject({ state: "succeeded" });
    expect(await metricSteps(ppoRun, "objective/kl")).toEqual([1, 2]);
    const policy = await resultOf(ppoRun);
    // Random texts and a tiny test split: whatever the decision, it is recorded with its reason.
    expect((await selectCheckpointsOfRun(database.db, ppoRun)).find(({ id }) => id === policy)?.reason).toMatch(
      /romoted: the reward model agrees with/,
    );

    const grpoRun = await start({
      name: "GRPO",
      base: preferred,
      reward,
      config: {
        kind: "ppo",
        method: "grpo",
        groupSize: 4,
        iterations: 2,
        rolloutBatchSize: 8,
        numPpoEpochs: 1,
        numMiniBatches: 1,
        responseLength: 8,
      },
    });
    expect(await finished(grpoRun)).toMatchObject({ state: "succeeded" });
    expect(await metricSteps(grpoRun, "loss/value")).toEqual([]);

    const evaluation = await start({
      name: "Evaluation",
      base: policy,
      reward,
      config: { kind: "evaluation", split: "test", goldTaste: "concise", sampling: { maxNewTokens: 8 } },
    });
    expect(await finished(evaluation)).toMatchObject({ state: "succeeded" });
    const rewards = await database.db
      .select({ score: completionRewards.score })
      .from(completionRewards)
      .where(eq(completionRewards.runId, evaluation));
    expect(rewards).toHaveLength(6);
    const scores = await selectScores(database.db, { checkpointId: policy });
    expect(scores.find(({ metric }) => metric === "reward")?.value).toBeCloseTo(rewards.reduce((sum, { score }) => sum + score, 0) / 6, 6);
    expect(scores.map(({ metric }) => metric).sort()).toEqual([...TEXT_METRICS, "gold", "length", "perplexity", "reward"].sort());
    for (const { low, value, high, n } of scores) {
      expect(n).toBe(6);
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  }, 120_000);
});

describe("evaluations", () => {
  it("measure HELM's seven metrics when asked, and are compared prompt by prompt", async () => {
    const evaluate = async (name: string, more: Record<string, unknown>) => {
      const id = await start({
        name,
        config: { kind: "evaluation", split: "test", goldTaste: "concise", sampling: { maxNewTokens: 8 }, ...more },
      });
      expect(await finished(id)).toMatchObject({ state: "succeeded", reason: "Finished" });
      return id;
    };
    const whole = await evaluate("Whole", { holistic: true });
    const helm = (await selectScores(database.db, { runId: whole })).filter(({ metric }) => metric.startsWith("helm/"));
    expect(helm.map(({ metric }) => metric)).toEqual(
      expect.arrayContaining(
        ["accuracy", "calibration", "efficiency", "fairness", "robustness", "selective_accuracy", "toxicity"].map((name) => `helm/${name}`),
      ),
    );
    const value = (name: string) => helm.find(({ metric }) => metric === `helm/${name}`)?.value ?? Number.NaN;
    expect(value("robustness")).toBeLessThanOrEqual(value("accuracy"));
    expect(value("fairness")).toBeLessThanOrEqual(value("accuracy"));
    expect(value("efficiency")).toBeGreaterThan(0);
    expect(helm.find(({ metric }) => metric === "helm/robustness")?.signature).toContain("mild:6");

    const other = await evaluate("Another seed", { seed: 2 });
    const scores = await selectScores(database.db, { runId: other });
    expect(scores.some(({ metric }) => metric.startsWith("helm/"))).toBe(false);
    expect(await listComparableRuns(asResearcher(), other)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: whole, shared: 6 })]),
    );
    const compared = await compareEvaluationRuns(asResearcher(), { runId: other, baselineId: whole });
    expect(compared.prompts).toBe(6);
    expect(compared.duels.map(({ by }) => by)).toEqual(["gold"]);
    expect(compared.metrics.map(({ metric }) => metric).sort()).toEqual([...TEXT_METRICS, "gold", "length", "perplexity"].sort());
    for (const { metric, system, baseline, difference } of compared.metrics) {
      expect(system, metric).toBeCloseTo(scores.find((score) => score.metric === metric)?.value ?? Number.NaN, 9);
      expect(difference, metric).toBeCloseTo(system - baseline, 9);
    }
    // The model and the references are the same: only what was sampled differs.
    expect(compared.metrics.find(({ metric }) => metric === "perplexity")?.difference).toBe(0);
  }, 120_000);
});

describe("interruptions", () => {
  const dataset = async () => (await freezeDataset(asResearcher(), { projectId: project.projectId, kind: "sft" })).id;
  const weightsOf = async (runId: string) =>
    (await selectCheckpointsOfRun(database.db, runId)).find((checkpoint) => checkpoint.final)?.hash;

  it("fine-tunes, fits a reward model and runs PPO over bases in 4 bits, and samples from what comes of it", async () => {
    const data = await freezeDataset(asResearcher(), { projectId: project.projectId, kind: "sft" });
    const sftRun = await start({ name: "QLoRA", config: { ...SFT, method: "qlora", lora: { r: 4, loraDropout: 0.1 } }, dataset: data.id });
    expect(await finished(sftRun)).toMatchObject({ state: "succeeded" });
    expect([await metricSteps(sftRun, "loss/base"), await metricSteps(sftRun, "loss/base_nf4")]).toEqual([[0], [0]]);
    const base = await resultOf(sftRun);
    expect(await readdir(path.join(project.storeFolder, "runs", sftRun, "step-6"))).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "hone.json",
    ]);
    const votes = await freezeDataset(asResearcher(), { projectId: project.projectId, kind: "preference" });
    const rewardRun = await start({
      name: "RM in 4 bits",
      base,
      dataset: votes.id,
      config: { kind: "reward", quantizeBase: true, batchSize: 8, maxSteps: 2, evalSteps: 0 },
    });
    expect(await finished(rewardRun)).toMatchObject({ state: "succeeded" });
    const ppoRun = await start({
      name: "PPO in 4 bits",
      base,
      reward: await resultOf(rewardRun),
      config: {
        kind: "ppo",
        quantizeBase: true,
        iterations: 1,
        rolloutBatchSize: 4,
        numPpoEpochs: 1,
        numMiniBatches: 1,
        responseLength: 4,
      },
    });
    expect(await finished(ppoRun)).toMatchObject({ state: "succeeded" });
    const sampleRun = await start({
      name: "Samples",
      base: await resultOf(ppoRun),
      config: { kind: "sample", split: "test", maxPrompts: 2, createItems: false, sampling: { maxNewTokens: 4 } },
    });
    expect(await finished(sampleRun)).toMatchObject({ state: "succeeded" });
  }, 120_000);

  it("another worker goes on from the last checkpoint of a dead one, to the same weights", async () => {
    const whole = await start({ name: "Whole", config: SFT, dataset: await dataset() });
    await finished(whole);

    const broken = await start({ name: "Broken", config: SFT, dataset: await dataset() });
    // A pause at the first checkpoint stands for the work that a worker did before it died ...
    await requestRun(database.db, { runId: broken, what: "pause", reason: "test" });
    await transitionRun(database.db, { runId: broken, to: "queued", reason: "test" });
    const stoppable = createWorker({
      db: database.db,
      engine: await loadEngine(),
      storeFolder: project.storeFolder,
      modelsFolder: "models",
      name: "test-2",
    });
    const controller = new AbortController();
    const working = (await stoppable).work(controller.signal);
    while ((await selectCheckpointsOfRun(database.db, broken)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await working;
    const given = await selectRun(database.db, broken);
    if (given?.state === "queued") {
      // ... and a claim that is never heard of again for its death.
      const ghost = await registerWorker(database.db, { name: "ghost", engine: "none" });
      const taken = await claimRun(database.db, { workerId: ghost.id, staleAfterMs: 60_000 });
      expect(taken?.id).toBe(broken);
      await database.db
        .update(runs)
        .set({ heartbeatAt: new Date(Date.now() - 3_600_000) })
        .where(eq(runs.id, broken));
      expect((await finished(broken)).reason).toBe("Finished");
      // The ghost has nothing more to say.
      expect(
        await appendRunEvents(database.db, {
          runId: broken,
          attempt: taken?.attempt ?? 0,
          events: [{ kind: "log", level: "info", message: "late" }],
        }),
      ).toBeNull();
    }
    expect(await selectRun(database.db, broken)).toMatchObject({ state: "succeeded", step: 6 });
    expect(await weightsOf(broken)).toBe(await weightsOf(whole));
  }, 120_000);

  it("a loss that is not a number fails the run with a reason and keeps the last checkpoint", async () => {
    const runId = await start({
      name: "Diverges",
      dataset: await dataset(),
      config: { ...SFT, method: "full", learningRate: 1, weightDecay: 1e30, saveSteps: 1, maxSteps: 10, evalSteps: 0 },
    });
    const run = await finished(runId);
    expect(run.state).toBe("failed");
    expect(run.reason).toMatch(/became (NaN|Infinity) at step \d+; the last checkpoint is intact/);
  }, 120_000);

  it("a missing base folder fails the run with the folder's name", async () => {
    const lost = await insertCheckpoint(database.db, {
      projectId: project.projectId,
      kind: "base",
      name: "Lost",
      path: "lost",
      hash: "0",
      final: true,
    });
    const runId = await start({ name: "Lost", base: lost.id, config: { kind: "sample", maxPrompts: 1 } });
    expect(await finished(runId)).toMatchObject({ state: "failed", reason: expect.stringMatching(/lost\/config\.json does not exist/) });
  });
});

it("explains a lack of memory", () => {
  expect(explainFailure(new Error("OOM when allocating tensor with shape[64,4,512,512]"), 40)).toMatch(
    /^Out of memory: use a smaller batchSize.*step 40 is intact/,
  );
});

it("a human evaluation of checkpoints that have said nothing yet waits for their answers, then asks people", async () => {
  const { id, runIds } = await createHumanEvaluation(asResearcher(), {
    projectId: project.projectId,
    name: "Zero-shot",
    models: [{ checkpointId: project.baseId }, { checkpointId: await resultOf(await firstSft()) }],
    prompts: { from: "typed", texts: ["Never asked before", "Nor this"] },
    scales: [{ name: "Clear", points: 5, low: "", high: "" }],
    overlap: 2,
    seed: 5,
    temperature: 1,
    maxNewTokens: 8,
  });
  expect(runIds).toHaveLength(2);
  const stateNow = async () => (await listHumanEvaluations(asResearcher(), { projectId: project.projectId, id }))[0];
  expect(await stateNow()).toMatchObject({ state: "waiting", missing: 4, wanted: 0 });
  // Both were queued at once, in no order.
  while ((await worker.workOnce()) !== null);
  for (const runId of runIds) expect(await selectRun(database.db, runId)).toMatchObject({ state: "succeeded", step: 2 });
  const done = await database.db.select({ openedAt: humanEvaluations.openedAt }).from(humanEvaluations).where(eq(humanEvaluations.id, id));
  // The worker opened it: nobody has looked at the page since.
  expect(done[0]?.openedAt).not.toBeNull();
  expect(await stateNow()).toMatchObject({ state: "open", missing: 0, wanted: 4 });
}, 60_000);
