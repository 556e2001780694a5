/** Prompts with their completions: for researchers, as they show which model wrote what. */
import { z } from "zod";
import { splitSchema } from "../../domain/prompt";
import * as prompts from "../services/prompt";
import { projectProcedure, router } from "../trpc";

const projectId = z.uuid();

export const promptRouter = router({
  list: projectProcedure("researcher")
    .input(
      z.strictObject({
        projectId,
        split: splitSchema.optional(),
        search: z.string().max(200).optional(),
        modelId: z.uuid().optional(),
        judged: z.enum(["yes", "no"]).optional(),
        sort: z.enum(["newest", "completions", "judgements"]).default("newest"),
        limit: z.number().int().min(1).max(200).default(50),
        offset: z.number().int().min(0).default(0),
      }),
    )
    .query(({ ctx, input }) => prompts.listPrompts(ctx, input)),
  facets: projectProcedure("researcher")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => prompts.getPromptFacets(ctx, input)),
  get: projectProcedure("researcher")
    .input(z.strictObject({ promptId: z.uuid() }))
    .query(({ ctx, input }) => prompts.getPrompt(ctx, input)),
});
