/** SQL of imported comparisons: items that want no more votes, with judgements that came from elsewhere. */
import { createHash } from "node:crypto";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { ItemMode, JudgementValue } from "../../domain/judgement";
import type { Db } from "../client";
import { itemCompletions, items, judgements, seats, users } from "../schema";

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

const hashItem = ({ mode, completionIds }: ImportedJudgement) => createHash("sha256").update([mode, ...[...completionIds].sort()].join("\n")).digest("hex");

/**
 * Stores judgements, each on an item that is made when there is none and with a seat of its own, so that seats for
 * people stay free. A judgement of an annotator on an item that they have judged is left out.
 */
export async function insertImportedJudgements(tx: Db, projectId: string, rows: ImportedJudgement[]): Promise<{ items: number; judgements: number }> {
  if (rows.length === 0) return { items: 0, judgements: 0 };
  const byHash = new Map(rows.toReversed().map((row) => [hashItem(row), row]));
  const made = await tx
    .insert(items)
    .values([...byHash].map(([contentHash, { promptId, mode }]) => ({ projectId, promptId, mode, contentHash })))
    .onConflictDoNothing()
    .returning({ id: items.id, contentHash: items.contentHash });
  const parts = made.flatMap(({ id, contentHash }) => (byHash.get(contentHash)?.completionIds ?? []).map((completionId, position) => ({ itemId: id, completionId, position })));
  if (parts.length > 0) await tx.insert(itemCompletions).values(parts);
  const known = await tx.select({ id: items.id, contentHash: items.contentHash }).from(items).where(and(eq(items.projectId, projectId), inArray(items.contentHash, [...byHash.keys()])));
  const itemIds = new Map(known.map(({ id, contentHash }) => [contentHash, id]));
  const taken = await tx
    .select({ itemId: seats.itemId, last: sql<number>`max(${seats.seat})`.mapWith(Number) })
    .from(seats)
    .where(inArray(seats.itemId, [...itemIds.values()]))
    .groupBy(seats.itemId);
  const lastSeat = new Map(taken.map(({ itemId, last }) => [itemId, last]));
  const values = rows.flatMap((row) => {
    const itemId = itemIds.get(hashItem(row));
    if (itemId === undefined) return [];
    const seat = (lastSeat.get(itemId) ?? 0) + 1;
    lastSeat.set(itemId, seat);
    const { promptId: _, mode: __, completionIds: ___, activeMs = 0, ...given } = row;
    return [{ ...given, projectId, itemId, seat, activeMs }];
  });
  const stored = await tx
    .insert(judgements)
    .values(values)
    .onConflictDoNothing()
    .returning({ id: judgements.id, itemId: judgements.itemId, seat: judgements.seat, annotatorId: judgements.annotatorId, shownOrder: judgements.shownOrder });
  if (stored.length > 0) {
    await tx.insert(seats).values(stored.map(({ id, itemId, seat, annotatorId, shownOrder }) => ({ itemId, seat, annotatorId, shownOrder, judgementId: id })));
  }
  return { items: made.length, judgements: stored.length };
}

/** The account that stands for votes of an imported file; nobody can sign in with it. */
export async function ensureImporter(tx: Db, input: { email: string; name: string }): Promise<string> {
  const [made] = await tx.insert(users).values({ ...input, role: "annotator", disabled: true }).onConflictDoNothing({ target: users.email }).returning({ id: users.id });
  if (made) return made.id;
  const [known] = await tx.select({ id: users.id }).from(users).where(eq(users.email, input.email));
  if (!known) throw new Error(`The account ${input.email} was removed while it was looked up`);
  return known.id;
}
