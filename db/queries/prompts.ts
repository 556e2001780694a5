/** SQL on prompts: adding them, and the table and page by which researchers look at them. */
import { createHash } from "node:crypto";
import { and, asc, count, desc, eq, ilike, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import { canonicalJson } from "../../domain/canonical";
import type { Message, Split } from "../../domain/prompt";
import type { Db } from "../client";
import { completions, items, judgements, prompts, users } from "../schema";

export type PromptRow = typeof prompts.$inferSelect;
export type NewPromptRow = typeof prompts.$inferInsert;

const CHUNK = 500;

/** The same messages are the same prompt. */
export function hashMessages(messages: readonly Message[]): string {
  return createHash("sha256").update(canonicalJson(messages)).digest("hex");
}

/** Additions of prompts to one project take turns, so that a group gets one split. Held until the transaction ends. */
export async function lockPrompts(tx: Db, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(1752133223, hashtext(${projectId}))`);
}

/** The split of each of these groups that has prompts already. */
export async function selectGroupSplits(db: Db, projectId: string, groupKeys: readonly string[]): Promise<Map<string, Split>> {
  const found = new Map<string, Split>();
  for (let start = 0; start < groupKeys.length; start += CHUNK) {
    const rows = await db
      .selectDistinct({ groupKey: prompts.groupKey, split: prompts.split })
      .from(prompts)
      .where(and(eq(prompts.projectId, projectId), inArray(prompts.groupKey, groupKeys.slice(start, start + CHUNK))));
    for (const { groupKey, split } of rows) found.set(groupKey, split);
  }
  return found;
}

/** By content hash. */
export async function selectPromptsByHash(db: Db, projectId: string, hashes: readonly string[]): Promise<Map<string, PromptRow>> {
  const found = new Map<string, PromptRow>();
  for (let start = 0; start < hashes.length; start += CHUNK) {
    const rows = await db
      .select()
      .from(prompts)
      .where(and(eq(prompts.projectId, projectId), inArray(prompts.contentHash, hashes.slice(start, start + CHUNK))));
    for (const row of rows) found.set(row.contentHash, row);
  }
  return found;
}

/** Inserts prompts that are not there by their content hash; returns those that were made. */
export async function insertPrompts(db: Db, rows: NewPromptRow[]): Promise<PromptRow[]> {
  const made: PromptRow[] = [];
  for (let start = 0; start < rows.length; start += CHUNK) {
    made.push(
      ...(await db
        .insert(prompts)
        .values(rows.slice(start, start + CHUNK))
        .onConflictDoNothing()
        .returning()),
    );
  }
  return made;
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
  const pattern = `%${(search ?? "").replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
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
