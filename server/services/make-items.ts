/** Items by a project's settings: each prompt that has none becomes one, of the modes in their shares. */
import type { Db } from "../../db/client";
import { selectRewardsOf } from "../../db/queries/completion-rewards";
import { selectServableCompletions } from "../../db/queries/completions";
import { selectPromptPage } from "../../db/queries/datasets";
import { type NewItem, selectPromptsWithItems } from "../../db/queries/items";
import { type PairWeight, planItem } from "../../domain/annotation/plan-item";
import type { ItemMode } from "../../domain/judgement";
import { preferenceOf, type RewardSelection, rewardWeight } from "../../domain/pair-weights";
import type { Split } from "../../domain/prompt";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { fieldError } from "../errors";
import { createItems } from "./item";
import { getProject } from "./project";
import { requireScorer } from "./reward-agreement";

const PAGE = 200;

export type ItemPlan = {
  /** Prompts of the split. */
  prompts: number;
  /** Prompts that are items already, and those with too few completions for any mode. */
  known: number;
  without: number;
  made: Partial<Record<ItemMode, number>>;
  /** Completions that are not shown, by why. */
  left: Record<string, number>;
};

export type ItemChoice = {
  projectId: string;
  /** Null takes all splits. */
  split: Split | null;
  maxItems: number;
  seed: number;
  /** How the two completions of a pair are drawn; "random" by default. */
  selection?: "random" | RewardSelection;
  /** Whose scores that goes by; the newest reward checkpoint that has scored completions for null. */
  rewardCheckpointId?: string | null;
  /** What disagrees with it. */
  otherCheckpointId?: string | null;
};

/** How much a vote on two completions is wanted, of a page's completions; null for pairs by chance. */
async function createPairWeight(
  ctx: UserContext,
  { projectId, selection = "random", rewardCheckpointId = null, otherCheckpointId = null }: ItemChoice,
) {
  if (selection === "random") return null;
  const scorer = await requireScorer(ctx, projectId, rewardCheckpointId, "rewardCheckpointId");
  if (selection === "disagreement" && (otherCheckpointId === null || otherCheckpointId === scorer))
    throw fieldError("otherCheckpointId", "Choose a second reward model");
  const other = selection === "disagreement" ? await requireScorer(ctx, projectId, otherCheckpointId, "otherCheckpointId") : null;
  return async (db: Db, completionIds: string[]): Promise<PairWeight> => {
    const rewards = await selectRewardsOf(db, { checkpointId: scorer, completionIds });
    const others = other === null ? null : await selectRewardsOf(db, { checkpointId: other, completionIds });
    return (first, second) =>
      rewardWeight(selection, preferenceOf(rewards, first, second), others === null ? null : preferenceOf(others, first, second));
  };
}

/** Makes the items, or only counts them (`dryRun`). The same settings and seed make the same items. */
export async function makeItems(ctx: UserContext, input: ItemChoice & { dryRun: boolean }): Promise<ItemPlan> {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const { annotation } = await getProject(ctx, input);
  const pairWeight = await createPairWeight(ctx, input);
  const plan: ItemPlan = { prompts: 0, known: 0, without: 0, made: {}, left: {} };
  return ctx.db.transaction(async (tx) => {
    let afterHash = "";
    let made = 0;
    while (made < input.maxItems) {
      const page = await selectPromptPage(tx, { projectId: input.projectId, afterHash, limit: PAGE });
      const last = page.at(-1);
      if (last === undefined) break;
      afterHash = last.contentHash;
      const prompts = page.filter(({ split }) => input.split === null || split === input.split);
      const ids = prompts.map(({ id }) => id);
      const [known, completions] = [await selectPromptsWithItems(tx, ids), await selectServableCompletions(tx, ids)];
      const weight = await pairWeight?.(
        tx,
        [...completions.values()].flatMap((own) => own.map(({ id }) => id)),
      );
      const items: NewItem[] = [];
      for (const { id, contentHash } of prompts) {
        if (made + items.length === input.maxItems) break;
        plan.prompts += 1;
        if (known.has(id)) {
          plan.known += 1;
          continue;
        }
        const { item, left } = planItem({ key: contentHash, completions: completions.get(id) ?? [] }, annotation.modes, input.seed, weight);
        for (const reason of left) plan.left[reason] = (plan.left[reason] ?? 0) + 1;
        if (item === null) plan.without += 1;
        else items.push({ promptId: id, ...item });
      }
      for (const { mode } of items) plan.made[mode] = (plan.made[mode] ?? 0) + 1;
      made += items.length;
      if (!input.dryRun) await createItems({ db: tx }, { projectId: input.projectId, items });
    }
    if (!input.dryRun) {
      const { projectId, split, seed } = input;
      await recordAction(tx, ctx.user.id, {
        action: "items.made",
        projectId,
        kind: "project",
        id: projectId,
        details: { items: made, split, seed },
      });
    }
    return plan;
  });
}
