/** SQL on judgements and drafts as their annotator sees them. */
import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Db } from "../client";
import { prepared } from "../prepared";
import { completions, drafts, judgements, items, prompts } from "../schema";

export type JudgementRow = typeof judgements.$inferSelect;
export type NewJudgement = typeof judgements.$inferInsert;

const byEvent = prepared((db) =>
  db
    .select()
    .from(judgements)
    .where(and(eq(judgements.annotatorId, sql.placeholder("annotatorId")), eq(judgements.clientEventId, sql.placeholder("clientEventId")))),
);

export async function selectJudgementByEvent(db: Db, input: { annotatorId: string; clientEventId: string }): Promise<JudgementRow | null> {
  const [row] = await byEvent(db, input);
  return row ?? null;
}

export async function insertJudgement(tx: Db, judgement: NewJudgement): Promise<JudgementRow> {
  const [row] = await tx.insert(judgements).values(judgement).returning();
  if (!row) throw new Error("The judgement was not inserted");
  return row;
}

const mine = (input: { projectId: string; annotatorId: string }) =>
  and(eq(judgements.projectId, input.projectId), eq(judgements.annotatorId, input.annotatorId), isNull(judgements.undoneAt));

/** The newest judgement that stands, locked, with its age by the database's clock. */
export async function lockLastJudgement(
  tx: Db,
  input: { projectId: string; annotatorId: string },
): Promise<(JudgementRow & { ageSeconds: number }) | null> {
  const [last] = await tx
    .select()
    .from(judgements)
    .where(mine(input))
    .orderBy(desc(judgements.createdAt), desc(judgements.id))
    .limit(1)
    .for("update");
  if (!last) return null;
  const [age] = await tx
    .select({ seconds: sql<number>`extract(epoch from clock_timestamp() - ${judgements.createdAt})::float8` })
    .from(judgements)
    .where(eq(judgements.id, last.id));
  return { ...last, ageSeconds: age?.seconds ?? 0 };
}

export async function undoJudgementRow(tx: Db, judgementId: string): Promise<void> {
  await tx.update(judgements).set({ undoneAt: sql`now()`, updatedAt: sql`clock_timestamp()` }).where(eq(judgements.id, judgementId));
}

export async function upsertDraft(db: Db, input: { annotatorId: string; itemId: string; value: Record<string, unknown> }): Promise<void> {
  await db
    .insert(drafts)
    .values(input)
    .onConflictDoUpdate({ target: [drafts.annotatorId, drafts.itemId], set: { value: input.value, updatedAt: sql`now()` } });
}

const ownDraft = prepared((tx) =>
  tx.delete(drafts).where(and(eq(drafts.annotatorId, sql.placeholder("annotatorId")), eq(drafts.itemId, sql.placeholder("itemId")))),
);

export async function deleteDraft(tx: Db, input: { annotatorId: string; itemId: string }): Promise<void> {
  await ownDraft(tx, input);
}

/** Own judgements that stand, newest first, with the prompt; ages by the database's clock. */
export function selectOwnJudgements(db: Db, input: { projectId: string; annotatorId: string; limit: number }) {
  return db
    .select({
      judgementId: judgements.id,
      itemId: judgements.itemId,
      value: judgements.value,
      shownOrder: judgements.shownOrder,
      reasons: judgements.reasons,
      comment: judgements.comment,
      createdAt: judgements.createdAt,
      ageSeconds: sql<number>`extract(epoch from now() - ${judgements.createdAt})::float8`,
      messages: prompts.messages,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .where(mine(input))
    .orderBy(desc(judgements.createdAt), desc(judgements.id))
    .limit(input.limit);
}

export async function selectTexts(db: Db, completionIds: readonly string[]): Promise<Map<string, string>> {
  if (completionIds.length === 0) return new Map();
  const rows = await db
    .select({ id: completions.id, text: completions.text })
    .from(completions)
    .where(inArray(completions.id, [...completionIds]));
  return new Map(rows.map(({ id, text }) => [id, text]));
}

/** Counts and times of one annotator. */
export async function selectOwnCounts(db: Db, input: { projectId: string; annotatorId: string }) {
  const [row] = await db
    .select({
      judged: sql<number>`count(*)::int`,
      today: sql<number>`count(*) filter (where ${judgements.createdAt} >= date_trunc('day', now()))::int`,
      medianActiveMs: sql<number | null>`percentile_cont(0.5) within group (order by ${judgements.activeMs})`,
      skipped: sql<number>`count(*) filter (where ${judgements.value}->>'kind' = 'skip')::int`,
      flagged: sql<number>`count(*) filter (where ${judgements.value}->>'kind' = 'flag')::int`,
      left: sql<number>`count(*) filter (where (${judgements.value}->>'margin')::int < 0)::int`,
      right: sql<number>`count(*) filter (where (${judgements.value}->>'margin')::int > 0)::int`,
    })
    .from(judgements)
    .where(mine(input));
  return row ?? { judged: 0, today: 0, medianActiveMs: null, skipped: 0, flagged: 0, left: 0, right: 0 };
}

/** Ranked judgements on the items that `annotatorId` ranked, by whom; newest items first. */
export function selectSharedRankings(db: Db, input: { projectId: string; annotatorId: string; limit: number }) {
  const own = db
    .select({ itemId: judgements.itemId })
    .from(judgements)
    .where(and(mine(input), sql`${judgements.ranks} is not null`))
    .orderBy(desc(judgements.createdAt))
    .limit(input.limit);
  return db
    .select({ itemId: judgements.itemId, annotatorId: judgements.annotatorId, shownOrder: judgements.shownOrder, ranks: judgements.ranks })
    .from(judgements)
    .where(
      and(
        eq(judgements.projectId, input.projectId),
        isNull(judgements.undoneAt),
        sql`${judgements.ranks} is not null`,
        inArray(judgements.itemId, own),
      ),
    );
}
