/** SQL of exported judgements: in pages, with everything that is stored of each. */
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Db } from "../client";
import { completions, guidelineVersions, itemCompletions, items, judgements, models, prompts, users } from "../schema";

/** Judgements that stand, oldest first, after the place of the last one read. */
export function selectJudgementPage(
  db: Db,
  input: { projectId: string; after: { at: string; id: string } | null; limit: number; simulated: boolean },
) {
  const { projectId, after, limit, simulated } = input;
  return db
    .select({
      id: judgements.id,
      itemId: judgements.itemId,
      annotatorId: judgements.annotatorId,
      simulated: users.simulated,
      value: judgements.value,
      shownOrder: judgements.shownOrder,
      ranks: judgements.ranks,
      reasons: judgements.reasons,
      comment: judgements.comment,
      guideline: guidelineVersions.version,
      propensity: judgements.propensity,
      purpose: judgements.purpose,
      activeMs: judgements.activeMs,
      idleMs: judgements.idleMs,
      untouched: judgements.untouched,
      createdAt: judgements.createdAt,
      /** With all its digits: a Date has three of them. */
      place: sql<string>`${judgements.createdAt}::text`,
      clientEventId: judgements.clientEventId,
      mode: items.mode,
      promptId: prompts.id,
      messages: prompts.messages,
      reference: prompts.reference,
      split: prompts.split,
      groupKey: prompts.groupKey,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .leftJoin(guidelineVersions, eq(guidelineVersions.id, judgements.guidelineVersionId))
    .where(
      and(
        eq(judgements.projectId, projectId),
        isNull(judgements.undoneAt),
        eq(users.simulated, simulated),
        after === null ? undefined : sql`(${judgements.createdAt}, ${judgements.id}) > (${after.at}::timestamptz, ${after.id}::uuid)`,
      ),
    )
    .orderBy(asc(judgements.createdAt), asc(judgements.id))
    .limit(limit);
}

/** Completions of items, in the items' own order. */
export function selectCompletionsOfItems(db: Db, itemIds: readonly string[]) {
  return db
    .select({
      itemId: itemCompletions.itemId,
      id: completions.id,
      text: completions.text,
      model: models.name,
      checkpointId: models.checkpointId,
    })
    .from(itemCompletions)
    .innerJoin(completions, eq(completions.id, itemCompletions.completionId))
    .innerJoin(models, eq(models.id, completions.modelId))
    .where(inArray(itemCompletions.itemId, [...itemIds]))
    .orderBy(asc(itemCompletions.itemId), asc(itemCompletions.position));
}
