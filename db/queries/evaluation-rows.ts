/** SQL on what evaluation runs kept of each prompt. */
import { and, asc, count, desc, eq, inArray, ne, sql } from "drizzle-orm";
import type { Db } from "../client";
import { checkpoints, completions, evaluationRows, prompts, runs } from "../schema";

/** Writes rows; those of the same run and prompt are replaced, so that a resumed run may write again. */
export async function upsertEvaluationRows(db: Db, rows: readonly (typeof evaluationRows.$inferInsert)[]): Promise<void> {
  for (let start = 0; start < rows.length; start += 500) {
    await db
      .insert(evaluationRows)
      .values(rows.slice(start, start + 500))
      .onConflictDoUpdate({
        target: [evaluationRows.runId, evaluationRows.promptId],
        set: { completionId: sql`excluded.completion_id`, values: sql`excluded.values` },
      });
  }
}

/** Rows of a run with their texts, in the order of the prompts' content hash. */
export function selectEvaluationRows(db: Db, runId: string) {
  return db
    .select({ promptId: evaluationRows.promptId, text: completions.text, reference: prompts.reference, values: evaluationRows.values })
    .from(evaluationRows)
    .innerJoin(prompts, eq(prompts.id, evaluationRows.promptId))
    .innerJoin(completions, eq(completions.id, evaluationRows.completionId))
    .where(eq(evaluationRows.runId, runId))
    .orderBy(asc(prompts.contentHash));
}

/** Other evaluation runs that answered prompts of this one, newest first, and how many they share. */
export function selectComparableRuns(db: Db, runId: string) {
  const own = db.select({ id: evaluationRows.promptId }).from(evaluationRows).where(eq(evaluationRows.runId, runId));
  return db
    .select({ id: runs.id, name: runs.name, checkpointName: checkpoints.name, finishedAt: runs.finishedAt, shared: count() })
    .from(evaluationRows)
    .innerJoin(runs, eq(runs.id, evaluationRows.runId))
    .innerJoin(checkpoints, eq(checkpoints.id, runs.baseCheckpointId))
    .where(and(inArray(evaluationRows.promptId, own), ne(evaluationRows.runId, runId), eq(runs.state, "succeeded")))
    .groupBy(runs.id, checkpoints.id)
    .orderBy(desc(runs.finishedAt));
}
