/** Guidelines of a project, as versions. Annotators get theirs with the item. */
import { z } from "zod";
import * as guidelines from "../services/guideline";
import { projectProcedure, router } from "../trpc";

const projectId = z.uuid();

export const guidelineRouter = router({
  list: projectProcedure("researcher")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => guidelines.listGuidelines(ctx, input)),
  save: projectProcedure("researcher")
    .input(
      z.strictObject({
        projectId,
        body: z.string().trim().min(1, "Write something first").max(50_000, "At most 50 000 characters"),
        basedOn: z.number().int().min(0),
      }),
    )
    .mutation(({ ctx, input }) => guidelines.saveGuideline(ctx, input)),
});
