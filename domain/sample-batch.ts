/** Several sources sampled on the same prompts, to be compared: what a person chooses, and the run of each source. */
import { z } from "zod";
import { splitSchema } from "./prompt";
import { type SampleConfig, sampleConfigSchema } from "./run";

export const sampleBatchSchema = z
  .strictObject({
    projectId: z.uuid(),
    split: splitSchema,
    maxPrompts: z.number().int().min(1, "At least 1").max(100_000, "At most 100000"),
    completionsPerPrompt: z.number().int().min(1, "At least 1").max(9, "At most 9"),
    temperature: z.number().min(0, "At least 0").max(5, "At most 5"),
    maxNewTokens: z.number().int().min(1, "At least 1").max(4096, "At most 4096"),
    onlyMissing: z.boolean(),
    /** Items that set the sources against each other, once all have answered; of a single source, its own completions. */
    makeItems: z.boolean(),
    /** US dollars, for each endpoint. */
    maxCost: z.number().positive("Enter more than 0").nullable(),
    seed: z.number().int().min(0).default(1),
    checkpointIds: z.array(z.uuid()).max(20),
    endpointIds: z.array(z.uuid()).max(20),
  })
  .refine(({ checkpointIds, endpointIds }) => checkpointIds.length + endpointIds.length > 0, {
    path: ["sources"],
    message: "Choose at least one source",
  });
export type SampleBatch = z.infer<typeof sampleBatchSchema>;

/** The config of each source's run. */
export function batchConfig({
  split,
  maxPrompts,
  completionsPerPrompt,
  temperature,
  maxNewTokens,
  onlyMissing,
  makeItems,
  maxCost,
  seed,
  checkpointIds,
  endpointIds,
}: SampleBatch): SampleConfig {
  const alone = checkpointIds.length + endpointIds.length === 1;
  return sampleConfigSchema.parse({
    kind: "sample",
    seed,
    split,
    maxPrompts,
    completionsPerPrompt,
    onlyMissing,
    createItems: makeItems && alone,
    maxCost,
    sampling: { temperature, maxNewTokens },
  });
}
