/** SQL on seats: who may judge which item now. */
import { and, asc, desc, eq, isNotNull, isNull, lt, lte, ne, notExists, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Message } from "../../domain/prompt";
import type { Db } from "../client";
import { drafts, guidelineVersions, items, judgements, projects, prompts, seats } from "../schema";

export type SeatRow = typeof seats.$inferSelect;

/** Seats that `annotatorId` holds and has not judged from, oldest lease first. */
export function selectHeldSeats(db: Db, input: { projectId: string; annotatorId: string }): Promise<SeatRow[]> {
  return db
    .select()
    .from(seats)
    .where(and(eq(seats.projectId, input.projectId), eq(seats.annotatorId, input.annotatorId), isNull(seats.judgementId)))
    .orderBy(asc(seats.leaseExpiresAt));
}

const free = and(isNull(seats.judgementId), isNull(seats.annotatorId));
const expired = and(isNull(seats.judgementId), isNotNull(seats.annotatorId), lt(seats.leaseExpiresAt, sql`now()`));

/** Of an item of which the annotator has no other seat and that no judgement of theirs stands on. */
function isNewTo(tx: Db, annotatorId: string) {
  const other = alias(seats, "other");
  return and(
    notExists(
      tx
        .select({ one: sql`1` })
        .from(other)
        .where(and(eq(other.itemId, seats.itemId), eq(other.annotatorId, annotatorId), ne(other.seat, seats.seat))),
    ),
    notExists(
      tx
        .select({ one: sql`1` })
        .from(judgements)
        .where(and(eq(judgements.itemId, seats.itemId), eq(judgements.annotatorId, annotatorId), isNull(judgements.undoneAt))),
    ),
  );
}

const freeSeat = { itemId: seats.itemId, seat: seats.seat, tier: seats.tier };
export type FreeSeat = { itemId: string; seat: number; tier: number };

/**
 * Locks the seat of work that comes next for `annotatorId`: one whose lease ran out, then seats of a higher tier, then by
 * priority. All annotators go through the items in one order (of their ids, which are random), so that those that some
 * have judged are the first that others get. Null when there is none.
 */
export async function lockNextSeat(tx: Db, input: { projectId: string; annotatorId: string; tier: number }): Promise<FreeSeat | null> {
  const mayTake = and(eq(seats.projectId, input.projectId), seats.queued, lte(seats.tier, input.tier), isNewTo(tx, input.annotatorId));
  const [late] = await tx
    .select(freeSeat)
    .from(seats)
    .where(and(mayTake, expired))
    .orderBy(asc(seats.leaseExpiresAt))
    .limit(1)
    .for("update", { of: seats, skipLocked: true });
  if (late !== undefined) return late;
  const [next] = await tx
    .select(freeSeat)
    .from(seats)
    .where(and(mayTake, free))
    .orderBy(desc(seats.tier), desc(seats.priority), asc(seats.itemId), asc(seats.seat))
    .limit(1)
    .for("update", { of: seats, skipLocked: true });
  return next ?? null;
}

/** Locks a seat of a given open item that `annotatorId` may take; null when there is none. */
export async function lockSeatOf(tx: Db, input: { itemId: string; annotatorId: string; tier: number }): Promise<FreeSeat | null> {
  const [seat] = await tx
    .select(freeSeat)
    .from(seats)
    .innerJoin(items, and(eq(items.id, seats.itemId), items.open))
    .where(and(eq(seats.itemId, input.itemId), lte(seats.tier, input.tier), or(free, expired), isNewTo(tx, input.annotatorId)))
    .orderBy(desc(seats.tier), asc(seats.seat))
    .limit(1)
    .for("update", { of: seats, skipLocked: true });
  return seat ?? null;
}

/** The project's lease, from now. */
const leaseEnd = sql`now() + make_interval(secs => (select p.lease_seconds from projects p where p.id = ${seats.projectId}))`;

/** Gives a locked seat to an annotator. */
export async function takeSeat(
  tx: Db,
  input: { itemId: string; seat: number; annotatorId: string; shownOrder: string[]; guidelineVersionId: string | null },
): Promise<void> {
  const { itemId, seat, annotatorId, shownOrder, guidelineVersionId } = input;
  await tx
    .update(seats)
    .set({ annotatorId, shownOrder, guidelineVersionId, leaseExpiresAt: leaseEnd })
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
export async function renewSeat(db: Db, input: { itemId: string; annotatorId: string }): Promise<Date | null> {
  const [row] = await db
    .update(seats)
    .set({ leaseExpiresAt: leaseEnd })
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
export async function setSeatJudgement(tx: Db, input: { itemId: string; seat: number; judgementId: string | null }): Promise<void> {
  await tx
    .update(seats)
    .set({ judgementId: input.judgementId, leaseExpiresAt: input.judgementId === null ? leaseEnd : null })
    .where(and(eq(seats.itemId, input.itemId), eq(seats.seat, input.seat)));
}

/** An item with its project's rules, the ids of its completions in item order, and the guideline that counts now. */
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
      completionIds: sql<
        string[]
      >`array(select part.completion_id from item_completions part where part.item_id = ${items.id} order by part.position)`,
      guidelineVersionId: sql<
        string | null
      >`(select g.id from guideline_versions g where g.project_id = ${items.projectId} order by g.version desc limit 1)`,
    })
    .from(items)
    .innerJoin(projects, eq(projects.id, items.projectId))
    .where(eq(items.id, itemId));
  return item ?? null;
}

type ShownText = { id: string; text: string; turns: Message[] | null };

/** What an annotator sees of an item: texts, never who wrote them. */
export async function selectTaskContent(db: Db, input: { itemId: string; annotatorId: string; guidelineVersionId: string | null }) {
  const { itemId, annotatorId, guidelineVersionId } = input;
  const [item] = await db
    .select({
      id: items.id,
      projectId: items.projectId,
      mode: items.mode,
      messages: prompts.messages,
      leaseSeconds: projects.leaseSeconds,
      reasons: projects.reasons,
      annotation: projects.annotation,
      texts: sql<ShownText[]>`(select coalesce(json_agg(json_build_object('id', c.id, 'text', c.text, 'turns', c.turns)), '[]')
        from item_completions part join completions c on c.id = part.completion_id where part.item_id = ${items.id})`,
      draft: drafts.value,
      guideline: { version: guidelineVersions.version, body: guidelineVersions.body },
      sentBack: sql<string | null>`(select r.note from judgement_reviews r join judgements j on j.id = r.judgement_id
        where j.item_id = ${items.id} and j.annotator_id = ${annotatorId} and r.verdict = 'sent_back' order by r.created_at desc limit 1)`,
    })
    .from(items)
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .innerJoin(projects, eq(projects.id, items.projectId))
    .leftJoin(drafts, and(eq(drafts.itemId, items.id), eq(drafts.annotatorId, annotatorId)))
    .leftJoin(guidelineVersions, guidelineVersionId === null ? sql`false` : eq(guidelineVersions.id, guidelineVersionId))
    .where(eq(items.id, itemId));
  return item ?? null;
}

/** How many items of work in a project `annotatorId` could still judge. */
export async function countOpenFor(db: Db, input: { projectId: string; annotatorId: string; tier: number }): Promise<number> {
  const { projectId, annotatorId, tier } = input;
  // All that are open to somebody, less those that this annotator knows: far quicker than asking of each.
  const open = sql`select s.item_id from seats s where s.project_id = ${projectId} and s.queued and s.judgement_id is null and s.tier <= ${tier}
    and (s.annotator_id is null or s.lease_expires_at < now() or s.annotator_id = ${annotatorId})`;
  const judged = sql`select j.item_id from judgements j where j.project_id = ${projectId} and j.annotator_id = ${annotatorId} and j.undone_at is null`;
  const [row] = await db.execute<{ n: number }>(sql`
    select (select count(distinct item_id) from (${open}) o)::int - (select count(*) from (select distinct item_id from (${judged}) j where item_id in (${open})) known)::int as n`);
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
