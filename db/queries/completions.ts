/** SQL on completions and on the models that wrote them. */
import { createHash } from "node:crypto";
import { and, asc, count, desc, eq, inArray, sql } from "drizzle-orm";
import type { Split } from "../../domain/prompt";
import type { Db } from "../client";
import { completions, models, prompts } from "../schema";

export type CompletionRow = typeof completions.$inferSelect;
export type NewCompletionRow = typeof completions.$inferInsert;

const CHUNK = 500;
/** What tells a completion from the others: not its text, which would come back with every row. */
const identity = {
  id: completions.id,
  promptId: completions.promptId,
  modelId: completions.modelId,
  contentHash: completions.contentHash,
  ordinal: completions.ordinal,
};

/** Texts that differ only by white space around them are one completion. */
export function hashCompletionText(text: string): string {
  return createHash("sha256").update(text.trim()).digest("hex");
}

/** With the names of their models, in no particular order; ids that do not exist are left out. */
export async function selectCompletionsByIds(db: Db, ids: readonly string[]): Promise<(CompletionRow & { model: string })[]> {
  const out: (CompletionRow & { model: string })[] = [];
  for (let start = 0; start < ids.length; start += CHUNK) {
    const rows = await db
      .select()
      .from(completions)
      .innerJoin(models, eq(models.id, completions.modelId))
      .where(inArray(completions.id, ids.slice(start, start + CHUNK)));
    out.push(...rows.map((row) => ({ ...row.completions, model: row.models.name })));
  }
  return out;
}

/** Completions of a prompt with the name of their model, oldest first. */
export function selectCompletionsOfPrompt(db: Db, promptId: string) {
  return db
    .select({
      id: completions.id,
      text: completions.text,
      source: completions.source,
      sampling: completions.sampling,
      generation: completions.generation,
      ordinal: completions.ordinal,
      runId: completions.runId,
      createdAt: completions.createdAt,
      modelId: models.id,
      model: models.name,
      checkpointId: models.checkpointId,
    })
    .from(completions)
    .innerJoin(models, eq(models.id, completions.modelId))
    .where(eq(completions.promptId, promptId))
    .orderBy(asc(models.name), asc(completions.ordinal), asc(completions.createdAt), asc(completions.id));
}

/** What may be shown of these prompts, by prompt. */
export async function selectServableCompletions(db: Db, promptIds: readonly string[]) {
  type Servable = Pick<CompletionRow, "id" | "promptId" | "text" | "turns" | "contentHash"> & { model: string };
  const found = new Map<string, Servable[]>();
  if (promptIds.length === 0) return found;
  const rows = await db
    .select({
      id: completions.id,
      promptId: completions.promptId,
      text: completions.text,
      turns: completions.turns,
      contentHash: completions.contentHash,
      model: models.name,
    })
    .from(completions)
    .innerJoin(models, eq(models.id, completions.modelId))
    .where(inArray(completions.promptId, [...promptIds]))
    .orderBy(asc(completions.contentHash), asc(completions.id));
  for (const row of rows) found.set(row.promptId, [...(found.get(row.promptId) ?? []), row]);
  return found;
}

type Identity = { id: string; promptId: string; modelId: string; contentHash: string; ordinal: number };

/** Rows as one parameter: a statement with a parameter for each value takes longer to write than to run. */
async function insertCompletions(db: Db, rows: readonly NewCompletionRow[]): Promise<Identity[]> {
  const made = await db.execute(sql`
    insert into completions (project_id, prompt_id, model_id, text, turns, source, sampling, generation, ordinal, content_hash, run_id)
    select "projectId", "promptId", "modelId", text, turns, source, sampling, generation, coalesce(ordinal, 0), "contentHash", "runId"
    from json_to_recordset(${JSON.stringify(rows)}::json) as given(
      "projectId" uuid, "promptId" uuid, "modelId" uuid, text text, turns jsonb, source text, sampling jsonb, generation jsonb, ordinal int, "contentHash" text, "runId" uuid)
    on conflict do nothing
    returning id, prompt_id as "promptId", model_id as "modelId", content_hash as "contentHash", ordinal`);
  return made as unknown as Identity[];
}

/**
 * Inserts what is new. Returns for each input its id, and how many rows were made: the same text of the same model,
 * prompt and ordinal is one completion.
 */
export async function upsertCompletions(db: Db, rows: NewCompletionRow[]): Promise<{ ids: string[]; inserted: number }> {
  const key = (row: { promptId: string; modelId: string; contentHash: string; ordinal?: number }) =>
    `${row.promptId} ${row.modelId} ${row.contentHash} ${row.ordinal ?? 0}`;
  const found = new Map<string, string>();
  let inserted = 0;
  // Votes on one item come one after another, each with the item's texts.
  const distinct = [...new Map(rows.map((row) => [key(row), row])).values()];
  for (let start = 0; start < distinct.length; start += CHUNK) {
    const chunk = distinct.slice(start, start + CHUNK);
    const made = await insertCompletions(db, chunk);
    inserted += made.length;
    for (const row of made) found.set(key(row), row.id);
    const missing = chunk.filter((row) => !found.has(key(row)));
    if (missing.length === 0) continue;
    const known = await db
      .select(identity)
      .from(completions)
      .where(
        and(
          inArray(
            completions.promptId,
            missing.map(({ promptId }) => promptId),
          ),
          inArray(
            completions.contentHash,
            missing.map(({ contentHash }) => contentHash),
          ),
        ),
      );
    for (const row of known) found.set(key(row), row.id);
  }
  const ids = rows.map((row) => {
    const id = found.get(key(row));
    if (id === undefined) throw new Error("A completion was removed while it was inserted");
    return id;
  });
  return { ids, inserted };
}

/** The model of this name in the project; made on first use. */
export async function ensureNamedModel(db: Db, projectId: string, name: string): Promise<string> {
  const [made] = await db.insert(models).values({ projectId, name }).onConflictDoNothing().returning({ id: models.id });
  if (made) return made.id;
  const [known] = await db
    .select({ id: models.id })
    .from(models)
    .where(and(eq(models.projectId, projectId), eq(models.name, name)));
  if (!known) throw new Error(`The model "${name}" was removed while it was looked up`);
  return known.id;
}

/** Models of a project with their number of completions, by name. */
export function selectModels(db: Db, projectId: string) {
  return db
    .select({ id: models.id, name: models.name, checkpointId: models.checkpointId, completions: count(completions.id) })
    .from(models)
    .leftJoin(completions, eq(completions.modelId, models.id))
    .where(eq(models.projectId, projectId))
    .groupBy(models.id)
    .orderBy(asc(models.name));
}

/** The newest completion of each of `modelIds` for each prompt of a split. */
export function selectNewestCompletions(db: Db, input: { projectId: string; modelIds: readonly string[]; split: Split }) {
  return db
    .selectDistinctOn([completions.promptId, completions.modelId], {
      id: completions.id,
      promptId: completions.promptId,
      promptHash: prompts.contentHash,
      modelId: completions.modelId,
      contentHash: completions.contentHash,
    })
    .from(completions)
    .innerJoin(prompts, eq(prompts.id, completions.promptId))
    .where(
      and(eq(completions.projectId, input.projectId), eq(prompts.split, input.split), inArray(completions.modelId, [...input.modelIds])),
    )
    .orderBy(completions.promptId, completions.modelId, desc(completions.createdAt), asc(completions.ordinal), asc(completions.id));
}
