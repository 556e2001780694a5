/** Whether this process can serve. */
import type { Db } from "../../db/client";
import { pingDatabase } from "../../db/queries/health";
import { shutdownSignal } from "../shutdown";

export type Health = "ok" | "stopping" | "database unavailable";

export async function checkHealth(db: Db): Promise<Health> {
  if (shutdownSignal().aborted) return "stopping";
  try {
    await pingDatabase(db);
    return "ok";
  } catch (error) {
    console.error("health:", error);
    return "database unavailable";
  }
}
