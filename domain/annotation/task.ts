/** An item in the annotator's hands, as the server gives it and as the browser keeps it over a reload. */
import { z } from "zod";
import { itemModeSchema, MAX_K, MIN_K } from "../judgement";
import { messageSchema } from "../prompt";

export const annotationTaskSchema = z.object({
  itemId: z.uuid(),
  projectId: z.uuid(),
  mode: itemModeSchema,
  messages: z.array(messageSchema),
  /** In the order shown to this annotator: A, B, C ... */
  completions: z.array(z.object({ id: z.string(), text: z.string() })).min(MIN_K).max(MAX_K),
  leaseExpiresAt: z.coerce.date(),
  leaseSeconds: z.number(),
  draft: z.record(z.string(), z.unknown()).nullable(),
  guideline: z.object({ version: z.number().int(), body: z.string() }).nullable(),
  /** Chips of the project. */
  reasons: z.array(z.string()),
});
export type AnnotationTask = z.infer<typeof annotationTaskSchema>;

/** "A" for position 0. */
export function letterOf(position: number): string {
  return String.fromCharCode(65 + position);
}
