/** An item in the annotator's hands, as the server gives it and as the browser keeps it over a reload. */
import { z } from "zod";
import { itemModeSchema, MAX_K } from "../judgement";
import { messageSchema } from "../prompt";
import { scaleSchema } from "../scale";

/** Items that one annotator holds at once: the one that is judged and those that wait behind it. */
export const MAX_HELD = 4;

export const shownCompletionSchema = z.object({
  id: z.string(),
  text: z.string(),
  /** A whole conversation: the turns that follow the prompt, of which `text` is the transcript. */
  turns: z.array(messageSchema).optional(),
});
export type ShownCompletion = z.infer<typeof shownCompletionSchema>;

export const annotationTaskSchema = z.object({
  itemId: z.uuid(),
  projectId: z.uuid(),
  mode: itemModeSchema,
  messages: z.array(messageSchema),
  /** In the order shown to this annotator: A, B, C ... */
  completions: z.array(shownCompletionSchema).max(MAX_K),
  leaseExpiresAt: z.coerce.date(),
  leaseSeconds: z.number(),
  draft: z.record(z.string(), z.unknown()).nullable(),
  guideline: z.object({ version: z.number().int(), body: z.string() }).nullable(),
  /** Chips of the project. */
  reasons: z.array(z.string()),
  scales: z.array(scaleSchema),
  imageHosts: z.array(z.string()),
  /** What a reviewer wrote when they sent this annotator's judgement of the item back; tabs of an older version lack it. */
  sentBack: z.string().nullable().default(null),
});
export type AnnotationTask = z.infer<typeof annotationTaskSchema>;

/** What an answer must fit. */
export type TaskShape = Pick<AnnotationTask, "mode" | "completions" | "scales">;

/** "A" for position 0. */
export function letterOf(position: number): string {
  return String.fromCharCode(65 + position);
}
