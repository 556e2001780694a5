/** Checkpoints with their scores and lineage. */
import { z } from "zod";
import { getCheckpoint } from "../services/checkpoint";
import { getRewardAgreement, listScoringCheckpoints } from "../services/reward-agreement";
import { projectProcedure, router } from "../trpc";

export const checkpointRouter = router({
  /** A reward checkpoint against held-out votes. */
  agreement: projectProcedure("researcher")
    .input(z.strictObject({ id: z.uuid(), simulated: z.boolean().nullable().default(null) }))
    .query(({ ctx, input }) => getRewardAgreement(ctx, { checkpointId: input.id, simulated: input.simulated })),
  /** Reward checkpoints of a project that have scored completions. */
  scoring: projectProcedure("researcher")
    .input(z.strictObject({ projectId: z.uuid() }))
    .query(({ ctx, input }) => listScoringCheckpoints(ctx, input)),
  get: projectProcedure("researcher")
    .input(z.strictObject({ id: z.uuid() }))
    .query(({ ctx, input }) => getCheckpoint(ctx, input.id)),
});
