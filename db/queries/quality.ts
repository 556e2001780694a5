/** SQL behind the quality of votes: all votes of a project in few bytes, and the review of single ones. */
import { and, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { Review } from "../../domain/quality/review";
import type { Db } from "../client";
import { completions, items, judgementReviews, judgements, models, prompts, seats, users } from "../schema";

/**
 * Judgements that stand, oldest first, of people or of simulated annotators. Most are pairs: they come with the sign of
 * their order as shown and whether that is against the order of the ids, so that no list of ids is read for them.
 */
export async function selectQualityVotes(db: Db, input: { projectId: string; simulated: boolean }): Promise<QualityVoteRow[]> {
  const pair = sql`jsonb_array_length(j.shown_order) = 2`;
  const rows = await db.execute(sql`
    select j.id, j.item_id, j.annotator_id, i.mode, j.value->>'kind' as kind, (j.value->>'margin')::int as margin,
      case when ${pair} then j.shown_order->>0 > j.shown_order->>1 end as flipped,
      case when ${pair} then sign((j.ranks->>0)::int - (j.ranks->>1)::int)::int end as side,
      case when not ${pair} or j.value ? 'scores' or i.gold is not null or i.repeat_of is not null then
        jsonb_build_object('shown', j.shown_order, 'ranks', j.ranks, 'scores', j.value->'scores', 'scales', j.value->'scales', 'gold', i.gold, 'repeatOf', i.repeat_of) end as more,
      j.active_ms, j.untouched, (extract(epoch from j.created_at) * 1000)::float8 as at, g.version as guideline
    from judgements j
    join items i on i.id = j.item_id
    join users u on u.id = j.annotator_id
    left join guideline_versions g on g.id = j.guideline_version_id
    where j.project_id = ${input.projectId} and j.undone_at is null and u.simulated = ${input.simulated}`);
  // Sorted here: the server would send nothing before it had sorted, and rows are read while it still makes them.
  return (rows as unknown as QualityVoteRow[]).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

export type QualityVoteRow = {
  id: string;
  item_id: string;
  annotator_id: string;
  mode: string;
  kind: string;
  margin: number | null;
  flipped: boolean | null;
  side: number | null;
  more: {
    shown: string[];
    ranks: number[] | null;
    /** Scores of each shown completion on each scale. */
    scores: number[][] | null;
    scales: { name: string }[] | null;
    gold: Record<string, number> | null;
    repeatOf: string | null;
  } | null;
  active_ms: number;
  untouched: boolean;
  at: number;
  guideline: number | null;
};

/** Changes whenever what `selectQualityVotes` gives does. */
export async function selectVotesFingerprint(db: Db, projectId: string): Promise<string> {
  const [row] = await db
    .select({
      votes: sql<string>`concat_ws(' ', count(*), max(${judgements.createdAt}), count(${judgements.undoneAt}), max(${judgements.undoneAt}))`,
    })
    .from(judgements)
    .where(eq(judgements.projectId, projectId));
  const [gold] = await db
    .select({ items: sql<string>`md5(string_agg(${items.id}::text || ${items.gold}::text, ' ' order by ${items.id}))` })
    .from(items)
    .where(and(eq(items.projectId, projectId), isNotNull(items.gold)));
  return `${row?.votes} ${gold?.items}`;
}

export function selectPromptsOfItems(db: Db, itemIds: readonly string[]) {
  return itemIds.length === 0
    ? Promise.resolve([])
    : db
        .select({ itemId: items.id, promptId: prompts.id, messages: prompts.messages })
        .from(items)
        .innerJoin(prompts, eq(prompts.id, items.promptId))
        .where(inArray(items.id, [...itemIds]));
}

export function selectNames(db: Db, userIds: readonly string[]) {
  return userIds.length === 0
    ? Promise.resolve([])
    : db
        .select({ id: users.id, name: users.name })
        .from(users)
        .where(inArray(users.id, [...userIds]));
}

/** Single judgements with all that is needed to judge them: texts, who, when, and what a reviewer said. In no order. */
export async function selectJudgementsToReview(db: Db, ids: readonly string[]) {
  if (ids.length === 0) return [];
  return db
    .select({
      id: judgements.id,
      itemId: judgements.itemId,
      annotatorId: judgements.annotatorId,
      annotator: users.name,
      simulated: users.simulated,
      value: judgements.value,
      ranks: judgements.ranks,
      shownOrder: judgements.shownOrder,
      reasons: judgements.reasons,
      comment: judgements.comment,
      activeMs: judgements.activeMs,
      createdAt: judgements.createdAt,
      promptId: prompts.id,
      messages: prompts.messages,
      verdict: judgementReviews.verdict,
      purpose: items.purpose,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .leftJoin(judgementReviews, eq(judgementReviews.judgementId, judgements.id))
    .where(inArray(judgements.id, [...ids]));
}

/** What others said of these items, ranked votes that stand. */
export function selectOtherVotes(db: Db, itemIds: readonly string[]) {
  return itemIds.length === 0
    ? Promise.resolve([])
    : db
        .select({
          id: judgements.id,
          itemId: judgements.itemId,
          annotatorId: judgements.annotatorId,
          annotator: users.name,
          ranks: judgements.ranks,
          shownOrder: judgements.shownOrder,
          value: judgements.value,
        })
        .from(judgements)
        .innerJoin(users, eq(users.id, judgements.annotatorId))
        .where(and(inArray(judgements.itemId, [...itemIds]), isNull(judgements.undoneAt)));
}

export function selectCompletionTexts(db: Db, ids: readonly string[]) {
  return ids.length === 0
    ? Promise.resolve([])
    : db
        .select({ id: completions.id, text: completions.text, model: models.name })
        .from(completions)
        .innerJoin(models, eq(models.id, completions.modelId))
        .where(inArray(completions.id, [...ids]));
}

/** Judgements that a reviewer has decided on. */
export async function selectReviewedIds(db: Db, projectId: string): Promise<Set<string>> {
  const rows = await db
    .select({ id: judgementReviews.judgementId })
    .from(judgementReviews)
    .innerJoin(judgements, eq(judgements.id, judgementReviews.judgementId))
    .where(eq(judgements.projectId, projectId));
  return new Set(rows.map(({ id }) => id));
}

/** Flags that stand and nobody has reviewed, oldest first. */
export async function selectOpenFlags(db: Db, projectId: string, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: judgements.id })
    .from(judgements)
    .leftJoin(judgementReviews, eq(judgementReviews.judgementId, judgements.id))
    .where(
      and(
        eq(judgements.projectId, projectId),
        isNull(judgements.undoneAt),
        isNull(judgementReviews.judgementId),
        sql`${judgements.value}->>'kind' = 'flag'`,
      ),
    )
    .orderBy(judgements.createdAt)
    .limit(limit);
  return rows.map(({ id }) => id);
}

export async function lockJudgement(tx: Db, id: string) {
  const [row] = await tx.select().from(judgements).where(eq(judgements.id, id)).for("update");
  return row ?? null;
}

export async function insertReview(tx: Db, review: Review & { reviewerId: string }): Promise<void> {
  const { verdict, note, reviewerId } = review;
  await tx
    .insert(judgementReviews)
    .values(review)
    .onConflictDoUpdate({ target: judgementReviews.judgementId, set: { verdict, note, reviewerId, createdAt: sql`now()` } });
}

/** Gives the seat of an undone judgement to its annotator again, for `days`; then it is free for others. */
export async function returnSeat(tx: Db, input: { itemId: string; seat: number; days: number }): Promise<void> {
  await tx
    .update(seats)
    .set({ judgementId: null, leaseExpiresAt: sql`now() + make_interval(days => ${input.days})` })
    .where(and(eq(seats.itemId, input.itemId), eq(seats.seat, input.seat)));
}
