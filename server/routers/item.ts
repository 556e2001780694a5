/** Items: what is judged together. */
import { z } from "zod";
import { comparisonSchema } from "../../domain/comparison";
import { REWARD_SELECTIONS } from "../../domain/pair-weights";
import { splitSchema } from "../../domain/prompt";
import { compareModels } from "../services/comparison";
import { makeItems } from "../services/make-items";
import { projectProcedure, router } from "../trpc";

const choiceSchema = z.strictObject({
  projectId: z.uuid(),
  split: splitSchema.nullable(),
  maxItems: z.number().int().min(1, "At least 1").max(100_000, "At most 100000"),
  seed: z.number().int().min(0, "At least 0").default(1),
  selection: z.enum(["random", ...REWARD_SELECTIONS]).default("random"),
  rewardCheckpointId: z.uuid().nullable().default(null),
  otherCheckpointId: z.uuid().nullable().default(null),
});

export const itemRouter = router({
  compare: projectProcedure("researcher")
    .input(comparisonSchema)
    .mutation(({ ctx, input }) => compareModels(ctx, input)),
  /** What `make` would make now. */
  plan: projectProcedure("researcher")
    .input(choiceSchema)
    .query(({ ctx, input }) => makeItems(ctx, { ...input, dryRun: true })),
  make: projectProcedure("researcher")
    .input(choiceSchema)
    .mutation(({ ctx, input }) => makeItems(ctx, { ...input, dryRun: false })),
});
