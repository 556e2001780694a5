/** Starts one sample run for each of several sources on the same prompts. */
import { randomUUID } from "node:crypto";
import { selectCheckpoint } from "../../db/queries/checkpoints";
import { selectEndpoint } from "../../db/queries/endpoints";
import { insertRun } from "../../db/queries/runs";
import { batchConfig, type SampleBatch } from "../../domain/sample-batch";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { checkRunInputs } from "./run-inputs";

/** All or none. The batch's last run to end makes the items where they are wanted. Throws as `createRun` does. */
export async function startSampleBatch(ctx: UserContext, input: SampleBatch): Promise<{ runs: { id: string; name: string }[] }> {
  const config = batchConfig(input);
  const sources = [
    ...[...new Set(input.checkpointIds)].map((id) => ({ baseCheckpointId: id, endpointId: null })),
    ...[...new Set(input.endpointIds)].map((id) => ({ baseCheckpointId: null, endpointId: id })),
  ];
  const batchId = input.makeItems && sources.length > 1 ? randomUUID() : null;
  return ctx.db.transaction(async (db) => {
    const runs: { id: string; name: string }[] = [];
    for (const source of sources) {
      const run = { ...source, projectId: input.projectId, config, rewardCheckpointId: null, datasetVersionId: null };
      await checkRunInputs({ ...ctx, db }, run);
      const from =
        source.endpointId === null ? await selectCheckpoint(db, source.baseCheckpointId) : await selectEndpoint(db, source.endpointId);
      const name = `Sampling from ${from?.name ?? "a source"}`.slice(0, 120);
      const { id } = await insertRun(db, { ...run, kind: "sample", name, batchId, createdBy: ctx.user.id }, `Started by ${ctx.user.name}`);
      await recordAction(db, ctx.user.id, {
        action: "run.started",
        projectId: input.projectId,
        kind: "run",
        id,
        details: { kind: "sample" },
      });
      runs.push({ id, name });
    }
    return { runs };
  });
}
