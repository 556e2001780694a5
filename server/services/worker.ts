/** Trainer workers as the admin sees them. */
import { selectRecentWorkers } from "../../db/queries/worker-list";
import type { UserContext } from "../context";

/** A worker beats every few seconds; silent for longer than this its run is taken over (trainer/worker.ts). */
export const WORKER_SILENT_SECONDS = 30;

/** Workers of the last day with what they work on; `alive` by the database's clock. */
export async function listWorkers(ctx: UserContext) {
  const rows = await selectRecentWorkers(ctx.db);
  return rows.map(({ runId, runName, runKind, runStep, runTotalSteps, silentSeconds, ...worker }) => ({
    ...worker,
    alive: silentSeconds < WORKER_SILENT_SECONDS,
    run:
      runId === null || runName === null || runKind === null
        ? null
        : { id: runId, name: runName, kind: runKind, step: runStep ?? 0, totalSteps: runTotalSteps },
  }));
}
