/** A checkpoint: a folder of weights with its parent; the parents make the lineage. */
import { z } from "zod";

/**
 * base: a whole Hugging Face folder; adapter: a PEFT folder over its parent base;
 * reward: a PEFT folder with a saved score head; head: a classifier or regressor on its parent's features.
 */
export const checkpointKindSchema = z.enum(["base", "adapter", "reward", "head"]);
export type CheckpointKind = z.infer<typeof checkpointKindSchema>;
