/** Stored scores of a reward model: held against people, leading the review, and choosing pairs. */
import { and, eq, lt } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { selectModels } from "../../../db/queries/completions";
import { insertCompletionRewards, selectScoringCheckpoints } from "../../../db/queries/completion-rewards";
import { checkpoints, items, judgements } from "../../../db/schema";
import { runConfigSchema } from "../../../domain/run";
import type { UserContext } from "../../../server/context";
import { compareModels } from "../../../server/services/comparison";
import { createItems } from "../../../server/services/item";
import { makeItems } from "../../../server/services/make-items";
import { submitJudgement } from "../../../server/services/judgement";
import { listToReview } from "../../../server/services/quality";
import { claimNextItem } from "../../../server/services/queue";
import { getRewardAgreement } from "../../../server/services/reward-agreement";
import { createRun } from "../../../server/services/run";
import { addCompletions, addPrompt, addUser } from "../../helpers/project-world";
import { addRun, createRunWorld, type RunWorld } from "../../helpers/run-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();

/** A world whose reward checkpoint was made by a run on its dataset version: the training prompts are known to it. */
async function addRewardWorld(): Promise<RunWorld & { runId: string }> {
  const world = await createRunWorld(db());
  const run = await addRun(world, { config: runConfigSchema.parse({ kind: "reward" }) });
  await db().update(checkpoints).set({ runId: run.id, final: true }).where(eq(checkpoints.id, world.reward.id));
  return { ...world, runId: run.id };
}

/** A held-out item of two models' answers with scores `lead` apart. */
async function addScoredItem(world: RunWorld & { runId: string }, i: number, lead: number, seats = 2) {
  const promptId = await addPrompt(db(), world.projectId, `Held out ${i}`, { split: "test" });
  const [good = ""] = await addCompletions(db(), world.projectId, promptId, [`good ${i}`], "good");
  const [poor = ""] = await addCompletions(db(), world.projectId, promptId, [`poor ${i}`], "poor");
  await insertCompletionRewards(
    db(),
    [
      { completionId: good, score: lead },
      { completionId: poor, score: 0 },
    ].map((row) => ({ ...row, checkpointId: world.reward.id, runId: world.runId })),
  );
  await createItems(
    { db: db() },
    { projectId: world.projectId, items: [{ promptId, completionIds: [good, poor], mode: "pairwise" }], seatsPerItem: seats },
  );
}

async function judgeAll(ctx: UserContext, projectId: string, prefers: (i: number) => "good" | "poor"): Promise<void> {
  for (let task = await claimNextItem(ctx, { projectId }); task !== null; task = await claimNextItem(ctx, { projectId })) {
    const wanted = prefers(Number(task.messages[0]?.content.split(" ").at(-1)));
    const first = task.completions[0]?.text.startsWith(wanted);
    await submitJudgement(ctx, {
      itemId: task.itemId,
      clientEventId: crypto.randomUUID(),
      value: { kind: "pairwise", margin: first ? -2 : 2 },
      reasons: [],
      comment: "",
      activeMs: 9000,
      idleMs: 0,
      untouched: false,
    });
  }
}

describe("agreement with people", () => {
  it("counts held-out votes that stand, by annotator, and says what is not scored", async () => {
    const world = await addRewardWorld();
    for (let i = 0; i < 6; i++) await addScoredItem(world, i, 2);
    const [ann, bob] = [await addUser(db(), "annotator"), await addUser(db(), "annotator")];
    await judgeAll(ann, world.projectId, () => "good");
    await judgeAll(bob, world.projectId, (i) => (i < 2 ? "poor" : "good"));
    const ask = (simulated: boolean | null) => getRewardAgreement(world.ctx, { checkpointId: world.reward.id, simulated });
    const found = await ask(null);
    // The two votes of Robin on training prompts are not among them.
    expect(found).toMatchObject({
      simulated: false,
      votes: 12,
      of: 12,
      all: { pairs: 12, accuracy: { value: 10 / 12, n: 6 } },
      people: { value: 4 / 6, n: 6 },
    });
    expect(found.annotators.map(({ annotatorId, accuracy, others }) => [annotatorId, accuracy.value, others])).toEqual(
      expect.arrayContaining([
        [ann.user.id, 1, { agreed: 4, n: 6 }],
        [bob.user.id, 4 / 6, { agreed: 4, n: 6 }],
      ]),
    );
    expect(found.byConsensus.map(({ consensus, pairs }) => [consensus, pairs])).toEqual([
      ["unanimous", 8],
      ["split", 4],
    ]);
    expect(found.byMargin).toMatchObject([{ margin: 2, pairs: 12 }]);
    const [vote] = await db().select().from(judgements).where(eq(judgements.annotatorId, ann.user.id)).limit(1);
    await db()
      .update(judgements)
      .set({ undoneAt: new Date() })
      .where(eq(judgements.id, vote?.id ?? ""));
    expect((await ask(false)).votes).toBe(11);
    const promptId = await addPrompt(db(), world.projectId, "Held out 99", { split: "test" });
    const pair = [
      ...(await addCompletions(db(), world.projectId, promptId, ["good 99"], "good")),
      ...(await addCompletions(db(), world.projectId, promptId, ["poor 99"], "poor")),
    ];
    await createItems(
      { db: db() },
      { projectId: world.projectId, items: [{ promptId, completionIds: pair, mode: "pairwise" }], seatsPerItem: 1 },
    );
    await judgeAll(await addUser(db(), "annotator"), world.projectId, () => "good");
    expect(await ask(false)).toMatchObject({ of: (await ask(false)).votes + 1 });
    expect(await ask(true)).toMatchObject({ votes: 0, of: 0, all: null });
    await expect(getRewardAgreement(world.ctx, { checkpointId: world.base.id, simulated: null })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});

describe("the review", () => {
  it("is led by what the reward model and the others find least likely, with the reason of each", async () => {
    const world = await addRewardWorld();
    // Item 0: scores and the others are against the odd vote; 1: the scores alone; 2: the others alone.
    for (const [i, lead] of [4, 4, 0.0001, 4, 4, 4, 4, 4].entries()) await addScoredItem(world, i, lead, i === 1 ? 1 : 3);
    const [ann, bob, cay] = [await addUser(db(), "annotator"), await addUser(db(), "annotator"), await addUser(db(), "annotator")];
    await judgeAll(cay, world.projectId, (i) => (i <= 2 ? "poor" : "good"));
    await judgeAll(ann, world.projectId, () => "good");
    await judgeAll(bob, world.projectId, () => "good");
    const { judgements: found, rewardModel } = await listToReview(world.ctx, { projectId: world.projectId, simulated: false });
    expect(rewardModel).toMatchObject({ id: world.reward.id });
    const led = found.slice(0, 3);
    expect(led.map(({ prompt }) => prompt)).toEqual(["Held out 0", expect.any(String), expect.any(String)]);
    expect(led.every(({ annotatorId }) => annotatorId === cay.user.id)).toBe(true);
    const alone = led.find(({ prompt }) => prompt === "Held out 1");
    expect(alone?.byOthers).toBeNull();
    expect(alone?.byReward).toBeCloseTo(1 / (1 + Math.exp(4)), 9);
    expect(alone?.likelihood).toBe(alone?.byReward);
    expect(alone?.completions.map(({ reward }) => reward).sort()).toEqual([0, 4]);
    const others = led.find(({ prompt }) => prompt === "Held out 2");
    expect(others?.byReward).toBeCloseTo(0.5, 3);
    expect(others?.byOthers).toBeLessThan(0.3);
    expect(led[0]?.likelihood).toBeLessThan(Math.min(alone?.likelihood ?? 0, others?.likelihood ?? 0));
    expect(led[0]?.learntFrom).toBe(false);
  });
});

describe("the selection of pairs", () => {
  it("asks where the reward model is least sure, and every judgement keeps how likely that was", async () => {
    const world = await addRewardWorld();
    const { projectId } = world;
    for (let i = 0; i < 40; i++) {
      const promptId = await addPrompt(db(), projectId, `Asked ${i}`, { split: "test" });
      const ids = [
        ...(await addCompletions(db(), projectId, promptId, [`good ${i}`], "good")),
        ...(await addCompletions(db(), projectId, promptId, [`poor ${i}`], "poor")),
      ];
      if (i < 30)
        await insertCompletionRewards(
          db(),
          ids.map((completionId, side) => ({
            completionId,
            score: side === 0 ? 0 : i < 8 ? 0 : 6,
            checkpointId: world.reward.id,
            runId: world.runId,
          })),
        );
    }
    const modelIds = (await selectModels(db(), projectId)).filter(({ name }) => name === "good" || name === "poor").map(({ id }) => id);
    const choice = { projectId, modelIds, split: "test" as const, maxItems: 6, seed: 1 };
    expect(await compareModels(world.ctx, { ...choice, selection: "uncertain" })).toEqual({ created: 6, existing: 0, unscored: 10 });
    const made = await db().select().from(items).where(eq(items.projectId, projectId));
    const chosen = made.filter(({ propensity }) => propensity < 1);
    expect(chosen.length).toBe(6);
    // 6 of 30 in proportion to a tenth of the mean weight (8 of weight 1) and nine tenths of the own.
    const [mean, near] = [8 / 30, 1];
    expect(Math.max(...chosen.map(({ propensity }) => propensity))).toBeCloseTo((6 * (0.1 * mean + 0.9 * near)) / 8, 3);
    const annotator = await addUser(db(), "annotator");
    await judgeAll(annotator, projectId, () => "good");
    const kept = await db()
      .select({ propensity: judgements.propensity, itemId: judgements.itemId })
      .from(judgements)
      .where(eq(judgements.annotatorId, annotator.user.id));
    for (const { itemId, propensity } of kept) expect(propensity).toBe(made.find(({ id }) => id === itemId)?.propensity);

    await expect(
      compareModels(world.ctx, { ...choice, selection: "disagreement", otherCheckpointId: world.base.id }),
    ).rejects.toMatchObject({ fields: [{ field: "otherCheckpointId" }] });
    // The votes now rank the two models, which the scores of most prompts contradict.
    expect((await compareModels(world.ctx, { ...choice, maxItems: 40, selection: "disagreement" })).created).toBe(24);
    expect(await selectScoringCheckpoints(db(), projectId)).toMatchObject([{ id: world.reward.id, scored: 60 }]);
  });

  it("chooses what becomes a pair among a prompt's samples, too", async () => {
    const world = await addRewardWorld();
    const { projectId } = world;
    for (let i = 0; i < 30; i++) {
      const promptId = await addPrompt(db(), projectId, `Sampled ${i}`, { split: "validation" });
      const ids = await addCompletions(db(), projectId, promptId, [`one ${i}`, `two ${i}`, `three ${i}`], "policy");
      await insertCompletionRewards(
        db(),
        ids.map((completionId, k) => ({ completionId, score: [0, 0.1, 9][k] ?? 0, checkpointId: world.reward.id, runId: world.runId })),
      );
    }
    const choice = { projectId, split: "validation" as const, maxItems: 100, seed: 1, dryRun: false };
    await expect(makeItems(world.ctx, { ...choice, selection: "disagreement" })).rejects.toMatchObject({
      fields: [{ field: "otherCheckpointId" }],
    });
    expect((await makeItems(world.ctx, { ...choice, selection: "uncertain" })).made).toEqual({ pairwise: 30 });
    const made = await db()
      .select({ propensity: items.propensity })
      .from(items)
      .where(and(eq(items.projectId, projectId), lt(items.propensity, 1)));
    // A tenth is even among three pairs; the rest is nearly all of the one pair that is near a half.
    const likely = made.filter(({ propensity }) => propensity > 0.9);
    expect(likely.length).toBeGreaterThan(22);
    for (const { propensity } of likely) expect(propensity).toBeCloseTo(0.1 / 3 + 0.9, 3);
  });

  it("says to score first where nothing is scored, and only a reward model can", async () => {
    const world = await createRunWorld(db());
    const modelIds = (await selectModels(db(), world.projectId)).map(({ id }) => id);
    const choice = {
      projectId: world.projectId,
      modelIds: [modelIds[0] ?? "", crypto.randomUUID()],
      split: "train" as const,
      maxItems: 5,
      seed: 1,
    };
    await expect(compareModels(world.ctx, { ...choice, selection: "uncertain" })).rejects.toThrow(/Start a score run first/);
    const start = (baseCheckpointId: string) =>
      createRun(world.ctx, {
        projectId: world.projectId,
        name: "Scores",
        config: runConfigSchema.parse({ kind: "score" }),
        baseCheckpointId,
        rewardCheckpointId: null,
        datasetVersionId: null,
      });
    await expect(start(world.base.id)).rejects.toMatchObject({
      fields: [{ field: "baseCheckpointId", message: expect.stringMatching(/reward checkpoint/) }],
    });
    expect((await start(world.reward.id)).id).toBeTruthy();
  });
});
