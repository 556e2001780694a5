/** SQL of imported comparisons: items that want no more votes, with judgements that came from elsewhere. */
import { createHash } from "node:crypto";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { ItemMode, JudgementValue } from "../../domain/judgement";
import type { Db } from "../client";
import { items, seats, users } from "../schema";

export type ImportedJudgement = {
  promptId: string;
  mode: ItemMode;
  completionIds: string[];
  shownOrder: string[];
  annotatorId: string;
  clientEventId: string;
  value: JudgementValue;
  ranks: number[] | null;
  comment: string;
  reasons?: string[];
  propensity?: number;
  activeMs?: number;
  idleMs?: number;
  untouched?: boolean;
  createdAt?: Date;
};

const hashItem = ({ mode, completionIds }: ImportedJudgement) =>
  createHash("sha256")
    .update([mode, ...[...completionIds].sort()].join("\n"))
    .digest("hex");

/**
 * Stores judgements, each on an item that is made when there is none and with a seat of its own, so that seats for
 * people stay free. A judgement of an annotator on an item that they have judged is left out.
 */
export async function insertImportedJudgements(
  tx: Db,
  projectId: string,
  rows: ImportedJudgement[],
): Promise<{ items: number; judgements: number }> {
  if (rows.length === 0) return { items: 0, judgements: 0 };
  const hashes = rows.map(hashItem);
  const byHash = new Map<string, ImportedJudgement>();
  hashes.forEach((hash, i) => {
    const row = rows[i];
    if (row !== undefined && !byHash.has(hash)) byHash.set(hash, row);
  });
  // Rows as one parameter: a statement with a parameter for each value takes longer to write than to run.
  const wanted = [...byHash].map(([contentHash, { promptId, mode }]) => ({ promptId, mode, contentHash }));
  const made = (await tx.execute(sql`
    insert into items (project_id, prompt_id, mode, content_hash)
    select ${projectId}::uuid, "promptId", mode, "contentHash" from json_to_recordset(${JSON.stringify(wanted)}::json) as item("promptId" uuid, mode text, "contentHash" text)
    on conflict do nothing
    returning id, content_hash as "contentHash"`)) as unknown as { id: string; contentHash: string }[];
  const parts = made.flatMap(({ id, contentHash }) =>
    (byHash.get(contentHash)?.completionIds ?? []).map((completionId, position) => ({ itemId: id, completionId, position })),
  );
  if (parts.length > 0) {
    await tx.execute(sql`insert into item_completions (item_id, completion_id, position)
      select "itemId", "completionId", position from json_to_recordset(${JSON.stringify(parts)}::json) as part("itemId" uuid, "completionId" uuid, position smallint)`);
  }
  const known = await tx
    .select({ id: items.id, contentHash: items.contentHash })
    .from(items)
    .where(and(eq(items.projectId, projectId), inArray(items.contentHash, [...byHash.keys()])));
  const itemIds = new Map(known.map(({ id, contentHash }) => [contentHash, id]));
  const taken = await tx
    .select({ itemId: seats.itemId, last: sql<number>`max(${seats.seat})`.mapWith(Number) })
    .from(seats)
    .where(inArray(seats.itemId, [...itemIds.values()]))
    .groupBy(seats.itemId);
  const lastSeat = new Map(taken.map(({ itemId, last }) => [itemId, last]));
  const values = rows.flatMap((row, i) => {
    const itemId = itemIds.get(hashes[i] ?? "");
    if (itemId === undefined) return [];
    const seat = (lastSeat.get(itemId) ?? 0) + 1;
    lastSeat.set(itemId, seat);
    const { promptId: _, mode: __, completionIds: ___, activeMs = 0, ...given } = row;
    return [{ ...given, projectId, itemId, seat, activeMs }];
  });
  const stored = (await tx.execute(sql`
    with given as (
      select * from json_to_recordset(${JSON.stringify(values)}::json) as vote(
        "itemId" uuid, seat smallint, "annotatorId" uuid, "clientEventId" uuid, value jsonb, "shownOrder" jsonb, ranks jsonb, reasons jsonb, comment text,
        propensity float8, "activeMs" int, "idleMs" int, untouched boolean, "createdAt" timestamptz)),
    stored as (
      insert into judgements (project_id, item_id, seat, annotator_id, client_event_id, value, shown_order, ranks, reasons, comment, propensity, active_ms, idle_ms, untouched, created_at)
      select ${projectId}::uuid, "itemId", seat, "annotatorId", "clientEventId", value, "shownOrder", nullif(ranks, 'null'::jsonb), coalesce(reasons, '[]'), comment,
        coalesce(propensity, 1), "activeMs", coalesce("idleMs", 0), coalesce(untouched, false), coalesce("createdAt", now())
      from given
      on conflict do nothing
      returning id, item_id, seat, annotator_id, shown_order)
    insert into seats (item_id, seat, annotator_id, shown_order, judgement_id)
    select item_id, seat, annotator_id, shown_order, id from stored
    returning item_id`)) as unknown as unknown[];
  return { items: made.length, judgements: stored.length };
}

/** The account that stands for votes of an imported file; nobody can sign in with it. */
export async function ensureImporter(tx: Db, input: { email: string; name: string }): Promise<string> {
  const [made] = await tx
    .insert(users)
    .values({ ...input, role: "annotator", disabled: true })
    .onConflictDoNothing({ target: users.email })
    .returning({ id: users.id });
  if (made) return made.id;
  const [known] = await tx.select({ id: users.id }).from(users).where(eq(users.email, input.email));
  if (!known) throw new Error(`The account ${input.email} was removed while it was looked up`);
  return known.id;
}
