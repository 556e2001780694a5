/** How a project's queue is set up: for researchers. */
import { z } from "zod";
import { queueSettingsSchema } from "../../domain/queue";
import * as queue from "../services/queue-settings";
import { researcherProcedure, router } from "../trpc";

const projectId = z.uuid();

export const queueRouter = router({
  get: researcherProcedure.input(z.strictObject({ projectId })).query(({ ctx, input }) => queue.getQueue(ctx, input)),
  change: researcherProcedure
    .input(z.strictObject({ projectId, settings: queueSettingsSchema }))
    .mutation(({ ctx, input }) => queue.changeQueue(ctx, input)),
  changeMember: researcherProcedure
    .input(
      z.strictObject({
        projectId,
        userId: z.uuid(),
        adjudicator: z.boolean(),
        paused: z.boolean(),
        dailyCap: z.number().int().min(1, "At least 1").max(100_000).nullable(),
      }),
    )
    .mutation(({ ctx, input }) => queue.changeTeamMember(ctx, input)),
  changePurpose: researcherProcedure
    .input(z.strictObject({ judgementId: z.uuid(), purpose: z.enum(["work", "gold", "qualification"]) }))
    .mutation(({ ctx, input }) => queue.changePurpose(ctx, input)),
});
