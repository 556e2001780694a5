/** SQL on what the trainer's worker reads and writes beside runs: dataset rows, prompts, sampled completions. */
import { and, asc, eq, gt, inArray } from "drizzle-orm";
import type { DatasetRow, PreferenceRow, SftRow } from "../../domain/dataset";
import type { Split } from "../../domain/prompt";
import type { Db } from "../client";
import { completions, datasetRows, datasetVersions, models, prompts } from "../schema";

export type PromptRow = typeof prompts.$inferSelect;
export type NewCompletion = typeof completions.$inferInsert;

/** Rows of a dataset version in their frozen order, by split. Throws when the version is of another kind. */
export async function selectTrainingRows<T extends PreferenceRow | SftRow>(
  db: Db,
  versionId: string,
  kind: "preference" | "sft",
): Promise<Record<Split, T[]>> {
  const [version] = await db.select({ kind: datasetVersions.kind }).from(datasetVersions).where(eq(datasetVersions.id, versionId));
  if (version?.kind !== kind) throw new Error(`The run needs a dataset version of kind ${kind}, not ${version?.kind ?? "none"}`);
  const rows = await db.select().from(datasetRows).where(eq(datasetRows.datasetVersionId, versionId)).orderBy(asc(datasetRows.ordinal));
  const out: Record<Split, T[]> = { train: [], validation: [], test: [] };
  for (const row of rows) out[row.split].push(row.content as T);
  return out;
}

const PAGE = 2_000;

/** Rows of a dataset version's training split, a page at a time: what a run on it has learnt from. */
export async function* readTrainingContents(db: Db, versionId: string): AsyncGenerator<DatasetRow["content"]> {
  for (let after = -1; ; ) {
    const rows = await db
      .select({ ordinal: datasetRows.ordinal, content: datasetRows.content })
      .from(datasetRows)
      .where(and(eq(datasetRows.datasetVersionId, versionId), eq(datasetRows.split, "train"), gt(datasetRows.ordinal, after)))
      .orderBy(asc(datasetRows.ordinal))
      .limit(PAGE);
    for (const { content } of rows) yield content;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.ordinal;
  }
}

/** Prompts of a split in the order of their content hash: the same in every installation. */
export function selectPromptsOfSplit(db: Db, projectId: string, split: Split, limit?: number): Promise<PromptRow[]> {
  const query = db
    .select()
    .from(prompts)
    .where(and(eq(prompts.projectId, projectId), eq(prompts.split, split)))
    .orderBy(asc(prompts.contentHash));
  return limit === undefined ? query : query.limit(limit);
}

/** The model that stands for a checkpoint on the leaderboard; made on first use. */
export async function ensureModel(db: Db, input: { projectId: string; checkpointId: string; name: string }): Promise<string> {
  const { projectId, checkpointId } = input;
  const [known] = await db
    .select()
    .from(models)
    .where(and(eq(models.projectId, projectId), eq(models.checkpointId, checkpointId)));
  if (known) return known.id;
  // Names are unique in a project: a second checkpoint of the same name gets its own mark.
  for (const name of [input.name, `${input.name} (${checkpointId.slice(0, 8)})`]) {
    const [made] = await db.insert(models).values({ projectId, name, checkpointId }).onConflictDoNothing().returning();
    if (made) return made.id;
    const [raced] = await db
      .select()
      .from(models)
      .where(and(eq(models.projectId, projectId), eq(models.checkpointId, checkpointId)));
    if (raced) return raced.id;
  }
  throw new Error(`The model "${input.name}" could not be named`);
}

/** Inserts completions; those that are there already (a resumed run) are left. Returns all rows of the run. */
export async function insertSampledCompletions(db: Db, runId: string, rows: NewCompletion[]) {
  for (let start = 0; start < rows.length; start += 500)
    await db
      .insert(completions)
      .values(rows.slice(start, start + 500))
      .onConflictDoNothing();
  const promptIds = [...new Set(rows.map(({ promptId }) => promptId))];
  const modelIds = [...new Set(rows.map(({ modelId }) => modelId))];
  if (rows.length === 0) return [];
  const stored = await db
    .select()
    .from(completions)
    .where(and(inArray(completions.promptId, promptIds), inArray(completions.modelId, modelIds)))
    .orderBy(asc(completions.promptId), asc(completions.ordinal));
  return stored.filter(
    (row) => row.runId === runId || rows.some((made) => made.promptId === row.promptId && made.contentHash === row.contentHash),
  );
}
