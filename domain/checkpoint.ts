/** A checkpoint: a folder of weights with its parent; the parents make the lineage. */
import { z } from "zod";

/**
 * base: a whole Hugging Face folder; adapter: a PEFT folder over its parent base;
 * reward: a PEFT folder with a saved score head.
 */
export const checkpointKindSchema = z.enum(["base", "adapter", "reward"]);
export type CheckpointKind = z.infer<typeof checkpointKindSchema>;
