/** Checkpoints with their scores and lineage. */
import { z } from "zod";
import { getCheckpoint } from "../services/checkpoint";
import { researcherProcedure, router } from "../trpc";

export const checkpointRouter = router({
  get: researcherProcedure.input(z.strictObject({ id: z.uuid() })).query(({ ctx, input }) => getCheckpoint(ctx, input.id)),
});
