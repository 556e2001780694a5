/** Items: what is judged together. Made of completions of one prompt that can be told apart. */
import type { Db } from "../../db/client";
import { selectCompletionsByIds } from "../../db/queries/completions";
import { insertItems, type NewItem } from "../../db/queries/items";
import { selectProject } from "../../db/queries/projects";
import { findServingProblem } from "../../domain/annotation/serving";
import { AppError } from "../errors";

export type CreateItemsResult = {
  /** Ids of the items that were made. */
  ids: string[];
  created: number;
  /** Comparisons that were items already; they are left as they are. */
  existing: number;
  /** Comparisons that make no item, by their place in the input. */
  skipped: { index: number; reason: string }[];
};

type KnownCompletion = { id: string; projectId: string; promptId: string; text: string; turns: readonly unknown[] | null; model: string };

/** Why `item` cannot be judged, or null. */
function whyNot({ completionIds, mode, promptId }: NewItem, projectId: string, known: ReadonlyMap<string, KnownCompletion>): string | null {
  if (new Set(completionIds).size !== completionIds.length) return "The same completion is named twice";
  const completions: KnownCompletion[] = [];
  for (const id of completionIds) {
    const completion = known.get(id);
    if (completion === undefined || completion.projectId !== projectId) return `Completion ${id} is not in this project`;
    if (completion.promptId !== promptId) return `Completion ${id} answers another prompt`;
    completions.push(completion);
  }
  return findServingProblem(mode, completions);
}

/**
 * Makes items with their seats (1..`seatsPerItem`, by default the project's overlap) in one transaction. The same
 * completions in any order are one item; what cannot be judged is skipped and reported with its reason.
 */
export async function createItems(
  ctx: { db: Db },
  input: { projectId: string; items: NewItem[]; seatsPerItem?: number },
): Promise<CreateItemsResult> {
  const { projectId, seatsPerItem } = input;
  if (seatsPerItem !== undefined && (!Number.isInteger(seatsPerItem) || seatsPerItem < 1 || seatsPerItem > 99)) {
    throw new AppError("BAD_INPUT", `seatsPerItem: expected 1 to 99, not ${seatsPerItem}`);
  }
  return ctx.db.transaction(async (tx) => {
    if ((await selectProject(tx, projectId)) === null) throw new AppError("NOT_FOUND", "There is no such project.");
    const completions = await selectCompletionsByIds(tx, [...new Set(input.items.flatMap(({ completionIds }) => completionIds))]);
    const known = new Map(completions.map((completion) => [completion.id, completion]));
    const skipped: CreateItemsResult["skipped"] = [];
    const wanted: NewItem[] = [];
    input.items.forEach((item, index) => {
      const reason = whyNot(item, projectId, known);
      if (reason === null) wanted.push(item);
      else skipped.push({ index, reason });
    });
    const { inserted, ids } = await insertItems(tx, { projectId, items: wanted, seatsPerItem });
    return { ids, created: inserted, existing: wanted.length - inserted, skipped };
  });
}
