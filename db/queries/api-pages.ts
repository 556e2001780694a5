/** SQL of the lists that programs read, in pages by the moment a row was made and its id. */
import { and, asc, desc, eq, exists, getTableColumns, not, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { DatasetKind } from "../../domain/dataset";
import type { Split } from "../../domain/prompt";
import type { ItemPurpose } from "../../domain/queue";
import type { RunKind, RunState } from "../../domain/run";
import type { Db } from "../client";
import { completions, datasetVersions, itemCompletions, items, models, prompts, runs, seats } from "../schema";

/** Where a row stands: the moment with all its digits, as PostgreSQL writes it. */
export type Place = { at: string; id: string };

export type PageInput = {
  projectId: string;
  limit: number;
  order: "asc" | "desc";
  cursor?: Place | undefined;
  created_since?: string | undefined;
};

type Keyed = { id: PgColumn; projectId: PgColumn; createdAt: PgColumn };

const placeOf = ({ id, createdAt }: Keyed) => ({
  at: sql<string>`to_char(${createdAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  id: sql<string>`${id}`,
});

/** One row more than `limit` is read, which tells whether there are more. */
function keyset({ id, projectId, createdAt }: Keyed, page: PageInput) {
  const { cursor, created_since, order } = page;
  const direction = order === "asc" ? asc : desc;
  return {
    where: and(
      eq(projectId, page.projectId),
      created_since === undefined ? undefined : sql`${createdAt} >= ${created_since}::timestamptz`,
      cursor === undefined
        ? undefined
        : sql`(${createdAt}, ${id}) ${order === "asc" ? sql`>` : sql`<`} (${cursor.at}::timestamptz, ${cursor.id}::uuid)`,
    ),
    orderBy: [direction(createdAt), direction(id)],
    limit: page.limit + 1,
  };
}

const optional = <T>(value: T | undefined, condition: (value: T) => SQL) => (value === undefined ? undefined : condition(value));

export function selectPromptsPage(db: Db, page: PageInput & { split?: Split | undefined }) {
  const { where, orderBy, limit } = keyset(prompts, page);
  return db
    .select({
      place: placeOf(prompts),
      messages: prompts.messages,
      reference: prompts.reference,
      split: prompts.split,
      groupKey: prompts.groupKey,
      meta: prompts.meta,
      createdAt: prompts.createdAt,
    })
    .from(prompts)
    .where(
      and(
        where,
        optional(page.split, (split) => eq(prompts.split, split)),
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

export function selectCompletionsPage(db: Db, page: PageInput & { prompt_id?: string | undefined; model?: string | undefined }) {
  const { where, orderBy, limit } = keyset(completions, page);
  return db
    .select({
      place: placeOf(completions),
      promptId: completions.promptId,
      model: models.name,
      text: completions.text,
      turns: completions.turns,
      source: completions.source,
      createdAt: completions.createdAt,
    })
    .from(completions)
    .innerJoin(models, eq(models.id, completions.modelId))
    .where(
      and(
        where,
        optional(page.prompt_id, (id) => eq(completions.promptId, id)),
        optional(page.model, (name) => eq(models.name, name)),
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

export type ItemState = "open" | "completed" | "closed";

const seatsOf = sql`from ${seats} where ${seats.itemId} = ${items.id}`;
const itemColumns = {
  place: placeOf(items),
  promptId: items.promptId,
  mode: items.mode,
  purpose: items.purpose,
  priority: items.priority,
  open: items.open,
  wanted: sql<number>`(select count(*)::int ${seatsOf})`,
  given: sql<number>`(select count(${seats.judgementId})::int ${seatsOf})`,
  completionIds: sql<
    string[]
  >`(select coalesce(json_agg(${itemCompletions.completionId} order by ${itemCompletions.position}), '[]') from ${itemCompletions} where ${itemCompletions.itemId} = ${items.id})`,
  createdAt: items.createdAt,
};

/** Without what repeats an item for one annotator: that is the queue's own. */
const isListed = sql`${items.repeatOf} is null`;

export function selectItemsPage(
  db: Db,
  page: PageInput & { state?: ItemState | undefined; purpose?: ItemPurpose | undefined; prompt_id?: string | undefined },
) {
  const { where, orderBy, limit } = keyset(items, page);
  const waits = exists(
    db
      .select({ one: sql`1` })
      .from(seats)
      .where(and(eq(seats.itemId, items.id), sql`${seats.judgementId} is null`)),
  );
  const inState = { open: and(eq(items.open, true), waits), completed: not(waits), closed: and(eq(items.open, false), waits) };
  return db
    .select(itemColumns)
    .from(items)
    .where(
      and(
        where,
        isListed,
        page.state === undefined ? undefined : inState[page.state],
        optional(page.purpose, (purpose) => eq(items.purpose, purpose)),
        optional(page.prompt_id, (id) => eq(items.promptId, id)),
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

export async function selectListedItem(db: Db, input: { projectId: string; itemId: string }) {
  const [row] = await db
    .select(itemColumns)
    .from(items)
    .where(and(eq(items.projectId, input.projectId), eq(items.id, input.itemId), isListed));
  return row ?? null;
}

export function selectDatasetsPage(db: Db, page: PageInput & { kind?: DatasetKind | undefined }) {
  const { where, orderBy, limit } = keyset(datasetVersions, page);
  return db
    .select({ place: placeOf(datasetVersions), ...getTableColumns(datasetVersions) })
    .from(datasetVersions)
    .where(
      and(
        where,
        optional(page.kind, (kind) => eq(datasetVersions.kind, kind)),
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}

export function selectRunsPage(db: Db, page: PageInput & { kind?: RunKind | undefined; state?: RunState | undefined }) {
  const { where, orderBy, limit } = keyset(runs, page);
  return db
    .select({ place: placeOf(runs), ...getTableColumns(runs) })
    .from(runs)
    .where(
      and(
        where,
        optional(page.kind, (kind) => eq(runs.kind, kind)),
        optional(page.state, (state) => eq(runs.state, state)),
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
}
