/** Runs that train on the database: their rows and prompts, their checkpoints' accuracy, and whether a policy is recommended. */
import type { Db } from "../../db/client";
import { type CheckpointRow, latestCheckpoint, setPromotion } from "../../db/queries/checkpoints";
import { selectScores, upsertScores } from "../../db/queries/scores";
import { selectPromptsOfSplit, selectTrainingRows } from "../../db/queries/training-data";
import type { PreferenceRow, SftRow } from "../../domain/dataset";
import { decidePromotion } from "../../domain/promotion";
import type { PpoConfig, PreferenceConfig, RewardConfig, SftConfig } from "../../domain/run";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import { summariseAccuracy } from "../evaluation/reward-accuracy";
import { runHead } from "../jobs/head-jobs";
import { measureRewardAccuracy, runPpo, runPreference, runReward, runSft } from "../jobs/train-jobs";
import { chainOf, createContext, type RunWork } from "./run-work";
import { scoreProject } from "./score-run";

const SHOWCASE_PROMPTS = 6;

export async function trainSftRun(work: RunWork, config: SftConfig): Promise<Outcome> {
  const { db, run } = work;
  if (run.datasetVersionId === null) throw new Error("An SFT run needs a dataset version");
  const rows = await selectTrainingRows<SftRow>(db, run.datasetVersionId, "sft");
  const showcase = await selectPromptsOfSplit(db, run.projectId, "validation", SHOWCASE_PROMPTS);
  if (config.method === "head") {
    const context = await createContext(work, "head", run.baseCheckpointId);
    return runHead(context, {
      config,
      chain: await chainOf(work, run.baseCheckpointId, "base checkpoint"),
      train: rows.train,
      validation: rows.validation,
    });
  }
  const context = await createContext(work, config.method === "full" ? "base" : "adapter", run.baseCheckpointId);
  return runSft(context, {
    config,
    chain: await chainOf(work, run.baseCheckpointId, "base checkpoint"),
    train: rows.train,
    validation: rows.validation,
    test: rows.test,
    showcase,
  });
}

export async function trainRewardRun(work: RunWork, config: RewardConfig): Promise<Outcome> {
  const { db, run } = work;
  if (run.datasetVersionId === null) throw new Error("A reward run needs a dataset version");
  const rows = await selectTrainingRows<PreferenceRow>(db, run.datasetVersionId, "preference");
  const context = await createContext(work, "reward", run.baseCheckpointId);
  const outcome = await runReward(context, {
    config,
    chain: await chainOf(work, run.baseCheckpointId, "base checkpoint"),
    train: rows.train,
    validation: rows.validation,
  });
  if (outcome !== "succeeded") return outcome;
  // How far the votes that it never saw agree with it: what decides whether a policy trained on it is promoted.
  const checkpoint = await latestCheckpoint(db, run.id);
  if (checkpoint && rows.test.length > 0) {
    // What its agreement with each annotator is computed of.
    await scoreProject(context, {
      db,
      runId: run.id,
      projectId: run.projectId,
      checkpointId: checkpoint.id,
      chain: await chainOf(work, checkpoint.id, "reward checkpoint"),
      split: "test",
      judged: true,
      batchSize: config.batchSize,
    });
    const items = await measureRewardAccuracy(context, {
      chain: await chainOf(work, checkpoint.id, "reward checkpoint"),
      rows: rows.test,
      maxLength: config.maxLength,
    });
    await storeAccuracy(work, context, checkpoint, items, config.seed);
  }
  return outcome;
}

async function storeAccuracy(
  { db, run }: RunWork,
  context: TrainContext,
  checkpoint: CheckpointRow,
  items: { margin: number | null; counts: [number, number] }[],
  seed: number,
) {
  const score = summariseAccuracy(
    items.map(({ counts }) => counts),
    seed,
  );
  if (!score) return null;
  const byMargin = [1, 2, 3].flatMap(
    (margin) =>
      summariseAccuracy(
        items.filter((item) => item.margin === margin).map(({ counts }) => counts),
        seed,
        `accuracy/margin_${margin}`,
      ) ?? [],
  );
  await upsertScores(
    db,
    [score, ...byMargin].map((measured) => ({ ...measured, projectId: run.projectId, checkpointId: checkpoint.id, runId: run.id })),
  );
  await context.emit([
    {
      kind: "log",
      level: "info",
      message: `Agrees with ${(100 * score.value).toFixed(1)} % of ${score.n} held-out comparisons (95 % interval ${(100 * score.low).toFixed(1)} to ${(100 * score.high).toFixed(1)} %)`,
    },
  ]);
  return score;
}

async function storePromotion(db: Db, context: TrainContext, policy: CheckpointRow, decision: { promoted: boolean; reason: string }) {
  await setPromotion(db, { checkpointId: policy.id, ...decision });
  await context.emit([{ kind: "log", level: decision.promoted ? "info" : "warning", message: decision.reason }]);
}

export async function trainPreferenceRun(work: RunWork, config: PreferenceConfig): Promise<Outcome> {
  const { db, run } = work;
  if (run.datasetVersionId === null) throw new Error("A preference run needs a dataset version");
  const rows = await selectTrainingRows<PreferenceRow>(db, run.datasetVersionId, "preference");
  const showcase = await selectPromptsOfSplit(db, run.projectId, "validation", SHOWCASE_PROMPTS);
  const context = await createContext(work, "adapter", run.baseCheckpointId);
  const { outcome, heldOut } = await runPreference(context, {
    config,
    chain: await chainOf(work, run.baseCheckpointId, "base checkpoint"),
    ...rows,
    showcase,
  });
  const policy = outcome === "succeeded" ? await latestCheckpoint(db, run.id) : null;
  if (policy)
    await storePromotion(
      db,
      context,
      policy,
      decidePromotion(
        "implicit reward",
        await storeAccuracy(
          work,
          context,
          policy,
          heldOut.map((counts) => ({ margin: null, counts })),
          config.seed,
        ),
      ),
    );
  return outcome;
}

export async function trainPpoRun(work: RunWork, config: PpoConfig): Promise<Outcome> {
  const { db, run } = work;
  const prompts = await selectPromptsOfSplit(db, run.projectId, "train");
  const context = await createContext(work, "adapter", run.baseCheckpointId);
  const outcome = await runPpo(context, {
    config,
    prompts,
    chain: await chainOf(work, run.baseCheckpointId, "base checkpoint"),
    rewardChain: await chainOf(work, run.rewardCheckpointId, "reward checkpoint"),
  });
  if (outcome !== "succeeded" || run.rewardCheckpointId === null) return outcome;
  const policy = await latestCheckpoint(db, run.id);
  const scores = await selectScores(db, { checkpointId: run.rewardCheckpointId });
  const accuracy = scores.find(({ metric }) => metric === "accuracy");
  if (policy) {
    await storePromotion(
      db,
      context,
      policy,
      decidePromotion("reward model", accuracy ? { value: accuracy.value, low: accuracy.low ?? 0, n: accuracy.n } : null),
    );
  }
  return outcome;
}
