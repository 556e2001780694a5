/** SQL of exported judgements, and of those that programs follow: in pages, with everything that is stored of each. */
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Db } from "../client";
import { completions, guidelineVersions, itemCompletions, items, judgements, models, prompts, users } from "../schema";

const columns = {
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
  undoneAt: judgements.undoneAt,
  /** With all its digits too, as ISO 8601 has it. */
  updatedAt: sql<string>`to_char(${judgements.updatedAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
};

function selectStored(db: Db) {
  return db
    .select(columns)
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .leftJoin(guidelineVersions, eq(guidelineVersions.id, judgements.guidelineVersionId));
}

/** Judgements that stand, oldest first, after the place of the last one read. */
export function selectJudgementPage(
  db: Db,
  input: { projectId: string; after: { at: string; id: string } | null; limit: number; simulated: boolean },
) {
  const { projectId, after, limit, simulated } = input;
  return selectStored(db)
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

/** How long after its clock a row may still be on its way into a transaction that has no number yet. */
const SETTLED_MS = 500;

/**
 * The moment before which no judgement can come in any more, as text: half a second ago, or the beginning of the oldest
 * transaction of this database that has written something and not ended. A judgement's `updatedAt` is later than the
 * beginning of its transaction, so whoever reads up to here and goes on from here misses none, in whatever order they
 * are committed.
 */
export async function selectFeedHorizon(db: Db): Promise<string> {
  const [row] = (await db.execute(sql`
    select least(
      clock_timestamp() - make_interval(secs => ${SETTLED_MS / 1000}),
      (select min(xact_start) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and backend_xid is not null and pid <> pg_backend_pid()))::text as horizon`)) as unknown as {
    horizon: string;
  }[];
  if (row === undefined) throw new Error("The database gave no clock");
  return row.horizon;
}

export type FeedFilter = {
  projectId: string;
  itemId?: string | undefined;
  simulated?: boolean | undefined;
  /** Also those that were taken back. */
  undone: boolean;
  since?: string | undefined;
};

/** Judgements in the order in which they were written or undone, after `after` and before `horizon`. */
export function selectJudgementFeed(
  db: Db,
  filter: FeedFilter & { after: { at: string; id: string } | undefined; horizon: string; limit: number },
) {
  const { projectId, itemId, simulated, undone, since, after, horizon, limit } = filter;
  return selectStored(db)
    .where(
      and(
        eq(judgements.projectId, projectId),
        sql`${judgements.updatedAt} < ${horizon}::timestamptz`,
        undone ? undefined : isNull(judgements.undoneAt),
        itemId === undefined ? undefined : eq(judgements.itemId, itemId),
        simulated === undefined ? undefined : eq(users.simulated, simulated),
        since === undefined ? undefined : sql`${judgements.updatedAt} >= ${since}::timestamptz`,
        after === undefined ? undefined : sql`(${judgements.updatedAt}, ${judgements.id}) > (${after.at}::timestamptz, ${after.id}::uuid)`,
      ),
    )
    .orderBy(asc(judgements.updatedAt), asc(judgements.id))
    .limit(limit);
}

/** One judgement, undone or not; null where the project has none of this id. */
export async function selectFedJudgement(db: Db, input: { projectId: string; judgementId: string }) {
  const [row] = await selectStored(db).where(and(eq(judgements.projectId, input.projectId), eq(judgements.id, input.judgementId)));
  return row ?? null;
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
