/** Items by a project's settings: each prompt that has none becomes one, of the modes in their shares. */
import { selectServableCompletions } from "../../db/queries/completions";
import { selectPromptPage } from "../../db/queries/datasets";
import { type NewItem, selectPromptsWithItems } from "../../db/queries/items";
import { planItem } from "../../domain/annotation/plan-item";
import type { ItemMode } from "../../domain/judgement";
import type { Split } from "../../domain/prompt";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { createItems } from "./item";
import { getProject } from "./project";

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
};

/** Makes the items, or only counts them (`dryRun`). The same settings and seed make the same items. */
export async function makeItems(ctx: UserContext, input: ItemChoice & { dryRun: boolean }): Promise<ItemPlan> {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const { annotation } = await getProject(ctx, input);
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
      const items: NewItem[] = [];
      for (const { id, contentHash } of prompts) {
        if (made + items.length === input.maxItems) break;
        plan.prompts += 1;
        if (known.has(id)) {
          plan.known += 1;
          continue;
        }
        const { item, left } = planItem({ key: contentHash, completions: completions.get(id) ?? [] }, annotation.modes, input.seed);
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
