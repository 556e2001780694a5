/** Items that set models against each other, made of completions that are there already (an evaluation leaves some). */
import { selectNewestCompletions } from "../../db/queries/completions";
import {
  type ComparedPrompt,
  type Comparison,
  chooseComparisons,
  type ModelKnowledge,
  NOTHING_KNOWN,
  pairKey,
} from "../../domain/comparison";
import { rateVotes } from "../../domain/ratings/rate";
import { countPairs } from "../../domain/ratings/votes";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import { selectRewardsOf } from "../../db/queries/completion-rewards";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { createItems } from "./item";
import { BOARD_SEED } from "./leaderboard";
import { readWantedVotes } from "./leaderboard-scrutiny";
import { selectBoardVotes } from "./leaderboard-votes";
import { requireScorer } from "./reward-agreement";

type Chosen = "selection" | "difference" | "rewardCheckpointId" | "otherCheckpointId";
type ComparisonInput = Omit<Comparison, Chosen> & Partial<Pick<Comparison, Chosen>>;

/**
 * Makes one pairwise item for each prompt of the split that two of the models answered, see `chooseComparisons`.
 * `unscored`: prompts that a selection by reward models could not look at, for want of scores.
 * @throws CONFLICT when there is no such prompt, or no score, with what to do.
 */
export async function compareModels(
  ctx: UserContext,
  input: ComparisonInput,
): Promise<{ created: number; existing: number; unscored: number }> {
  const { projectId } = await requireProject(ctx, { project: input.projectId }, "researcher");
  const rows = await selectNewestCompletions(ctx.db, input);
  const prompts = new Map<string, ComparedPrompt>();
  for (const { promptId, promptHash, ...completion } of rows) {
    const prompt = prompts.get(promptId) ?? { promptId, key: promptHash, completions: [] };
    prompt.completions.push(completion);
    prompts.set(promptId, prompt);
  }
  const knowledge = await learnModels(
    ctx,
    input,
    rows.map(({ id }) => id),
  );
  const pairs = chooseComparisons([...prompts.values()], input, knowledge);
  const byReward = input.selection === "uncertain" || input.selection === "disagreement";
  const unscored = byReward
    ? [...prompts.values()].filter(
        ({ completions }) =>
          completions.filter(({ id }) => knowledge.rewards.has(id) && knowledge.otherRewards?.has(id) !== false).length < 2,
      ).length
    : 0;
  if (pairs.length === 0 && unscored > 0) {
    throw new AppError(
      "CONFLICT",
      `The chosen reward models have not scored these models' answers to the ${input.split} split. Start a score run of each first.`,
    );
  }
  if (pairs.length === 0) {
    throw new AppError(
      "CONFLICT",
      `No prompt of the ${input.split} split has different answers of two of these models. Evaluate or sample them on that split first.`,
    );
  }
  return ctx.db.transaction(async (tx) => {
    const { created, existing } = await createItems({ db: tx }, { projectId, items: pairs.map((pair) => ({ ...pair, mode: "pairwise" })) });
    await recordAction(tx, ctx.user.id, {
      action: "items.made",
      projectId,
      kind: "project",
      id: projectId,
      details: { items: created, split: input.split },
    });
    return { created, existing, unscored };
  });
}

/** What people's votes say of the models so far, as far as the selection asks. */
async function learnModels(ctx: UserContext, input: ComparisonInput, completionIds: string[]): Promise<ModelKnowledge> {
  const { projectId, selection } = input;
  const { db } = ctx;
  if (selection === "uncertain" || selection === "disagreement") {
    const scoresOf = async (checkpointId: string) => selectRewardsOf(db, { checkpointId, completionIds });
    const rewards = await scoresOf(await requireScorer(ctx, projectId, input.rewardCheckpointId ?? null, "rewardCheckpointId"));
    if (selection === "uncertain") return { ...NOTHING_KNOWN, rewards };
    if (input.otherCheckpointId != null)
      return {
        ...NOTHING_KNOWN,
        rewards,
        otherRewards: await scoresOf(await requireScorer(ctx, projectId, input.otherCheckpointId, "otherCheckpointId")),
      };
    const { strengths } = await learnStrengths(ctx, projectId);
    if (strengths.size === 0)
      throw new AppError(
        "CONFLICT",
        "No votes of people rank these models yet, so that nothing can disagree with the reward model. Choose a second reward model.",
      );
    return { ...NOTHING_KNOWN, rewards, strengths };
  }
  if (selection === "wanted") return { ...NOTHING_KNOWN, wanted: await readWantedVotes(db, input) };
  return selection === "balanced" || selection === "information" ? learnStrengths(ctx, projectId) : NOTHING_KNOWN;
}

/** Votes and strengths of people's ranking as it is. */
async function learnStrengths({ db }: UserContext, projectId: string): Promise<ModelKnowledge> {
  const { packed, models } = await selectBoardVotes(db, projectId, { votes: "people", weights: "served" });
  if (packed.source.length === 0) return NOTHING_KNOWN;
  const { first, second, counts } = countPairs({ ...packed, weight: null });
  const idOf = (i: number) => models[i]?.id ?? "";
  const votes = new Map(
    Array.from(first, (i, pair) => [
      pairKey(idOf(i), idOf(second[pair] as number)),
      counts.subarray(3 * pair, 3 * pair + 3).reduce((sum, n) => sum + n, 0),
    ]),
  );
  const { fit, covariance } = rateVotes(packed, { seed: BOARD_SEED, draws: 1 });
  const strengths = new Map(
    models.map(({ id }, i) => [id, { logit: fit.x[i] as number, variance: Math.max(1e-4, covariance[i * models.length + i] as number) }]),
  );
  return { ...NOTHING_KNOWN, votes, strengths };
}
