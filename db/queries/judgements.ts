/** SQL on judgements and drafts as their annotator sees them. */
import { and, desc, eq, inArray, isNull, type SQLWrapper, sql } from "drizzle-orm";
import type { JudgementValue } from "../../domain/judgement";
import type { ItemPurpose } from "../../domain/queue";
import type { Db } from "../client";
import { prepared } from "../prepared";
import { completions, drafts, judgements, items, prompts, seats } from "../schema";

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

const ofHeldSeat = prepared((db) => {
  const given = <T>(name: keyof NewJudgement, type: string) => sql<T>`${sql.placeholder(name)}::${sql.raw(type)}`;
  const itemId = sql.placeholder("itemId");
  const annotatorId = sql.placeholder("annotatorId");
  const skipped = sql`${sql.placeholder("skipped")}::boolean`;
  const unlessSkipped = (column: SQLWrapper) => sql`case when ${skipped} then null else ${column} end`;
  const held = db.$with("held").as(
    db
      .select({ seat: seats.seat, tier: seats.tier, shownOrder: seats.shownOrder, guidelineVersionId: seats.guidelineVersionId })
      .from(seats)
      .where(and(eq(seats.itemId, itemId), eq(seats.annotatorId, annotatorId), isNull(seats.judgementId)))
      .for("update"),
  );
  const seated = db.$with("seated").as(
    db
      .update(seats)
      .set({
        judgementId: unlessSkipped(given("id", "uuid")),
        annotatorId: unlessSkipped(seats.annotatorId),
        shownOrder: unlessSkipped(seats.shownOrder),
        guidelineVersionId: unlessSkipped(seats.guidelineVersionId),
        leaseExpiresAt: null,
      })
      .from(held)
      .where(and(eq(seats.itemId, itemId), eq(seats.seat, held.seat)))
      .returning({ seat: seats.seat }),
  );
  const emptied = db.$with("emptied").as(
    db
      .delete(drafts)
      .where(and(eq(drafts.annotatorId, annotatorId), eq(drafts.itemId, itemId), sql`exists (select from held)`))
      .returning({ itemId: drafts.itemId }),
  );
  // In the order of the table's columns, all of them: drizzle asks for it.
  const judgement = {
    id: given<string>("id", "uuid").as("id"),
    projectId: given<string>("projectId", "uuid").as("project_id"),
    itemId: given<string>("itemId", "uuid").as("item_id"),
    seat: held.seat,
    annotatorId: given<string>("annotatorId", "uuid").as("annotator_id"),
    clientEventId: given<string>("clientEventId", "uuid").as("client_event_id"),
    value: given<JudgementValue>("value", "jsonb").as("value"),
    shownOrder: sql<string[]>`${held.shownOrder}`.as("shown_order"),
    ranks: given<number[]>("ranks", "jsonb").as("ranks"),
    reasons: given<string[]>("reasons", "jsonb").as("reasons"),
    comment: given<string>("comment", "text").as("comment"),
    guidelineVersionId: held.guidelineVersionId,
    propensity: given<number>("propensity", "float8").as("propensity"),
    purpose: given<ItemPurpose>("purpose", "text").as("purpose"),
    tier: held.tier,
    activeMs: given<number>("activeMs", "int").as("active_ms"),
    idleMs: given<number>("idleMs", "int").as("idle_ms"),
    untouched: given<boolean>("untouched", "boolean").as("untouched"),
    undoneAt: sql<Date | null>`null::timestamptz`.as("undone_at"),
    updatedAt: sql<Date>`clock_timestamp()`.as("updated_at"),
    createdAt: sql<Date>`now()`.as("created_at"),
  };
  return db
    .with(held, seated, emptied)
    .insert(judgements)
    .select((query) => query.select(judgement).from(held))
    .returning({ createdAt: judgements.createdAt });
});

/**
 * Stores the judgement of the seat that its annotator holds and has not judged from, marks the seat (a skip frees it) and empties
 * the draft, in one statement: it needs no transaction. When it was stored; null when they hold no such seat. Throws PostgreSQL's
 * unique_violation (23505) when the annotator sent the event before, or judged the item.
 */
export async function storeJudgement(
  db: Db,
  judgement: Omit<Required<NewJudgement>, "seat" | "tier" | "shownOrder" | "guidelineVersionId" | "undoneAt" | "updatedAt" | "createdAt">,
): Promise<Date | null> {
  const { value, ranks, reasons, ...rest } = judgement;
  const [row] = await ofHeldSeat(db, {
    ...rest,
    skipped: value.kind === "skip",
    value: JSON.stringify(value),
    ranks: ranks === null ? null : JSON.stringify(ranks),
    reasons: JSON.stringify(reasons),
  });
  return row?.createdAt ?? null;
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
