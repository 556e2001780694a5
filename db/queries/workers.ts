/** SQL on trainer workers as they see themselves; the admin's list is in worker-list.ts. */
import { desc, eq, sql } from "drizzle-orm";
import type { Db } from "../client";
import { workers } from "../schema";

export type WorkerRow = typeof workers.$inferSelect;

/** Registers one process; a restart registers anew. `engine` is shown to people ("native 4.22", "wasm"). */
export async function registerWorker(db: Db, worker: { name: string; engine: string }): Promise<WorkerRow> {
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
