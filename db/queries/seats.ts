/** SQL on seats: who may judge which item now. */
import { and, asc, desc, eq, isNotNull, isNull, lt, lte, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Message } from "../../domain/prompt";
import type { Scale } from "../../domain/scale";
import type { WebhookEvent } from "../../domain/webhook";
import type { Db } from "../client";
import { prepared } from "../prepared";
import { accessColumns, withMembership } from "./access";
import { drafts, guidelineVersions, humanEvaluations, items, projects, prompts, seats } from "../schema";

export type SeatRow = typeof seats.$inferSelect;

/** The scales of an item: its human evaluation's, else the project's. */
const scalesOfItem = sql<Scale[]>`coalesce(${humanEvaluations.scales}, ${projects.annotation}->'scales')`;

const free = and(isNull(seats.judgementId), isNull(seats.annotatorId));
const expired = and(isNull(seats.judgementId), isNotNull(seats.annotatorId), lt(seats.leaseExpiresAt, sql`now()`));

/**
 * Of an item of which the annotator has no other seat and on which no judgement of theirs stands. `offset 0` keeps these
 * from being turned into joins, which read all that the annotator ever did; asked of each seat they cost two look-ups.
 */
const isNewTo = (annotatorId: string | Placeholder) => sql`
  not exists (select from seats other where other.item_id = ${seats.itemId} and other.annotator_id = ${annotatorId} and other.seat <> ${seats.seat} offset 0)
  and not exists (select from judgements j where j.item_id = ${seats.itemId} and j.annotator_id = ${annotatorId} and j.undone_at is null offset 0)`;

export type FreeSeat = { itemId: string; seat: number };

/** Locks a seat of a given open item that `annotatorId` may take; null when there is none. */
export async function lockSeatOf(tx: Db, input: { itemId: string; annotatorId: string; tier: number }): Promise<FreeSeat | null> {
  const [seat] = await tx
    .select({ itemId: seats.itemId, seat: seats.seat })
    .from(seats)
    .innerJoin(items, and(eq(items.id, seats.itemId), items.open))
    .where(and(eq(seats.itemId, input.itemId), lte(seats.tier, input.tier), or(free, expired), isNewTo(input.annotatorId)))
    .orderBy(desc(seats.tier), asc(seats.seat))
    .limit(1)
    .for("update", { of: seats, skipLocked: true });
  return seat ?? null;
}

/** The project's lease, from now. */
const leaseEnd = sql`now() + make_interval(secs => (select p.lease_seconds from projects p where p.id = ${seats.projectId}))`;

/**
 * The order in which an annotator sees an item's completions: random, and decided by the two, so that a vote that arrives
 * after its lease was lost still says what it meant.
 */
const orderFor = (annotatorId: string | Placeholder) => sql<string[]>`(
  select coalesce(jsonb_agg(part.completion_id order by md5(part.item_id || ${annotatorId} || part.completion_id)), '[]')
  from item_completions part where part.item_id = ${seats.itemId})`;

const newestGuideline = sql`(select g.id from guideline_versions g where g.project_id = ${seats.projectId} order by g.version desc limit 1)`;

export type TakenSeat = Pick<SeatRow, "itemId" | "seat" | "tier" | "guidelineVersionId" | "leaseExpiresAt"> & { shownOrder: string[] };

function take(db: Db, input: { chosen: SQL; annotatorId: string | Placeholder; shownOrder?: string[] }) {
  const { chosen, annotatorId, shownOrder = orderFor(annotatorId) } = input;
  return db
    .update(seats)
    .set({ annotatorId: sql`${annotatorId}`, shownOrder, guidelineVersionId: newestGuideline, leaseExpiresAt: leaseEnd })
    .from(sql`(${chosen}) chosen`)
    .where(sql`${seats.itemId} = chosen.item_id and ${seats.seat} = chosen.seat`)
    .returning({
      itemId: seats.itemId,
      seat: seats.seat,
      tier: seats.tier,
      shownOrder: sql<string[]>`${seats.shownOrder}`,
      guidelineVersionId: seats.guidelineVersionId,
      leaseExpiresAt: seats.leaseExpiresAt,
    });
}

/** Gives a locked seat to an annotator, who sees the completions in `shownOrder`, in an order of their own without it. */
export async function takeSeat(tx: Db, input: FreeSeat & { annotatorId: string; shownOrder?: string[] }): Promise<TakenSeat | null> {
  const { itemId, seat, ...rest } = input;
  const [taken] = await take(tx, { ...rest, chosen: sql`select ${itemId}::uuid as item_id, ${seat}::smallint as seat` });
  return taken ?? null;
}

const nextSeat = prepared((db) => {
  const annotatorId = sql.placeholder("annotatorId");
  const mayTake = sql`${seats.projectId} = ${sql.placeholder("projectId")} and ${seats.queued} and ${seats.tier} <= ${sql.placeholder("tier")} and ${isNewTo(annotatorId)}`;
  const chosen = sql`
    with late as materialized (
      select item_id, seat from seats where ${mayTake} and ${expired} order by lease_expires_at limit 1 for update skip locked),
    free as materialized (
      select item_id, seat from seats where not exists (select from late) and ${mayTake} and ${free}
      order by tier desc, priority desc, item_id, seat limit 1 for update skip locked)
    select * from late union all select * from free`;
  return take(db, { chosen, annotatorId });
});

/**
 * Takes the seat of work that comes next for `annotatorId`: one whose lease ran out, then seats of a higher tier, then by
 * priority. All annotators go through the items in one order (of their ids, which are random), so that those that some
 * have judged are the first that others get. One statement, so that it needs no transaction. Null when there is none.
 */
export async function takeNextSeat(db: Db, input: { projectId: string; annotatorId: string; tier: number }): Promise<TakenSeat | null> {
  const [seat] = await nextSeat(db, input);
  return seat ?? null;
}

const ownSeat = prepared((tx) =>
  tx
    .select()
    .from(seats)
    .where(and(eq(seats.itemId, sql.placeholder("itemId")), eq(seats.annotatorId, sql.placeholder("annotatorId"))))
    .for("update"),
);

/** The seat that an annotator holds on an item, locked; judged from or not. */
export async function lockOwnSeat(tx: Db, input: { itemId: string; annotatorId: string }): Promise<SeatRow | null> {
  const [seat] = await ownSeat(tx, input);
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

/** Gives a seat whose judgement was undone back to its annotator, for a lease from now. */
export async function reopenSeat(tx: Db, { itemId, seat }: FreeSeat): Promise<void> {
  await tx
    .update(seats)
    .set({ judgementId: null, leaseExpiresAt: leaseEnd })
    .where(and(eq(seats.itemId, itemId), eq(seats.seat, seat)));
}

const itemToJudge = prepared((db) => {
  const query = db
    .select({
      ...accessColumns,
      id: items.id,
      projectId: items.projectId,
      mode: items.mode,
      propensity: items.propensity,
      purpose: items.purpose,
      repeatOf: items.repeatOf,
      queue: projects.queue,
      leaseSeconds: projects.leaseSeconds,
      undoSeconds: projects.undoSeconds,
      scales: scalesOfItem,
      /** What any webhook of the project wants to be told. */
      wantedEvents: sql<
        WebhookEvent[]
      >`array(select jsonb_array_elements_text(w.events) from webhooks w where w.project_id = ${items.projectId} and w.enabled)`,
      completionIds: sql<
        string[]
      >`array(select part.completion_id from item_completions part where part.item_id = ${items.id} order by part.position)`,
    })
    .from(items)
    .innerJoin(projects, eq(projects.id, items.projectId))
    .leftJoin(humanEvaluations, eq(humanEvaluations.id, items.evaluationId))
    .$dynamic();
  return withMembership(query, sql.placeholder("annotatorId")).where(eq(items.id, sql.placeholder("itemId")));
});

/** An item with its project's rules, what decides the annotator's role there, and the ids of its completions in item order. */
export async function selectItemToJudge(db: Db, input: { itemId: string; annotatorId: string }) {
  const [item] = await itemToJudge(db, input);
  return item ?? null;
}

type ShownText = { id: string; text: string; turns: Message[] | null };

const taskContent = prepared((db) => {
  const annotatorId = sql.placeholder("annotatorId");
  return db
    .select({
      id: items.id,
      projectId: items.projectId,
      mode: items.mode,
      messages: prompts.messages,
      leaseSeconds: projects.leaseSeconds,
      reasons: projects.reasons,
      texts: sql<ShownText[]>`(select coalesce(json_agg(json_build_object('id', c.id, 'text', c.text, 'turns', c.turns)), '[]')
        from item_completions part join completions c on c.id = part.completion_id where part.item_id = ${items.id})`,
      draft: drafts.value,
      guideline: { version: guidelineVersions.version, body: guidelineVersions.body },
      imageHosts: sql<string[]>`${projects.annotation}->'imageHosts'`,
      scales: scalesOfItem,
      sentBack: sql<string | null>`(select r.note from judgement_reviews r join judgements j on j.id = r.judgement_id
        where j.item_id = ${items.id} and j.annotator_id = ${annotatorId} and r.verdict = 'sent_back' order by r.created_at desc limit 1)`,
    })
    .from(items)
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .innerJoin(projects, eq(projects.id, items.projectId))
    .leftJoin(drafts, and(eq(drafts.itemId, items.id), eq(drafts.annotatorId, annotatorId)))
    .leftJoin(guidelineVersions, eq(guidelineVersions.id, sql.placeholder("guidelineVersionId")))
    .leftJoin(humanEvaluations, eq(humanEvaluations.id, items.evaluationId))
    .where(eq(items.id, sql.placeholder("itemId")));
});

/** What an annotator sees of an item: texts, never who wrote them. */
export async function selectTaskContent(db: Db, input: { itemId: string; annotatorId: string; guidelineVersionId: string | null }) {
  const [item] = await taskContent(db, input);
  return item ?? null;
}

/** How many items in a project, of work or a human evaluation, `annotatorId` could still judge. */
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
