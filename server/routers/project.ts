/** Projects: each procedure says which role in the project it needs; researchers make new ones. */
import { z } from "zod";
import { annotationSettingsSchema } from "../../domain/annotation/settings";
import { projectAccessSchema } from "../../domain/project-role";
import * as projects from "../services/project";
import { annotatorProcedure, projectProcedure, researcherProcedure, router } from "../trpc";

const projectId = z.uuid();
const name = z.string().trim().min(1, "Enter a name").max(100, "At most 100 characters");
const description = z.string().trim().max(2000, "At most 2000 characters");
const overlap = z.number().int().min(1, "At least 1").max(20, "At most 20");
const reasons = z.array(z.string().trim().min(1).max(80)).max(12, "At most 12 reasons");

export const projectRouter = router({
  /** Those that the caller works in. */
  list: annotatorProcedure.query(({ ctx }) => projects.listProjects(ctx)),
  get: projectProcedure("reviewer")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => projects.getProject(ctx, input)),
  overview: projectProcedure("reviewer")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => projects.getProjectOverview(ctx, input)),
  annotators: projectProcedure("reviewer")
    .input(z.strictObject({ projectId, page: z.number().int().min(1).default(1) }))
    .query(({ ctx, input }) => projects.listAnnotators(ctx, input)),
  /** A prompt of the project with completions, by which the settings show what annotators will see; null without prompts. */
  example: projectProcedure("researcher")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => projects.getExample(ctx, input)),
  create: researcherProcedure
    .input(
      z.strictObject({
        name,
        description: description.default(""),
        overlap: overlap.default(1),
        reasons: reasons.default([]),
        access: projectAccessSchema.optional(),
      }),
    )
    .mutation(({ ctx, input }) => projects.createProject(ctx, input)),
  change: projectProcedure("owner")
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
        access: projectAccessSchema.optional(),
        blindReview: z.boolean().optional(),
      }),
    )
    .mutation(({ ctx, input }) => projects.changeProject(ctx, input)),
  changeAnnotation: projectProcedure("owner")
    .input(z.strictObject({ projectId, annotation: annotationSettingsSchema }))
    .mutation(({ ctx, input }) => projects.changeProject(ctx, input)),
});
