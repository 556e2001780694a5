/** SQL on trainer workers as they see themselves; the admin's list is in worker-list.ts. */
import { desc, eq, gt, sql } from "drizzle-orm";
import type { Db } from "../client";
import { workers } from "../schema";

export type WorkerRow = typeof workers.$inferSelect;

/** Registers one process; a restart registers anew. `engine` is shown to people ("native 4.22", "wasm"). Memory is in bytes. */
export async function registerWorker(
  db: Db,
  worker: { name: string; engine: string; memoryBytes?: number | null; gpuMemoryBytes?: number | null },
): Promise<WorkerRow> {
  const [row] = await db.insert(workers).values(worker).returning();
  if (row === undefined) throw new Error("The worker was not registered");
  return row;
}

/** Returns whether the worker is registered. */
export async function heartbeatWorker(db: Db, workerId: string): Promise<boolean> {
  const rows = await db.update(workers).set({ heartbeatAt: sql`now()` }).where(eq(workers.id, workerId)).returning({ id: workers.id });
  return rows.length === 1;
}

/** Newest heartbeat first. */
export function selectWorkers(db: Db): Promise<WorkerRow[]> {
  return db.select().from(workers).orderBy(desc(workers.heartbeatAt));
}

/** Bytes that a run may take at the living worker that has most: of its GPU where it has one. Null where none has said. */
export async function selectLargestWorker(db: Db, silentSeconds: number): Promise<number | null> {
  const [row] = await db
    .select({ bytes: sql<number | null>`max(coalesce(${workers.gpuMemoryBytes}, ${workers.memoryBytes}))::float8` })
    .from(workers)
    .where(gt(workers.heartbeatAt, sql`now() - make_interval(secs => ${silentSeconds})`));
  return row?.bytes ?? null;
}
