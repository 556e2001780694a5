/** SQL on prompts: adding them, and the table and page by which researchers look at them. */
import { createHash } from "node:crypto";
import { and, asc, count, desc, eq, ilike, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import { canonicalJson } from "../../domain/canonical";
import type { Message, Split } from "../../domain/prompt";
import type { Db } from "../client";
import { containing } from "../contains";
import { completions, items, judgements, prompts, users } from "../schema";

export type PromptRow = typeof prompts.$inferSelect;
export type NewPromptRow = typeof prompts.$inferInsert;

/** The same messages are the same prompt. */
export function hashMessages(messages: readonly Message[]): string {
  return createHash("sha256").update(canonicalJson(messages)).digest("hex");
}

/** Additions of prompts to one project take turns, so that a group gets one split. Held until the transaction ends. */
export async function lockPrompts(tx: Db, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(1752133223, hashtext(${projectId}))`);
}

/** A list as one parameter: a statement with a parameter for each value takes longer to write than to run. */
const textsOf = (texts: readonly string[]) => sql`(select value from json_array_elements_text(${JSON.stringify(texts)}::json))`;

/** The split of each of these groups that has prompts already. */
export async function selectGroupSplits(db: Db, projectId: string, groupKeys: readonly string[]): Promise<Map<string, Split>> {
  const rows = await db
    .selectDistinct({ groupKey: prompts.groupKey, split: prompts.split })
    .from(prompts)
    .where(and(eq(prompts.projectId, projectId), inArray(prompts.groupKey, textsOf(groupKeys))));
  return new Map(rows.map(({ groupKey, split }) => [groupKey, split]));
}

/** What tells a prompt from the others, and what an import of the same one may add to or contradict. */
export type KnownPrompt = Pick<PromptRow, "id" | "contentHash" | "split" | "reference">;
const known = { id: prompts.id, contentHash: prompts.contentHash, split: prompts.split, reference: prompts.reference };

/** By content hash. */
export async function selectPromptsByHash(db: Db, projectId: string, hashes: readonly string[]): Promise<Map<string, KnownPrompt>> {
  const rows = await db
    .select(known)
    .from(prompts)
    .where(and(eq(prompts.projectId, projectId), inArray(prompts.contentHash, textsOf(hashes))));
  return new Map(rows.map((row) => [row.contentHash, row]));
}

/** Inserts prompts that are not there by their content hash; returns those that were made. */
export async function insertPrompts(db: Db, rows: readonly NewPromptRow[]): Promise<KnownPrompt[]> {
  if (rows.length === 0) return [];
  const made = await db.execute(sql`
    insert into prompts (project_id, messages, reference, split, group_key, meta, content_hash)
    select "projectId", messages, reference, split, "groupKey", meta, "contentHash"
    from json_to_recordset(${JSON.stringify(rows)}::json) as given(
      "projectId" uuid, messages jsonb, reference text, split text, "groupKey" text, meta jsonb, "contentHash" text)
    on conflict do nothing
    returning id, content_hash as "contentHash", split, reference`);
  return made as unknown as KnownPrompt[];
}

/** Gives a prompt that had no reference answer one. */
export async function setReference(db: Db, promptId: string, reference: string): Promise<boolean> {
  const rows = await db
    .update(prompts)
    .set({ reference })
    .where(and(eq(prompts.id, promptId), isNull(prompts.reference)))
    .returning({ id: prompts.id });
  return rows.length === 1;
}

/** Those of the ids that are prompts of the project. */
export async function selectPromptIds(db: Db, projectId: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select({ id: prompts.id })
    .from(prompts)
    .where(and(eq(prompts.projectId, projectId), inArray(prompts.id, [...new Set(ids)])));
  return rows.map(({ id }) => id);
}

/** The last message of each prompt. */
export async function selectPromptTexts(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: prompts.id, messages: prompts.messages })
    .from(prompts)
    .where(inArray(prompts.id, [...ids]));
  return new Map(rows.map(({ id, messages }) => [id, messages.at(-1)?.content ?? ""]));
}

export async function selectPrompt(db: Db, id: string): Promise<PromptRow | null> {
  const [row] = await db.select().from(prompts).where(eq(prompts.id, id));
  return row ?? null;
}

export type PromptFilter = {
  projectId: string;
  split?: Split;
  /** Found anywhere in the messages or the reference, whatever the case. */
  search?: string;
  /** Only prompts that this model has answered. */
  modelId?: string;
  judged?: "yes" | "no";
  sort: "newest" | "completions" | "judgements";
  limit: number;
  offset: number;
};

/** A page of prompts with how many completions, items and live judgements each has, and how many prompts the filter finds. */
export async function selectPromptTable(db: Db, filter: PromptFilter) {
  // Conditions by eq and isNull, not by columns in the template: of those a select from one table drops the table's name.
  const judgementCount =
    sql<number>`(select count(*) from ${judgements} join ${items} on ${eq(items.id, judgements.itemId)} where ${and(eq(items.promptId, prompts.id), isNull(judgements.undoneAt))})`.mapWith(
      Number,
    );
  const completionCount = sql<number>`(select count(*) from ${completions} where ${eq(completions.promptId, prompts.id)})`.mapWith(Number);
  const where = and(...promptConditions(filter));
  const order: Record<PromptFilter["sort"], SQL[]> = {
    newest: [desc(prompts.createdAt), asc(prompts.contentHash)],
    completions: [desc(completionCount), asc(prompts.contentHash)],
    judgements: [desc(judgementCount), asc(prompts.contentHash)],
  };
  const rows = await db
    .select({
      id: prompts.id,
      messages: prompts.messages,
      hasReference: sql<boolean>`${prompts.reference} is not null`,
      split: prompts.split,
      groupKey: prompts.groupKey,
      completions: completionCount,
      items: sql<number>`(select count(*) from ${items} where ${eq(items.promptId, prompts.id)})`.mapWith(Number),
      judgements: judgementCount,
      createdAt: prompts.createdAt,
    })
    .from(prompts)
    .where(where)
    .orderBy(...order[filter.sort])
    .limit(filter.limit)
    .offset(filter.offset);
  const [total] = await db.select({ n: count() }).from(prompts).where(where);
  return { rows, total: total?.n ?? 0 };
}

function promptConditions({ projectId, split, search, modelId, judged }: PromptFilter): (SQL | undefined)[] {
  const pattern = containing(search ?? "");
  const hasJudgement = sql`exists (select 1 from ${judgements} join ${items} on ${items.id} = ${judgements.itemId} where ${items.promptId} = ${prompts.id} and ${judgements.undoneAt} is null)`;
  return [
    eq(prompts.projectId, projectId),
    split === undefined ? undefined : eq(prompts.split, split),
    search === undefined || search === ""
      ? undefined
      : or(
          sql`exists (select 1 from jsonb_array_elements(${prompts.messages}) message where message->>'content' ilike ${pattern})`,
          ilike(prompts.reference, pattern),
        ),
    modelId === undefined
      ? undefined
      : sql`exists (select 1 from ${completions} where ${completions.promptId} = ${prompts.id} and ${completions.modelId} = ${modelId})`,
    judged === undefined ? undefined : judged === "yes" ? hasJudgement : sql`not ${hasJudgement}`,
  ];
}

/** Prompts of a project by split, and how many of them have a reference answer. */
export function selectSplitCounts(db: Db, projectId: string) {
  return db
    .select({ split: prompts.split, prompts: count(), references: count(prompts.reference) })
    .from(prompts)
    .where(eq(prompts.projectId, projectId))
    .groupBy(prompts.split);
}

/** Every judgement on a prompt, undone ones too, newest first. */
export function selectJudgementsOfPrompt(db: Db, promptId: string) {
  return db
    .select({
      id: judgements.id,
      itemId: judgements.itemId,
      mode: items.mode,
      annotator: users.name,
      annotatorId: users.id,
      simulated: users.simulated,
      value: judgements.value,
      shownOrder: judgements.shownOrder,
      ranks: judgements.ranks,
      reasons: judgements.reasons,
      comment: judgements.comment,
      activeMs: judgements.activeMs,
      undoneAt: judgements.undoneAt,
      createdAt: judgements.createdAt,
    })
    .from(judgements)
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(eq(items.promptId, promptId))
    .orderBy(desc(judgements.createdAt), asc(judgements.id));
}
