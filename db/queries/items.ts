/** SQL on items: what is judged together, with one seat for each judgement that is wanted. */
import { createHash } from "node:crypto";
import { eq, inArray } from "drizzle-orm";
import type { ItemMode } from "../../domain/judgement";
import type { Db } from "../client";
import { itemCompletions, items, projects, seats } from "../schema";

export type NewItem = {
  promptId: string;
  completionIds: string[];
  mode: ItemMode;
  priority?: number;
  propensity?: number;
  roundId?: string | null;
};

/** The same comparison in any order is one item; what shows no completion is known by its prompt. */
function hashItem({ mode, promptId, completionIds }: NewItem): string {
  const shown = completionIds.length > 0 ? [...completionIds].sort() : [promptId];
  return createHash("sha256")
    .update([mode, ...shown].join("\n"))
    .digest("hex");
}

/** Those of the prompts that have an item. */
export async function selectPromptsWithItems(db: Db, promptIds: readonly string[]): Promise<Set<string>> {
  if (promptIds.length === 0) return new Set();
  const rows = await db
    .selectDistinct({ promptId: items.promptId })
    .from(items)
    .where(inArray(items.promptId, [...promptIds]));
  return new Set(rows.map(({ promptId }) => promptId));
}

/**
 * Inserts items with their completions and seats (`seatsPerItem`, by default the project's overlap). Items that exist
 * already are left as they are. Returns the ids of those that were made.
 */
export async function insertItems(
  db: Db,
  input: { projectId: string; items: NewItem[]; seatsPerItem?: number },
): Promise<{ inserted: number; ids: string[] }> {
  if (input.items.length === 0) return { inserted: 0, ids: [] };
  return db.transaction(async (tx) => {
    const [project] = await tx.select({ overlap: projects.overlap }).from(projects).where(eq(projects.id, input.projectId));
    if (!project) throw new Error(`Project ${input.projectId} does not exist`);
    const wanted = input.seatsPerItem ?? project.overlap;
    const ids: string[] = [];
    for (let start = 0; start < input.items.length; start += 500) {
      const chunk = input.items.slice(start, start + 500);
      const byHash = new Map(chunk.toReversed().map((item) => [hashItem(item), item])); // the first of two alike counts
      const made = await tx
        .insert(items)
        .values(
          [...byHash].map(([contentHash, { promptId, mode, priority, propensity, roundId }]) => ({
            projectId: input.projectId,
            promptId,
            mode,
            priority,
            propensity,
            roundId,
            contentHash,
          })),
        )
        .onConflictDoNothing()
        .returning({ id: items.id, contentHash: items.contentHash });
      if (made.length === 0) continue;
      const shown = made.flatMap(({ id, contentHash }) =>
        (byHash.get(contentHash)?.completionIds ?? []).map((completionId, position) => ({ itemId: id, completionId, position })),
      );
      if (shown.length > 0) await tx.insert(itemCompletions).values(shown);
      await tx.insert(seats).values(made.flatMap(({ id }) => Array.from({ length: wanted }, (_, i) => ({ itemId: id, seat: i + 1 }))));
      ids.push(...made.map(({ id }) => id));
    }
    return { inserted: ids.length, ids };
  });
}
