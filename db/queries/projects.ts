/** SQL on projects: settings, and the numbers of their overview. */
import { and, asc, count, countDistinct, desc, eq, gte, isNull, type SQL, sql } from "drizzle-orm";
import type { OverlappingVote } from "../../domain/pair-agreement";
import type { Db } from "../client";
import { copyRows } from "../copy";
import { completions, items, judgements, projects, prompts, seats, users } from "../schema";

export type ProjectRow = typeof projects.$inferSelect;
export type NewProject = typeof projects.$inferInsert;

export async function selectProject(db: Db, id: string): Promise<ProjectRow | null> {
  const [row] = await db.select().from(projects).where(eq(projects.id, id));
  return row ?? null;
}

export async function selectProjectBySlug(db: Db, slug: string): Promise<ProjectRow | null> {
  const [row] = await db.select().from(projects).where(eq(projects.slug, slug));
  return row ?? null;
}

export async function lockProject(tx: Db, id: string): Promise<ProjectRow | null> {
  const [row] = await tx.select().from(projects).where(eq(projects.id, id)).for("update");
  return row ?? null;
}

/** Hosts from which any project shows images. */
export async function selectImageHosts(db: Db): Promise<string[]> {
  const rows = await db
    .selectDistinct({ host: sql<string>`jsonb_array_elements_text(${projects.annotation}->'imageHosts')` })
    .from(projects);
  return rows.map(({ host }) => host).sort();
}

/** Returns null when the slug is taken. */
export async function insertProject(db: Db, project: NewProject): Promise<ProjectRow | null> {
  const [row] = await db.insert(projects).values(project).onConflictDoNothing({ target: projects.slug }).returning();
  return row ?? null;
}

export type ProjectChange = Partial<
  Pick<
    NewProject,
    | "name"
    | "description"
    | "overlap"
    | "leaseSeconds"
    | "undoSeconds"
    | "reasons"
    | "annotation"
    | "published"
    | "queue"
    | "access"
    | "blindReview"
  >
>;

/** Returns null when there is no such project. */
export async function updateProject(db: Db, id: string, change: ProjectChange): Promise<ProjectRow | null> {
  const [row] = await db.update(projects).set(change).where(eq(projects.id, id)).returning();
  return row ?? null;
}

const live = isNull(judgements.undoneAt);

/** Every project with how far its judging has come, by name. */
export function selectProjectsWithProgress(db: Db) {
  const promptCounts = db
    .select({ projectId: prompts.projectId, n: count().as("n_prompts") })
    .from(prompts)
    .groupBy(prompts.projectId)
    .as("prompt_counts");
  const seatCounts = db
    .select({ projectId: seats.projectId, wanted: count().as("n_wanted"), judged: count(seats.judgementId).as("n_judged") })
    .from(seats)
    .innerJoin(items, and(eq(items.id, seats.itemId), eq(items.purpose, "work")))
    .groupBy(seats.projectId)
    .as("seat_counts");
  const lastJudged = db
    .select({
      projectId: judgements.projectId,
      at: sql<Date>`max(${judgements.createdAt})`.mapWith(judgements.createdAt).as("last_judged"),
    })
    .from(judgements)
    .where(live)
    .groupBy(judgements.projectId)
    .as("last_judgements");
  return db
    .select({
      id: projects.id,
      slug: projects.slug,
      name: projects.name,
      description: projects.description,
      demo: projects.demo,
      published: projects.published,
      access: projects.access,
      prompts: sql<number>`coalesce(${promptCounts.n}, 0)`.mapWith(Number),
      seats: sql<number>`coalesce(${seatCounts.wanted}, 0)`.mapWith(Number),
      judged: sql<number>`coalesce(${seatCounts.judged}, 0)`.mapWith(Number),
      lastJudgedAt: lastJudged.at,
    })
    .from(projects)
    .leftJoin(promptCounts, eq(promptCounts.projectId, projects.id))
    .leftJoin(seatCounts, eq(seatCounts.projectId, projects.id))
    .leftJoin(lastJudged, eq(lastJudged.projectId, projects.id))
    .orderBy(asc(projects.name));
}

/** Prompts, completions, items and seats of a project. */
export async function selectProjectCounts(db: Db, projectId: string) {
  const [promptCount] = await db
    .select({ n: count(), references: count(prompts.reference) })
    .from(prompts)
    .where(eq(prompts.projectId, projectId));
  const [completionCount] = await db
    .select({ n: count(), models: countDistinct(completions.modelId) })
    .from(completions)
    .where(eq(completions.projectId, projectId));
  // By item first: one pass over the seats, and no sorting of all of them.
  const byItem = db
    .select({
      itemId: seats.itemId,
      seats: count().as("seats"),
      judged: count(seats.judgementId).as("judged"),
      leased: count(sql`case when ${seats.judgementId} is null and ${seats.leaseExpiresAt} > now() then 1 end`).as("leased"),
    })
    .from(seats)
    .where(eq(seats.projectId, projectId))
    .groupBy(seats.itemId)
    .as("by_item");
  const sum = (column: SQL.Aliased<number>) => sql<number>`coalesce(sum(${column}), 0)::int`;
  const [work] = await db
    .select({
      items: count(),
      itemsDone: count(sql`case when coalesce(${byItem.seats}, 0) = coalesce(${byItem.judged}, 0) then 1 end`),
      seats: sum(byItem.seats),
      seatsJudged: sum(byItem.judged),
      seatsLeased: sum(byItem.leased),
    })
    .from(items)
    .leftJoin(byItem, eq(byItem.itemId, items.id))
    .where(and(eq(items.projectId, projectId), eq(items.purpose, "work")));
  return {
    prompts: promptCount?.n ?? 0,
    references: promptCount?.references ?? 0,
    completions: completionCount?.n ?? 0,
    models: completionCount?.models ?? 0,
    ...(work ?? { items: 0, itemsDone: 0, seats: 0, seatsJudged: 0, seatsLeased: 0 }),
  };
}

/** Live judgements a day (UTC) since `since`, people and simulated annotators apart; days without any are left out. */
export function selectJudgementsByDay(db: Db, projectId: string, since: Date) {
  const day = sql<string>`to_char(${judgements.createdAt} at time zone 'UTC', 'YYYY-MM-DD')`;
  return db
    .select({
      day,
      people: count(sql`case when not ${users.simulated} then 1 end`),
      simulated: count(sql`case when ${users.simulated} then 1 end`),
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(and(eq(judgements.projectId, projectId), live, gte(judgements.createdAt, since)))
    .groupBy(sql`1`)
    .orderBy(sql`1`);
}

/**
 * What annotators have done in a project, people first, then by number of judgements; and how many annotators there are.
 * Only who is shown is looked at closely, as a project may have thousands of them.
 */
export async function selectAnnotatorActivity(db: Db, input: { projectId: string; limit: number; offset: number }) {
  const counted = db
    .select({ annotatorId: judgements.annotatorId, judgements: count().as("judgements") })
    .from(judgements)
    .where(and(eq(judgements.projectId, input.projectId), live))
    .groupBy(judgements.annotatorId)
    .as("counted");
  const [all] = await db.select({ n: count() }).from(counted);
  const shown = db
    .select({ id: users.id, name: users.name, simulated: users.simulated, judgements: counted.judgements })
    .from(counted)
    .innerJoin(users, eq(users.id, counted.annotatorId))
    .orderBy(asc(users.simulated), desc(counted.judgements), asc(users.name), asc(users.id))
    .limit(input.limit)
    .offset(input.offset)
    .as("shown");
  const kind = sql`${judgements.value}->>'kind'`;
  const annotators = await db
    .select({
      id: shown.id,
      name: shown.name,
      simulated: shown.simulated,
      judgements: shown.judgements,
      preferences: count(judgements.ranks),
      skips: count(sql`case when ${kind} = 'skip' then 1 end`),
      flags: count(sql`case when ${kind} = 'flag' then 1 end`),
      bothBad: count(sql`case when ${kind} = 'both_bad' then 1 end`),
      medianActiveMs: sql<number>`coalesce(percentile_cont(0.5) within group (order by ${judgements.activeMs}), 0)`.mapWith(Number),
      activeMs: sql<number>`sum(${judgements.activeMs})`.mapWith(Number),
      lastAt: sql<Date>`max(${judgements.createdAt})`.mapWith(judgements.createdAt),
    })
    .from(shown)
    .innerJoin(judgements, and(eq(judgements.annotatorId, shown.id), eq(judgements.projectId, input.projectId), live))
    .groupBy(shown.id, shown.name, shown.simulated, shown.judgements)
    .orderBy(asc(shown.simulated), desc(shown.judgements), asc(shown.name), asc(shown.id));
  return { annotators, total: all?.n ?? 0 };
}

export type OverlappingPreference = OverlappingVote & { simulated: boolean };

/** Live preferences on items that more than one annotator judged, item by item, as they come from the database. */
export async function readOverlappingPreferences(
  db: Db,
  projectId: string,
  addItem: (votes: OverlappingPreference[]) => void,
): Promise<void> {
  const counted = sql`project_id = ${projectId} and undone_at is null and ranks is not null`;
  const query = sql`
    select j.item_id::text, j.annotator_id::text, u.simulated, j.shown_order::text, j.ranks::text
    from judgements j join users u on u.id = j.annotator_id
    where ${counted} and j.item_id in (select item_id from judgements where ${counted} and purpose <> 'repeat' group by item_id having count(*) > 1)
    order by j.item_id, j.annotator_id`;
  let item: OverlappingPreference[] = [];
  await copyRows(db, query, 5, ({ bytes, at, length }) => {
    const text = (field: number) => bytes.toString("utf8", at[field], (at[field] as number) + (length[field] as number));
    const itemId = text(0);
    if (item.length > 0 && item[0]?.itemId !== itemId) {
      addItem(item);
      item = [];
    }
    item.push({
      itemId,
      annotatorId: text(1),
      simulated: bytes[at[2] as number] === 1,
      shownOrder: JSON.parse(text(3)) as string[],
      ranks: JSON.parse(text(4)) as number[],
    });
  });
  if (item.length > 0) addItem(item);
}
