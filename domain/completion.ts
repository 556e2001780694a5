/** A completion: one answer to a prompt, with where it came from. */
import { z } from "zod";

export const samplingSchema = z.strictObject({
  temperature: z.number().min(0).max(5).default(1),
  /** 0 keeps every token. */
  topK: z.number().int().min(0).default(0),
  /** 1 keeps every token. */
  topP: z.number().gt(0).max(1).default(1),
  maxNewTokens: z.number().int().min(1).max(4096).default(80),
  stop: z.array(z.string().min(1)).default([]),
  seed: z.number().int().default(0),
});
export type Sampling = z.infer<typeof samplingSchema>;

export const completionSourceSchema = z.enum(["checkpoint", "external", "human"]);
export type CompletionSource = z.infer<typeof completionSourceSchema>;
