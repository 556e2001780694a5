/** SQL of the queue beside the seats of work: what is particular to an annotator, checks, repetitions, items that need more votes. */
import { createHash } from "node:crypto";
import { and, asc, count, desc, eq, ilike, inArray, isNull, ne, notExists, sql } from "drizzle-orm";
import type { Db } from "../client";
import { containing } from "../contains";
import { prepared } from "../prepared";
import { accessColumns, withMembership } from "./access";
import { itemCompletions, items, judgements, projectAnnotators, projects, seats, users } from "../schema";
import type { FreeSeat } from "./seats";

export type ProjectAnnotator = typeof projectAnnotators.$inferSelect;

type HeldSeat = { itemId: string; shownOrder: string[]; guidelineVersionId: string | null };

const claimRules = prepared((db) => {
  const [projectId, annotatorId] = [sql.placeholder("projectId"), sql.placeholder("annotatorId")];
  const query = db
    .select({
      ...accessColumns,
      queue: projects.queue,
      adjudicator: sql<boolean>`coalesce(${projectAnnotators.adjudicator}, false)`,
      paused: sql<boolean>`coalesce(${projectAnnotators.paused}, false)`,
      dailyCap: projectAnnotators.dailyCap,
      qualifies: sql<boolean>`exists (select 1 from items i where i.project_id = ${projectId} and i.purpose = 'qualification' and i.open)`,
      held: sql<HeldSeat[]>`(
        select coalesce(json_agg(json_build_object('itemId', s.item_id, 'shownOrder', s.shown_order, 'guidelineVersionId', s.guideline_version_id) order by s.lease_expires_at), '[]')
        from seats s where s.annotator_id = ${annotatorId} and s.judgement_id is null and s.project_id = ${projectId})`,
    })
    .from(projects)
    .leftJoin(projectAnnotators, and(eq(projectAnnotators.projectId, projects.id), eq(projectAnnotators.userId, annotatorId)))
    .$dynamic();
  return withMembership(query, annotatorId).where(eq(projects.id, projectId));
});

/** What decides whether an annotator may judge in a project and what they get next, with the seats they hold and have not judged from, oldest lease first; null where there is no such project. */
export async function selectClaimRules(db: Db, input: { projectId: string; annotatorId: string }) {
  const [row] = await claimRules(db, input);
  return row ?? null;
}

export async function upsertProjectAnnotator(db: Db, row: ProjectAnnotator): Promise<void> {
  const { adjudicator, paused, dailyCap } = row;
  await db
    .insert(projectAnnotators)
    .values(row)
    .onConflictDoUpdate({ target: [projectAnnotators.projectId, projectAnnotators.userId], set: { adjudicator, paused, dailyCap } });
}

export type TeamFilter = {
  projectId: string;
  /** What names contain. */
  search: string;
  /** Only adjudicators, who is paused and who has a cap of their own. */
  special: boolean;
};

/** People who may judge in the project, by name, and how many they are. */
export async function selectTeam(db: Db, input: TeamFilter & { limit: number; offset: number }) {
  const { projectId, search, special, limit, offset } = input;
  const wanted = and(
    eq(users.simulated, false),
    eq(users.disabled, false),
    ilike(users.name, containing(search)),
    sql`(exists (select 1 from projects p where p.id = ${projectId} and p.access = 'open')
      or exists (select 1 from project_members m where m.project_id = ${projectId} and m.user_id = users.id))`,
    special
      ? sql`exists (select 1 from project_annotators a where a.project_id = ${projectId} and a.user_id = users.id and (a.adjudicator or a.paused or a.daily_cap is not null))`
      : undefined,
  );
  const [all] = await db.select({ n: count() }).from(users).where(wanted);
  const people = await db
    .select({
      id: users.id,
      name: users.name,
      adjudicator: sql<boolean>`coalesce(${projectAnnotators.adjudicator}, false)`,
      paused: sql<boolean>`coalesce(${projectAnnotators.paused}, false)`,
      dailyCap: projectAnnotators.dailyCap,
      today: sql<number>`(select count(*)::int from judgements j where j.project_id = ${projectId} and j.annotator_id = users.id and j.undone_at is null and j.created_at >= date_trunc('day', now(), 'UTC'))`,
    })
    .from(users)
    .leftJoin(projectAnnotators, and(eq(projectAnnotators.userId, users.id), eq(projectAnnotators.projectId, projectId)))
    .where(wanted)
    .orderBy(asc(users.name), asc(users.id))
    .limit(limit)
    .offset(offset);
  return { people, total: all?.n ?? 0 };
}

/** Judgements of an annotator today (UTC), and all they ever gave in the project, undone ones too. */
export async function countGiven(db: Db, input: { projectId: string; annotatorId: string }): Promise<{ today: number; ever: number }> {
  const [row] = await db
    .select({
      today: sql<number>`(count(*) filter (where ${judgements.undoneAt} is null and ${judgements.createdAt} >= date_trunc('day', now(), 'UTC')))::int`,
      ever: sql<number>`count(*)::int`,
    })
    .from(judgements)
    .where(and(eq(judgements.projectId, input.projectId), eq(judgements.annotatorId, input.annotatorId)));
  return row ?? { today: 0, ever: 0 };
}

/** Qualification items of a project with what the annotator said of them, null for those that they have not judged. */
export function selectQualification(db: Db, input: { projectId: string; annotatorId: string }) {
  return db
    .select({ itemId: items.id, gold: items.gold, ranks: judgements.ranks, shownOrder: judgements.shownOrder, judgementId: judgements.id })
    .from(items)
    .leftJoin(judgements, and(eq(judgements.itemId, items.id), eq(judgements.annotatorId, input.annotatorId), isNull(judgements.undoneAt)))
    .where(and(eq(items.projectId, input.projectId), eq(items.purpose, "qualification"), eq(items.open, true)));
}

/**
 * Locks a seat of a gold or qualification item that the annotator has neither judged nor holds; these items have as many
 * seats as they need, so one is made where none is free. Null where the annotator knows them all.
 */
export async function lockCheckSeat(
  tx: Db,
  input: { projectId: string; annotatorId: string; purpose: "gold" | "qualification" },
): Promise<FreeSeat | null> {
  const { projectId, annotatorId, purpose } = input;
  const [item] = await tx
    .select({ id: items.id })
    .from(items)
    .where(
      and(
        eq(items.projectId, projectId),
        eq(items.purpose, purpose),
        eq(items.open, true),
        notExists(
          tx
            .select({ one: sql`1` })
            .from(seats)
            .where(and(eq(seats.itemId, items.id), eq(seats.annotatorId, annotatorId))),
        ),
        notExists(
          tx
            .select({ one: sql`1` })
            .from(judgements)
            .where(and(eq(judgements.itemId, items.id), eq(judgements.annotatorId, annotatorId), isNull(judgements.undoneAt))),
        ),
      ),
    )
    .orderBy(sql`md5(${items.id}::text || ${annotatorId}::text)`)
    .limit(1)
    // Seats are numbered under the item's lock.
    .for("update");
  if (item === undefined) return null;
  const [free] = await tx
    .select({ seat: seats.seat })
    .from(seats)
    .where(and(eq(seats.itemId, item.id), isNull(seats.annotatorId), isNull(seats.judgementId)))
    .limit(1);
  return { itemId: item.id, seat: free?.seat ?? (await addSeat(tx, item.id, 1)) };
}

/** Makes one more seat of an item that the caller has locked; returns its number. */
export async function addSeat(tx: Db, itemId: string, tier: number): Promise<number> {
  const [last] = await tx
    .select({ seat: sql<number>`coalesce(max(${seats.seat}), 0)::int` })
    .from(seats)
    .where(eq(seats.itemId, itemId));
  const seat = (last?.seat ?? 0) + 1;
  await tx.insert(seats).values({ itemId, seat, tier });
  return seat;
}

/** The annotator's oldest ranked vote on work that lies `gap` or more of their votes back and was not shown again yet. */
export async function selectVoteToRepeat(tx: Db, input: { projectId: string; annotatorId: string; gap: number }) {
  const { projectId, annotatorId, gap } = input;
  const [vote] = await tx
    .select({ itemId: judgements.itemId, promptId: items.promptId, mode: items.mode })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .where(
      and(
        eq(judgements.projectId, projectId),
        eq(judgements.annotatorId, annotatorId),
        eq(judgements.purpose, "work"),
        isNull(judgements.undoneAt),
        sql`${judgements.ranks} is not null`,
        sql`(select count(*) from judgements later where later.project_id = ${projectId} and later.annotator_id = ${annotatorId} and later.undone_at is null and later.created_at > judgements.created_at) >= ${gap}`,
        sql`not exists (select 1 from items again join seats s on s.item_id = again.id where again.repeat_of = ${judgements.itemId} and s.annotator_id = ${annotatorId})`,
      ),
    )
    .orderBy(desc(judgements.createdAt))
    .limit(1);
  return vote ?? null;
}

/** The order in which an annotator saw an item that they judged; null where no judgement of theirs stands. */
export async function selectOwnOrder(db: Db, input: { itemId: string; annotatorId: string }): Promise<string[] | null> {
  const [row] = await db
    .select({ shownOrder: judgements.shownOrder })
    .from(judgements)
    .where(and(eq(judgements.itemId, input.itemId), eq(judgements.annotatorId, input.annotatorId), isNull(judgements.undoneAt)));
  return row?.shownOrder ?? null;
}

/** An item that shows another one again to one annotator, with its one seat. Null where it is there already. */
export async function insertRepeat(
  tx: Db,
  input: { projectId: string; annotatorId: string; itemId: string; promptId: string; mode: typeof items.$inferInsert.mode },
): Promise<string | null> {
  const { projectId, annotatorId, itemId, promptId, mode } = input;
  const contentHash = createHash("sha256").update(`repeat ${itemId} ${annotatorId}`).digest("hex");
  const [made] = await tx
    .insert(items)
    .values({ projectId, promptId, mode, contentHash, purpose: "repeat", repeatOf: itemId })
    .onConflictDoNothing()
    .returning({ id: items.id });
  if (made === undefined) return null;
  await tx.insert(itemCompletions).select(
    tx
      .select({
        itemId: sql<string>`${made.id}::uuid`.as("item_id"),
        completionId: itemCompletions.completionId,
        position: itemCompletions.position,
      })
      .from(itemCompletions)
      .where(eq(itemCompletions.itemId, itemId)),
  );
  await tx.insert(seats).values({ itemId: made.id, seat: 1 });
  return made.id;
}

/** Not "for update": a judgement that refers to the item holds its key already, and two of them would wait for each other. */
export async function lockItem(tx: Db, itemId: string): Promise<void> {
  await tx.select({ id: items.id }).from(items).where(eq(items.id, itemId)).for("no key update");
}

/** Seats of an item by tier, how many of them are open, and what stands from the judged ones. */
export async function selectItemVotes(tx: Db, itemId: string) {
  const rows = await tx.select({ tier: seats.tier, judgementId: seats.judgementId }).from(seats).where(eq(seats.itemId, itemId));
  const votes = await tx
    .select({ ranks: judgements.ranks, shownOrder: judgements.shownOrder, kind: sql<string>`${judgements.value}->>'kind'` })
    .from(judgements)
    .where(and(eq(judgements.itemId, itemId), isNull(judgements.undoneAt), ne(sql`${judgements.value}->>'kind'`, "skip")));
  return { seats: rows, votes };
}

/** Makes items gold, qualification or work; `gold` is null for work. */
export async function updatePurpose(
  db: Db,
  input: { itemId: string; purpose: "work" | "gold" | "qualification"; gold: Record<string, number> | null },
): Promise<void> {
  // A human evaluation's items stay its own.
  await db
    .update(items)
    .set({ purpose: input.purpose, gold: input.gold })
    .where(and(eq(items.id, input.itemId), isNull(items.evaluationId)));
}

export async function countPurposes(db: Db, projectId: string): Promise<{ gold: number; qualification: number }> {
  const rows = await db
    .select({ purpose: items.purpose, n: sql<number>`count(*)::int` })
    .from(items)
    .where(and(eq(items.projectId, projectId), inArray(items.purpose, ["gold", "qualification"])))
    .groupBy(items.purpose);
  const of = (purpose: string) => rows.find((row) => row.purpose === purpose)?.n ?? 0;
  return { gold: of("gold"), qualification: of("qualification") };
}
