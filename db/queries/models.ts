/** SQL behind the models page: checkpoints that something can start from, what was made of them, what holds on to them. */
import { count, desc, eq, isNull, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "../client";
import { checkpoints, models, projects, runs, scores } from "../schema";

const parent = alias(checkpoints, "parent");

/** Models of everybody and results of runs, newest first, each with where it is from and how many runs were made of it. */
export function selectModelCheckpoints(db: Db) {
  const used = db.$with("used").as(
    db
      .select({ checkpointId: sql<string>`checkpoint_id`.as("checkpoint_id"), runs: sql<number>`count(*)::int`.as("runs") })
      .from(
        sql`(select ${runs.baseCheckpointId} as checkpoint_id from ${runs} union all select ${runs.rewardCheckpointId} from ${runs}) as uses`,
      )
      .where(sql`checkpoint_id is not null`)
      .groupBy(sql`checkpoint_id`),
  );
  return db
    .with(used)
    .select({
      id: checkpoints.id,
      kind: checkpoints.kind,
      name: checkpoints.name,
      path: checkpoints.path,
      hash: checkpoints.hash,
      promoted: checkpoints.promoted,
      createdAt: checkpoints.createdAt,
      parentName: parent.name,
      projectId: checkpoints.projectId,
      projectName: projects.name,
      runId: checkpoints.runId,
      runName: runs.name,
      runKind: runs.kind,
      sweepId: runs.sweepId,
      usedBy: sql<number>`coalesce(${used.runs}, 0)`,
    })
    .from(checkpoints)
    .leftJoin(runs, eq(runs.id, checkpoints.runId))
    .leftJoin(projects, eq(projects.id, checkpoints.projectId))
    .leftJoin(parent, eq(parent.id, checkpoints.parentId))
    .leftJoin(used, eq(used.checkpointId, checkpoints.id))
    .where(or(isNull(checkpoints.runId), eq(checkpoints.final, true)))
    .orderBy(desc(checkpoints.createdAt));
}

/** What would miss a checkpoint: runs on it, scores of it, checkpoints trained from it, models whose completions it wrote. */
export async function countCheckpointUses(
  db: Db,
  checkpointId: string,
): Promise<{ runs: number; scores: number; children: number; models: number }> {
  const [[ofRuns], [ofScores], [ofChildren], [ofModels]] = await Promise.all([
    db
      .select({ n: count() })
      .from(runs)
      .where(or(eq(runs.baseCheckpointId, checkpointId), eq(runs.rewardCheckpointId, checkpointId))),
    db.select({ n: count() }).from(scores).where(eq(scores.checkpointId, checkpointId)),
    db.select({ n: count() }).from(checkpoints).where(eq(checkpoints.parentId, checkpointId)),
    db.select({ n: count() }).from(models).where(eq(models.checkpointId, checkpointId)),
  ]);
  return { runs: ofRuns?.n ?? 0, scores: ofScores?.n ?? 0, children: ofChildren?.n ?? 0, models: ofModels?.n ?? 0 };
}

export async function deleteCheckpoint(db: Db, checkpointId: string): Promise<void> {
  await db.delete(checkpoints).where(eq(checkpoints.id, checkpointId));
}
