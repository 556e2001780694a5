/** SQL on human evaluations: what is asked of whom, the answers that it waits for, and the ratings. */
import { and, asc, count, desc, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import { findServingProblem } from "../../domain/annotation/serving";
import type { Db } from "../client";
import {
  completions,
  humanEvaluationAnswers,
  humanEvaluations,
  itemCompletions,
  items,
  judgements,
  models,
  prompts,
  seats,
  users,
} from "../schema";
import { insertItems } from "./items";

export type HumanEvaluationRow = typeof humanEvaluations.$inferSelect;

/** Items of an evaluation come before other work: somebody waits for all of them. */
const PRIORITY = 1;
const CHUNK = 1000;

/** Null where the project has one of this name. */
export async function insertHumanEvaluation(
  tx: Db,
  row: typeof humanEvaluations.$inferInsert,
  promptIds: readonly string[],
): Promise<HumanEvaluationRow | null> {
  const [made] = await tx.insert(humanEvaluations).values(row).onConflictDoNothing().returning();
  if (made === undefined) return null;
  const answers = promptIds.flatMap((promptId) => made.modelIds.map((modelId) => ({ evaluationId: made.id, promptId, modelId })));
  for (let start = 0; start < answers.length; start += CHUNK)
    await tx.insert(humanEvaluationAnswers).values(answers.slice(start, start + CHUNK));
  return made;
}

export async function setEvaluationRuns(tx: Db, input: { id: string; runIds: string[] }): Promise<void> {
  await tx.update(humanEvaluations).set({ runIds: input.runIds }).where(eq(humanEvaluations.id, input.id));
}

export async function selectHumanEvaluation(db: Db, id: string): Promise<HumanEvaluationRow | null> {
  const [row] = await db.select().from(humanEvaluations).where(eq(humanEvaluations.id, id));
  return row ?? null;
}

/** Newest first, with how many prompts, missing answers, and seats wanted and judged each has. */
export function selectHumanEvaluations(db: Db, filter: { projectId?: string; id?: string }) {
  const seatsOf = (more: ReturnType<typeof sql>) =>
    sql<number>`(select count(*)::int from seats s join items i on i.id = s.item_id where i.evaluation_id = human_evaluations.id ${more})`;
  return db
    .select({
      id: humanEvaluations.id,
      projectId: humanEvaluations.projectId,
      name: humanEvaluations.name,
      modelIds: humanEvaluations.modelIds,
      scales: humanEvaluations.scales,
      overlap: humanEvaluations.overlap,
      split: humanEvaluations.split,
      seed: humanEvaluations.seed,
      runIds: humanEvaluations.runIds,
      createdAt: humanEvaluations.createdAt,
      openedAt: humanEvaluations.openedAt,
      closedAt: humanEvaluations.closedAt,
      createdBy: users.name,
      prompts: sql<number>`(select count(distinct a.prompt_id)::int from human_evaluation_answers a where a.evaluation_id = human_evaluations.id)`,
      missing: sql<number>`(select count(*)::int from human_evaluation_answers a where a.evaluation_id = human_evaluations.id and a.completion_id is null)`,
      wanted: seatsOf(sql``),
      judged: seatsOf(sql`and s.judgement_id is not null`),
    })
    .from(humanEvaluations)
    .leftJoin(users, eq(users.id, humanEvaluations.createdBy))
    .where(
      and(
        filter.projectId === undefined ? undefined : eq(humanEvaluations.projectId, filter.projectId),
        filter.id === undefined ? undefined : eq(humanEvaluations.id, filter.id),
      ),
    )
    .orderBy(desc(humanEvaluations.createdAt));
}

/** What each model still has to say: prompts without an answer, by model. */
export function selectMissingAnswers(db: Db, evaluationId: string) {
  return db
    .select({
      modelId: humanEvaluationAnswers.modelId,
      promptIds: sql<string[]>`array_agg(${humanEvaluationAnswers.promptId}::text order by ${prompts.contentHash})`,
    })
    .from(humanEvaluationAnswers)
    .innerJoin(prompts, eq(prompts.id, humanEvaluationAnswers.promptId))
    .where(and(eq(humanEvaluationAnswers.evaluationId, evaluationId), isNull(humanEvaluationAnswers.completionId)))
    .groupBy(humanEvaluationAnswers.modelId);
}

/** Answers of an evaluation with their texts, by prompt in the order of the prompts' content hash. */
export function selectEvaluationAnswers(db: Db, evaluationId: string) {
  return db
    .select({
      promptId: humanEvaluationAnswers.promptId,
      modelId: humanEvaluationAnswers.modelId,
      model: models.name,
      completionId: humanEvaluationAnswers.completionId,
      problem: humanEvaluationAnswers.problem,
      contentHash: completions.contentHash,
      text: completions.text,
    })
    .from(humanEvaluationAnswers)
    .innerJoin(prompts, eq(prompts.id, humanEvaluationAnswers.promptId))
    .innerJoin(models, eq(models.id, humanEvaluationAnswers.modelId))
    .leftJoin(completions, eq(completions.id, humanEvaluationAnswers.completionId))
    .where(eq(humanEvaluationAnswers.evaluationId, evaluationId))
    .orderBy(asc(prompts.contentHash), asc(models.name));
}

/**
 * Gives the project's evaluations the newest answers that are there, and opens those that have them all: each prompt
 * becomes one item with every different text once. A prompt with an answer that gives its model away is left out.
 */
export async function openHumanEvaluations(db: Db, projectId: string): Promise<void> {
  const waiting = await db
    .select()
    .from(humanEvaluations)
    .where(and(eq(humanEvaluations.projectId, projectId), isNull(humanEvaluations.openedAt)));
  for (const { id } of waiting) {
    await db.transaction(async (tx) => {
      const [evaluation] = await tx
        .select()
        .from(humanEvaluations)
        .where(and(eq(humanEvaluations.id, id), isNull(humanEvaluations.openedAt)))
        .for("update");
      if (evaluation === undefined) return;
      await tx.execute(sql`
        update human_evaluation_answers a set completion_id = (
          select c.id from completions c where c.prompt_id = a.prompt_id and c.model_id = a.model_id and c.turns is null
          order by c.created_at desc, c.ordinal, c.id limit 1)
        where a.evaluation_id = ${id} and a.completion_id is null`);
      const [missing] = await tx
        .select({ n: count() })
        .from(humanEvaluationAnswers)
        .where(and(eq(humanEvaluationAnswers.evaluationId, id), isNull(humanEvaluationAnswers.completionId)));
      if (missing === undefined || missing.n > 0) return;
      await makeItems(tx, evaluation);
      await tx.update(humanEvaluations).set({ openedAt: sql`now()` }).where(eq(humanEvaluations.id, id));
    });
  }
}

async function makeItems(tx: Db, evaluation: HumanEvaluationRow): Promise<void> {
  const byPrompt = new Map<string, Awaited<ReturnType<typeof selectEvaluationAnswers>>>();
  for (const answer of await selectEvaluationAnswers(tx, evaluation.id))
    byPrompt.set(answer.promptId, [...(byPrompt.get(answer.promptId) ?? []), answer]);
  const wanted = [];
  for (const [promptId, answers] of byPrompt) {
    let fair = true;
    for (const { modelId, model, text } of answers) {
      const problem = findServingProblem("rating", [{ text: text ?? "", model }]);
      if (problem === null) continue;
      fair = false;
      await tx
        .update(humanEvaluationAnswers)
        .set({ problem })
        .where(
          and(
            eq(humanEvaluationAnswers.evaluationId, evaluation.id),
            eq(humanEvaluationAnswers.promptId, promptId),
            eq(humanEvaluationAnswers.modelId, modelId),
          ),
        );
    }
    const shown = [...new Map(answers.map(({ contentHash, completionId }) => [contentHash, completionId])).values()].flatMap(
      (id) => id ?? [],
    );
    if (fair) wanted.push({ promptId, completionIds: shown, mode: "rating" as const, priority: PRIORITY, evaluationId: evaluation.id });
  }
  await insertItems(tx, { projectId: evaluation.projectId, items: wanted, seatsPerItem: evaluation.overlap });
}

/** Ratings of an evaluation that stand, oldest first, of people or of simulated annotators. */
export function selectEvaluationRatings(db: Db, input: { evaluationId: string; simulated: boolean }) {
  return db
    .select({
      id: judgements.id,
      promptId: items.promptId,
      evaluatorId: judgements.annotatorId,
      evaluator: users.name,
      value: judgements.value,
      shownOrder: judgements.shownOrder,
      comment: judgements.comment,
      reasons: judgements.reasons,
      createdAt: judgements.createdAt,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(
      and(
        eq(items.evaluationId, input.evaluationId),
        isNull(judgements.undoneAt),
        eq(users.simulated, input.simulated),
        sql`${judgements.value}->>'kind' = 'rating'`,
      ),
    )
    .orderBy(asc(judgements.createdAt), asc(judgements.id));
}

/** Changes whenever what `selectEvaluationRatings` gives does. */
export async function selectRatingsMark(db: Db, evaluationId: string): Promise<string> {
  const [row] = await db
    .select({
      mark: sql<string>`concat_ws(' ', count(*), max(${judgements.createdAt}), count(${judgements.undoneAt}), max(${judgements.undoneAt}))`,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .where(eq(items.evaluationId, evaluationId));
  return row?.mark ?? "";
}

/** Texts that were shown for each prompt, in the items' order. */
export function selectShownTexts(db: Db, evaluationId: string) {
  return db
    .select({
      promptId: items.promptId,
      completionId: itemCompletions.completionId,
      contentHash: completions.contentHash,
      text: completions.text,
    })
    .from(items)
    .innerJoin(itemCompletions, eq(itemCompletions.itemId, items.id))
    .innerJoin(completions, eq(completions.id, itemCompletions.completionId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .where(eq(items.evaluationId, evaluationId))
    .orderBy(asc(prompts.contentHash), asc(itemCompletions.position));
}

/** Asks people again, or no more; what they hold may still be sent. */
export async function setEvaluationClosed(tx: Db, input: { id: string; closed: boolean }): Promise<void> {
  await tx
    .update(humanEvaluations)
    .set({ closedAt: input.closed ? sql`now()` : null })
    .where(eq(humanEvaluations.id, input.id));
  await tx.update(items).set({ open: !input.closed }).where(eq(items.evaluationId, input.id));
}

/** Evaluations of a project that have ratings, newest first. */
export function selectRatedEvaluations(db: Db, projectId: string): Promise<HumanEvaluationRow[]> {
  const rated = db
    .select({ id: items.evaluationId })
    .from(items)
    .innerJoin(seats, eq(seats.itemId, items.id))
    .where(and(isNotNull(items.evaluationId), isNotNull(seats.judgementId)));
  return db
    .select()
    .from(humanEvaluations)
    .where(and(eq(humanEvaluations.projectId, projectId), inArray(humanEvaluations.id, rated)))
    .orderBy(desc(humanEvaluations.createdAt));
}

/** Checkpoints and names of models, in no order. */
export function selectModelsByIds(db: Db, ids: readonly string[]) {
  return ids.length === 0
    ? Promise.resolve([])
    : db
        .select({ id: models.id, name: models.name, projectId: models.projectId, checkpointId: models.checkpointId })
        .from(models)
        .where(inArray(models.id, [...ids]));
}
