/** SQL on the scores of checkpoints. */
import { and, asc, desc, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import type { Db } from "../client";
import { checkpoints, scores } from "../schema";

export type ScoreRow = typeof scores.$inferSelect;
export type NewScore = Omit<typeof scores.$inferInsert, "id" | "createdAt">;

/** Writes scores; one of the same run, checkpoint and metric is replaced, so that a resumed run may write again. */
export async function upsertScores(db: Db, rows: readonly NewScore[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insert(scores)
    .values([...rows])
    .onConflictDoUpdate({
      target: [scores.runId, scores.checkpointId, scores.metric],
      set: {
        value: sql`excluded.value`,
        low: sql`excluded.low`,
        high: sql`excluded.high`,
        n: sql`excluded.n`,
        signature: sql`excluded.signature`,
        createdAt: sql`now()`,
      },
    });
}

/** Scores with their checkpoint's name, newest first within a metric; each filter narrows. */
export function selectScores(
  db: Db,
  filter: { projectId?: string; projectIds?: readonly string[]; runId?: string; checkpointId?: string },
) {
  return db
    .select({ ...getTableColumns(scores), checkpointName: checkpoints.name })
    .from(scores)
    .innerJoin(checkpoints, eq(checkpoints.id, scores.checkpointId))
    .where(
      and(
        filter.projectId === undefined ? undefined : eq(scores.projectId, filter.projectId),
        filter.projectIds === undefined ? undefined : inArray(scores.projectId, [...filter.projectIds]),
        filter.runId === undefined ? undefined : eq(scores.runId, filter.runId),
        filter.checkpointId === undefined ? undefined : eq(scores.checkpointId, filter.checkpointId),
      ),
    )
    .orderBy(asc(scores.metric), desc(scores.createdAt));
}
