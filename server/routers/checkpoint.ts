/** Checkpoints with their scores and lineage. */
import { z } from "zod";
import { getCheckpoint } from "../services/checkpoint";
import { projectProcedure, router } from "../trpc";

export const checkpointRouter = router({
  get: projectProcedure("researcher")
    .input(z.strictObject({ id: z.uuid() }))
    .query(({ ctx, input }) => getCheckpoint(ctx, input.id)),
});
