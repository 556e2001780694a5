/** SQL behind the admin's list of workers. */
import { and, desc, eq, sql } from "drizzle-orm";
import type { Db } from "../client";
import { runs, workers } from "../schema";

/** Workers seen within the last day, newest heartbeat first, each with the run it has in hand. */
export function selectRecentWorkers(db: Db) {
  return db
    .select({
      id: workers.id,
      name: workers.name,
      engine: workers.engine,
      memoryBytes: workers.memoryBytes,
      gpuMemoryBytes: workers.gpuMemoryBytes,
      startedAt: workers.startedAt,
      heartbeatAt: workers.heartbeatAt,
      /** Seconds since the heartbeat, by the database's clock. */
      silentSeconds: sql<number>`extract(epoch from now() - ${workers.heartbeatAt})::float8`,
      runId: runs.id,
      runName: runs.name,
      runKind: runs.kind,
      runStep: runs.step,
      runTotalSteps: runs.totalSteps,
    })
    .from(workers)
    .leftJoin(runs, and(eq(runs.workerId, workers.id), eq(runs.state, "running")))
    .where(sql`${workers.heartbeatAt} > now() - interval '1 day'`)
    .orderBy(desc(workers.heartbeatAt));
}
