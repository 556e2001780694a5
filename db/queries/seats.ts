/** SQL on seats: who may judge which item now. */
import { and, asc, eq, isNotNull, isNull, lt, lte, ne, notExists, notInArray, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../client";
import { completions, drafts, guidelineVersions, itemCompletions, items, judgements, projects, prompts, seats } from "../schema";

export type SeatRow = typeof seats.$inferSelect;

const free = (table: typeof seats) => and(isNull(table.judgementId), or(isNull(table.annotatorId), lt(table.leaseExpiresAt, sql`now()`)));
const leaseEnd = (leaseSeconds: number) => sql`now() + make_interval(secs => ${leaseSeconds})`;

/** Seats that `annotatorId` holds and has not judged from, oldest lease first. */
export function selectHeldSeats(db: Db, input: { projectId: string; annotatorId: string; except: readonly string[] }): Promise<SeatRow[]> {
  return db
    .select({ ...seatColumns })
    .from(seats)
    .innerJoin(items, eq(items.id, seats.itemId))
    .where(
      and(
        eq(items.projectId, input.projectId),
        eq(seats.annotatorId, input.annotatorId),
        isNull(seats.judgementId),
        input.except.length === 0 ? undefined : notInArray(seats.itemId, [...input.except]),
      ),
    )
    .orderBy(asc(seats.leaseExpiresAt));
}

const seatColumns = {
  itemId: seats.itemId,
  seat: seats.seat,
  annotatorId: seats.annotatorId,
  leaseExpiresAt: seats.leaseExpiresAt,
  shownOrder: seats.shownOrder,
  guidelineVersionId: seats.guidelineVersionId,
  judgementId: seats.judgementId,
  tier: seats.tier,
};

/**
 * Locks one free seat that `annotatorId` may take: of an open item that they neither hold nor judged, of work unless the
 * item is named; seats of a higher tier first, then items that others have begun, then by priority, then in an order of
 * the annotator's own. Null when there is none.
 */
export async function lockFreeSeat(
  tx: Db,
  input: { projectId: string; annotatorId: string; itemId?: string; tier: number },
): Promise<{ itemId: string; seat: number; tier: number } | null> {
  const other = alias(seats, "other");
  const begun = sql`exists (select 1 from ${seats} begun where begun.item_id = ${seats.itemId} and begun.judgement_id is not null)`;
  const [seat] = await tx
    .select({ itemId: seats.itemId, seat: seats.seat, tier: seats.tier })
    .from(seats)
    .innerJoin(items, eq(items.id, seats.itemId))
    .where(
      and(
        eq(items.projectId, input.projectId),
        eq(items.open, true),
        lte(seats.tier, input.tier),
        input.itemId === undefined ? eq(items.purpose, "work") : eq(seats.itemId, input.itemId),
        free(seats),
        notExists(
          tx
            .select({ one: sql`1` })
            .from(other)
            .where(and(eq(other.itemId, seats.itemId), eq(other.annotatorId, input.annotatorId), ne(other.seat, seats.seat))),
        ),
        notExists(
          tx
            .select({ one: sql`1` })
            .from(judgements)
            .where(and(eq(judgements.itemId, seats.itemId), eq(judgements.annotatorId, input.annotatorId), isNull(judgements.undoneAt))),
        ),
      ),
    )
    .orderBy(
      sql`${seats.tier} desc`,
      sql`${begun} desc`,
      sql`${items.priority} desc`,
      sql`md5(${seats.itemId}::text || ${input.annotatorId}::text)`,
      asc(seats.seat),
    )
    .limit(1)
    .for("update", { of: seats, skipLocked: true });
  return seat ?? null;
}

/** Gives a locked seat to an annotator. */
export async function takeSeat(
  tx: Db,
  input: {
    itemId: string;
    seat: number;
    annotatorId: string;
    shownOrder: string[];
    guidelineVersionId: string | null;
    leaseSeconds: number;
  },
): Promise<void> {
  const { itemId, seat, annotatorId, shownOrder, guidelineVersionId, leaseSeconds } = input;
  await tx
    .update(seats)
    .set({ annotatorId, shownOrder, guidelineVersionId, leaseExpiresAt: leaseEnd(leaseSeconds) })
    .where(and(eq(seats.itemId, itemId), eq(seats.seat, seat)));
}

/** The seat that an annotator holds on an item, locked; judged from or not. */
export async function lockOwnSeat(tx: Db, input: { itemId: string; annotatorId: string }): Promise<SeatRow | null> {
  const [seat] = await tx
    .select()
    .from(seats)
    .where(and(eq(seats.itemId, input.itemId), eq(seats.annotatorId, input.annotatorId)))
    .for("update");
  return seat ?? null;
}

/** Null when the seat is no longer theirs, or is judged from. */
export async function renewSeat(db: Db, input: { itemId: string; annotatorId: string; leaseSeconds: number }): Promise<Date | null> {
  const [row] = await db
    .update(seats)
    .set({ leaseExpiresAt: leaseEnd(input.leaseSeconds) })
    .where(and(eq(seats.itemId, input.itemId), eq(seats.annotatorId, input.annotatorId), isNull(seats.judgementId)))
    .returning({ leaseExpiresAt: seats.leaseExpiresAt });
  return row?.leaseExpiresAt ?? null;
}

/** Frees a seat that was not judged from. Returns whether there was one. */
export async function releaseSeat(db: Db, input: { itemId: string; annotatorId: string }): Promise<boolean> {
  const rows = await db
    .update(seats)
    .set({ annotatorId: null, shownOrder: null, guidelineVersionId: null, leaseExpiresAt: null })
    .where(and(eq(seats.itemId, input.itemId), eq(seats.annotatorId, input.annotatorId), isNull(seats.judgementId)))
    .returning({ seat: seats.seat });
  return rows.length > 0;
}

/** Records the judgement of a seat, or takes it back (null). */
export async function setSeatJudgement(
  tx: Db,
  input: { itemId: string; seat: number; judgementId: string | null; leaseSeconds: number },
): Promise<void> {
  await tx
    .update(seats)
    .set({ judgementId: input.judgementId, leaseExpiresAt: input.judgementId === null ? leaseEnd(input.leaseSeconds) : null })
    .where(and(eq(seats.itemId, input.itemId), eq(seats.seat, input.seat)));
}

/** An item with its project's rules and the ids of its completions, in item order. */
export async function selectItemToJudge(db: Db, itemId: string) {
  const [item] = await db
    .select({
      id: items.id,
      projectId: items.projectId,
      mode: items.mode,
      propensity: items.propensity,
      purpose: items.purpose,
      repeatOf: items.repeatOf,
      queue: projects.queue,
      leaseSeconds: projects.leaseSeconds,
      undoSeconds: projects.undoSeconds,
      annotation: projects.annotation,
    })
    .from(items)
    .innerJoin(projects, eq(projects.id, items.projectId))
    .where(eq(items.id, itemId));
  if (!item) return null;
  const rows = await db
    .select({ id: itemCompletions.completionId })
    .from(itemCompletions)
    .where(eq(itemCompletions.itemId, itemId))
    .orderBy(asc(itemCompletions.position));
  return { ...item, completionIds: rows.map(({ id }) => id) };
}

/** What an annotator sees of an item: texts, never who wrote them. */
export async function selectTaskContent(db: Db, input: { itemId: string; annotatorId: string; guidelineVersionId: string | null }) {
  const { itemId, annotatorId, guidelineVersionId } = input;
  const [item] = await db
    .select({
      mode: items.mode,
      messages: prompts.messages,
      reasons: projects.reasons,
      annotation: projects.annotation,
      sentBack: sql<string | null>`(select r.note from judgement_reviews r join judgements j on j.id = r.judgement_id
        where j.item_id = ${itemId} and j.annotator_id = ${annotatorId} and r.verdict = 'sent_back' order by r.created_at desc limit 1)`,
    })
    .from(items)
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .innerJoin(projects, eq(projects.id, items.projectId))
    .where(eq(items.id, itemId));
  if (!item) return null;
  const texts = await db
    .select({ id: completions.id, text: completions.text, turns: completions.turns })
    .from(itemCompletions)
    .innerJoin(completions, eq(completions.id, itemCompletions.completionId))
    .where(eq(itemCompletions.itemId, itemId));
  const [draft] = await db
    .select({ value: drafts.value })
    .from(drafts)
    .where(and(eq(drafts.itemId, itemId), eq(drafts.annotatorId, annotatorId)));
  const [guideline] =
    guidelineVersionId === null
      ? []
      : await db
          .select({ version: guidelineVersions.version, body: guidelineVersions.body })
          .from(guidelineVersions)
          .where(eq(guidelineVersions.id, guidelineVersionId));
  return { ...item, texts, draft: draft?.value ?? null, guideline: guideline ?? null };
}

/** How many items of work in a project `annotatorId` could still judge. */
export async function countOpenFor(db: Db, input: { projectId: string; annotatorId: string; tier: number }): Promise<number> {
  const [row] = await db
    .select({ n: sql<number>`count(distinct ${seats.itemId})::int` })
    .from(seats)
    .innerJoin(items, eq(items.id, seats.itemId))
    .where(
      and(
        eq(items.projectId, input.projectId),
        eq(items.open, true),
        eq(items.purpose, "work"),
        lte(seats.tier, input.tier),
        isNull(seats.judgementId),
        or(isNull(seats.annotatorId), lt(seats.leaseExpiresAt, sql`now()`), eq(seats.annotatorId, input.annotatorId)),
        notExists(
          db
            .select({ one: sql`1` })
            .from(judgements)
            .where(and(eq(judgements.itemId, seats.itemId), eq(judgements.annotatorId, input.annotatorId), isNull(judgements.undoneAt))),
        ),
      ),
    );
  return row?.n ?? 0;
}

/** Projects that have items, with what one annotator did and could do. */
export function selectProjectsToAnnotate(db: Db, annotatorId: string) {
  return db
    .select({
      id: projects.id,
      slug: projects.slug,
      name: projects.name,
      description: projects.description,
      judged: sql<number>`(select count(*)::int from judgements j where j.project_id = projects.id and j.annotator_id = ${annotatorId} and j.undone_at is null)`,
    })
    .from(projects)
    .where(sql`exists (select 1 from items i where i.project_id = projects.id)`)
    .orderBy(asc(projects.name));
}

/** Judged seats of a project, for progress. */
export async function countJudgedSeats(db: Db, projectId: string): Promise<number> {
  const [row] = await db
    .select({ n: sql<number>`count(*)::int` })
    .from(seats)
    .innerJoin(items, eq(items.id, seats.itemId))
    .where(and(eq(items.projectId, projectId), eq(items.purpose, "work"), isNotNull(seats.judgementId)));
  return row?.n ?? 0;
}
