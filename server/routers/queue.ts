/** How a project's queue is set up: for owners; reviewers say which votes are known answers. */
import { z } from "zod";
import { queueSettingsSchema } from "../../domain/queue";
import * as queue from "../services/queue-settings";
import { projectProcedure, router } from "../trpc";

const projectId = z.uuid();

export const queueRouter = router({
  get: projectProcedure("owner")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => queue.getQueue(ctx, input)),
  team: projectProcedure("owner")
    .input(
      z.strictObject({
        projectId,
        search: z.string().trim().max(100).default(""),
        special: z.boolean().default(false),
        page: z.number().int().min(1).default(1),
      }),
    )
    .query(({ ctx, input }) => queue.listTeam(ctx, input)),
  change: projectProcedure("owner")
    .input(z.strictObject({ projectId, settings: queueSettingsSchema }))
    .mutation(({ ctx, input }) => queue.changeQueue(ctx, input)),
  changeMember: projectProcedure("owner")
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
  changePurpose: projectProcedure("reviewer")
    .input(z.strictObject({ judgementId: z.uuid(), purpose: z.enum(["work", "gold", "qualification"]) }))
    .mutation(({ ctx, input }) => queue.changePurpose(ctx, input)),
});
