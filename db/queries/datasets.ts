/** SQL on dataset versions, which are only ever inserted and read, and on the judgements they are made of. */
import { and, asc, count, countDistinct, desc, eq, gt, inArray, isNotNull, sql } from "drizzle-orm";
import type { DatasetKind } from "../../domain/dataset";
import type { Split } from "../../domain/prompt";
import type { Db } from "../client";
import { completions, datasetRows, datasetVersions, itemCompletions, items, judgements, prompts, users } from "../schema";

export type DatasetVersionRow = typeof datasetVersions.$inferSelect;
export type StoredDatasetRow = typeof datasetRows.$inferSelect;
export type NewDatasetVersion = typeof datasetVersions.$inferInsert;
export type NewDatasetRow = typeof datasetRows.$inferInsert;

/** Prompts of a project after `afterHash` in the order of their content hash, which is the same in every installation. */
export function selectPromptPage(db: Db, input: { projectId: string; afterHash: string; limit: number }) {
  return db
    .select({
      id: prompts.id,
      messages: prompts.messages,
      reference: prompts.reference,
      split: prompts.split,
      groupKey: prompts.groupKey,
      meta: prompts.meta,
      contentHash: prompts.contentHash,
    })
    .from(prompts)
    .where(and(eq(prompts.projectId, input.projectId), gt(prompts.contentHash, input.afterHash)))
    .orderBy(asc(prompts.contentHash))
    .limit(input.limit);
}

/**
 * Every judgement of work on these prompts, undone ones too, with what decides whether it counts. Where an adjudicator
 * has decided, their word stands for all.
 */
export function selectJudgementsOfPrompts(db: Db, promptIds: readonly string[]) {
  return db
    .select({
      id: judgements.id,
      itemId: judgements.itemId,
      promptId: items.promptId,
      mode: items.mode,
      roundId: items.roundId,
      value: judgements.value,
      shownOrder: judgements.shownOrder,
      ranks: judgements.ranks,
      untouched: judgements.untouched,
      undoneAt: judgements.undoneAt,
      createdAt: judgements.createdAt,
      simulated: users.simulated,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(
      and(
        inArray(items.promptId, [...promptIds]),
        eq(judgements.purpose, "work"),
        sql`(${judgements.tier} > 1 or not exists (select 1 from judgements decided where decided.item_id = ${judgements.itemId} and decided.tier > 1 and decided.undone_at is null and decided.ranks is not null))`,
      ),
    )
    .orderBy(asc(judgements.createdAt), asc(judgements.id));
}

/** The completions of the items of these prompts, in the items' own order. */
export function selectItemTexts(db: Db, promptIds: readonly string[]) {
  return db
    .select({
      itemId: itemCompletions.itemId,
      completionId: itemCompletions.completionId,
      text: completions.text,
      turns: completions.turns,
    })
    .from(itemCompletions)
    .innerJoin(items, eq(items.id, itemCompletions.itemId))
    .innerJoin(completions, eq(completions.id, itemCompletions.completionId))
    .where(inArray(items.promptId, [...promptIds]))
    .orderBy(asc(itemCompletions.itemId), asc(itemCompletions.position));
}

/** Groups whose prompts lie in more than one split; there are none unless rows were changed by hand. */
export function selectLeakingGroups(db: Db, projectId: string) {
  return db
    .select({ groupKey: prompts.groupKey })
    .from(prompts)
    .where(eq(prompts.projectId, projectId))
    .groupBy(prompts.groupKey)
    .having(sql`${countDistinct(prompts.split)} > 1`)
    .orderBy(asc(prompts.groupKey))
    .limit(5);
}

export async function selectDatasetByHash(
  db: Db,
  input: { projectId: string; kind: DatasetKind; hash: string },
): Promise<DatasetVersionRow | null> {
  const [row] = await db
    .select()
    .from(datasetVersions)
    .where(and(eq(datasetVersions.projectId, input.projectId), eq(datasetVersions.kind, input.kind), eq(datasetVersions.hash, input.hash)))
    .orderBy(asc(datasetVersions.version))
    .limit(1);
  return row ?? null;
}

export async function selectNextVersion(db: Db, projectId: string, kind: DatasetKind): Promise<number> {
  const [row] = await db
    .select({ last: sql<number>`coalesce(max(${datasetVersions.version}), 0)`.mapWith(Number) })
    .from(datasetVersions)
    .where(and(eq(datasetVersions.projectId, projectId), eq(datasetVersions.kind, kind)));
  return (row?.last ?? 0) + 1;
}

export async function insertDatasetVersion(db: Db, version: NewDatasetVersion): Promise<DatasetVersionRow> {
  const [row] = await db.insert(datasetVersions).values(version).returning();
  if (!row) throw new Error("The dataset version was not stored");
  return row;
}

export async function insertDatasetRows(db: Db, rows: NewDatasetRow[]): Promise<void> {
  if (rows.length > 0) await db.insert(datasetRows).values(rows);
}

export async function selectDatasetVersion(db: Db, id: string): Promise<DatasetVersionRow | null> {
  const [row] = await db.select().from(datasetVersions).where(eq(datasetVersions.id, id));
  return row ?? null;
}

/** Versions of a project, newest first, with who froze them. */
export function selectDatasetVersions(db: Db, projectId: string) {
  return db
    .select({
      id: datasetVersions.id,
      kind: datasetVersions.kind,
      version: datasetVersions.version,
      hash: datasetVersions.hash,
      filter: datasetVersions.filter,
      counts: datasetVersions.counts,
      simulated: datasetVersions.simulated,
      createdBy: users.name,
      createdAt: datasetVersions.createdAt,
    })
    .from(datasetVersions)
    .leftJoin(users, eq(users.id, datasetVersions.createdBy))
    .where(eq(datasetVersions.projectId, projectId))
    .orderBy(desc(datasetVersions.createdAt), asc(datasetVersions.kind), desc(datasetVersions.version));
}

/** Rows after `afterOrdinal` (-1 for the first) in their frozen order. */
export function selectDatasetRowPage(
  db: Db,
  input: { versionId: string; afterOrdinal: number; limit: number; splits?: readonly Split[] },
): Promise<StoredDatasetRow[]> {
  return db
    .select()
    .from(datasetRows)
    .where(
      and(
        eq(datasetRows.datasetVersionId, input.versionId),
        gt(datasetRows.ordinal, input.afterOrdinal),
        input.splits === undefined ? undefined : inArray(datasetRows.split, [...input.splits]),
      ),
    )
    .orderBy(asc(datasetRows.ordinal))
    .limit(input.limit);
}

/** Distinct annotators and judgements behind a version. */
export async function selectDatasetSources(db: Db, versionId: string) {
  const [row] = await db
    .select({ judgements: count(), annotators: countDistinct(judgements.annotatorId) })
    .from(datasetRows)
    .innerJoin(judgements, eq(judgements.id, datasetRows.judgementId))
    .where(and(eq(datasetRows.datasetVersionId, versionId), isNotNull(datasetRows.judgementId)));
  return row ?? { judgements: 0, annotators: 0 };
}
