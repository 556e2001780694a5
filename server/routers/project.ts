/** Projects: for researchers. */
import { z } from "zod";
import { annotationSettingsSchema } from "../../domain/annotation/settings";
import * as projects from "../services/project";
import { researcherProcedure, router } from "../trpc";

const projectId = z.uuid();
const name = z.string().trim().min(1, "Enter a name").max(100, "At most 100 characters");
const description = z.string().trim().max(2000, "At most 2000 characters");
const overlap = z.number().int().min(1, "At least 1").max(20, "At most 20");
const reasons = z.array(z.string().trim().min(1).max(80)).max(12, "At most 12 reasons");

export const projectRouter = router({
  list: researcherProcedure.query(({ ctx }) => projects.listProjects(ctx)),
  get: researcherProcedure.input(z.strictObject({ projectId })).query(({ ctx, input }) => projects.getProject(ctx, input)),
  overview: researcherProcedure.input(z.strictObject({ projectId })).query(({ ctx, input }) => projects.getProjectOverview(ctx, input)),
  /** A prompt of the project with completions, by which the settings show what annotators will see; null without prompts. */
  example: researcherProcedure.input(z.strictObject({ projectId })).query(({ ctx, input }) => projects.getExample(ctx, input)),
  create: researcherProcedure
    .input(z.strictObject({ name, description: description.default(""), overlap: overlap.default(1), reasons: reasons.default([]) }))
    .mutation(({ ctx, input }) => projects.createProject(ctx, input)),
  change: researcherProcedure
    .input(
      z.strictObject({
        projectId,
        name,
        description,
        overlap,
        leaseSeconds: z.number().int().min(30, "At least 30 seconds").max(86_400, "At most a day"),
        undoSeconds: z.number().int().min(0).max(86_400, "At most a day"),
        reasons,
        published: z.boolean(),
      }),
    )
    .mutation(({ ctx, input }) => projects.changeProject(ctx, input)),
  changeAnnotation: researcherProcedure
    .input(z.strictObject({ projectId, annotation: annotationSettingsSchema }))
    .mutation(({ ctx, input }) => projects.changeProject(ctx, input)),
});
