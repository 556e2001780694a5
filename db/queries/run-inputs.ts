/** SQL on what a run can be started with: projects, their dataset versions and prompts, paces of past runs. */
import { and, asc, desc, eq, isNotNull, sql } from "drizzle-orm";
import type { Split } from "../../domain/prompt";
import type { RunConfig, RunKind } from "../../domain/run";
import type { Db } from "../client";
import { datasetRows, datasetVersions, projects, prompts, runs } from "../schema";

export function selectRunProjects(db: Db) {
  return db
    .select({ id: projects.id, slug: projects.slug, name: projects.name, demo: projects.demo })
    .from(projects)
    .orderBy(asc(projects.createdAt));
}

export async function selectRunProject(db: Db, projectId: string) {
  const [row] = await db
    .select({ id: projects.id, slug: projects.slug, name: projects.name, demo: projects.demo })
    .from(projects)
    .where(eq(projects.id, projectId));
  return row ?? null;
}

/** Newest version first within a kind. */
export function selectRunDatasets(db: Db, projectId: string) {
  return db
    .select({
      id: datasetVersions.id,
      kind: datasetVersions.kind,
      version: datasetVersions.version,
      hash: datasetVersions.hash,
      counts: datasetVersions.counts,
      simulated: datasetVersions.simulated,
      createdAt: datasetVersions.createdAt,
    })
    .from(datasetVersions)
    .where(eq(datasetVersions.projectId, projectId))
    .orderBy(asc(datasetVersions.kind), desc(datasetVersions.version));
}

/** One version with its training rows and, for preferences, the mean number of completions of a row. */
export async function selectDatasetWork(db: Db, datasetVersionId: string) {
  const [row] = await db
    .select({
      id: datasetVersions.id,
      projectId: datasetVersions.projectId,
      kind: datasetVersions.kind,
      version: datasetVersions.version,
      trainRows: sql<number>`count(${datasetRows.ordinal}) filter (where ${datasetRows.split} = 'train')::int`,
      completionsPerRow: sql<number>`coalesce(avg(jsonb_array_length(${datasetRows.content}->'completions')), 1)::float8`,
    })
    .from(datasetVersions)
    .leftJoin(datasetRows, eq(datasetRows.datasetVersionId, datasetVersions.id))
    .where(eq(datasetVersions.id, datasetVersionId))
    .groupBy(datasetVersions.id);
  return row ?? null;
}

/** Share of the training rows' characters that their completions have, of one completion each; null without rows. */
export async function selectCompletionShare(db: Db, datasetVersionId: string): Promise<number | null> {
  const content = datasetRows.content;
  const completion = sql`case when ${content} ? 'completion' then length(${content}->>'completion')
    else (select avg(length(value #>> '{}')) from jsonb_array_elements(${content}->'completions')) end`;
  const prompt = sql`(select sum(length(message->>'content')) from jsonb_array_elements(${content}->'messages') as message)`;
  const [row] = await db
    .select({ share: sql<number | null>`(sum(${completion}) / nullif(sum(${completion} + ${prompt}), 0))::float8` })
    .from(datasetRows)
    .where(and(eq(datasetRows.datasetVersionId, datasetVersionId), eq(datasetRows.split, "train")));
  return row?.share ?? null;
}

/** Prompts of a project by split. */
export async function countPromptsBySplit(db: Db, projectId: string): Promise<Record<Split, number>> {
  const rows = await db
    .select({ split: prompts.split, n: sql<number>`count(*)::int` })
    .from(prompts)
    .where(eq(prompts.projectId, projectId))
    .groupBy(prompts.split);
  const counts: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  for (const { split, n } of rows) counts[split] = n;
  return counts;
}

/** Seconds a step of the newest succeeded runs of a kind on a base checkpoint or, with null, on any. */
export async function selectPastPaces(
  db: Db,
  filter: { kind: RunKind; baseCheckpointId: string | null; limit: number },
): Promise<{ config: RunConfig; secondsPerStep: number }[]> {
  const seconds = sql<number>`extract(epoch from ${runs.finishedAt} - ${runs.startedAt})::float8 / ${runs.step}`;
  return db
    .select({ config: runs.config, secondsPerStep: seconds })
    .from(runs)
    .where(
      and(
        eq(runs.kind, filter.kind),
        eq(runs.state, "succeeded"),
        // A run that paused or changed hands has time in it that was not work.
        eq(runs.attempt, 1),
        isNotNull(runs.startedAt),
        isNotNull(runs.finishedAt),
        sql`${runs.step} > 0`,
        filter.baseCheckpointId === null ? undefined : eq(runs.baseCheckpointId, filter.baseCheckpointId),
      ),
    )
    .orderBy(desc(runs.finishedAt))
    .limit(filter.limit);
}
