/** A prompt: chat messages, an optional reference answer, and the split it belongs to. */
import { z } from "zod";

export const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string().min(1),
});
export type Message = z.infer<typeof messageSchema>;

export const splitSchema = z.enum(["train", "validation", "test"]);
export type Split = z.infer<typeof splitSchema>;

export const promptSchema = z.strictObject({
  messages: z.array(messageSchema).min(1),
  reference: z.string().nullable(),
  split: splitSchema,
  /** Prompts of one group (same facts, same conversation) never land in different splits. */
  groupKey: z.string().min(1),
  /** Free data of the importer; the demo keeps its task and facts here. */
  meta: z.record(z.string(), z.unknown()),
});
export type Prompt = z.infer<typeof promptSchema>;

/** What `meta` says of a prompt's task and label; an empty task and a label that is neither text nor number count as none. */
export function promptLabels(meta: Record<string, unknown>): { task?: string; label?: string | number } {
  const { task, label } = meta;
  return {
    ...(typeof task === "string" && task !== "" ? { task } : {}),
    ...((typeof label === "string" && label !== "") || Number.isFinite(label) ? { label: label as string | number } : {}),
  };
}
