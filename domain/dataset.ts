/** A dataset version: frozen rows with a content hash, split by prompt group. */
import { z } from "zod";
import { messageSchema, type splitSchema } from "./prompt";

export const datasetKindSchema = z.enum(["preference", "sft"]);
export type DatasetKind = z.infer<typeof datasetKindSchema>;

/** One judged item: all its completions with their ranks (1 = best, equal ranks tie). */
export const preferenceRowSchema = z.strictObject({
  messages: z.array(messageSchema).min(1),
  completions: z.array(z.string()).min(2).max(9),
  /** Where completions are whole conversations: their turns, of which the texts are the transcripts. */
  turns: z.array(z.array(messageSchema).nullable()).optional(),
  ranks: z.array(z.number().int().min(1)).min(2).max(9),
  margin: z.number().int().min(0).max(3).nullable(),
  /** Where completions were rated one by one: the mean of each one's scores, on 0 to 1; `ranks` are in their order. */
  ratings: z.array(z.number().min(0).max(1)).min(2).max(9).optional(),
});
export type PreferenceRow = z.infer<typeof preferenceRowSchema>;

export const sftRowSchema = z.strictObject({
  messages: z.array(messageSchema).min(1),
  completion: z.string().min(1),
  /** Which of several tasks the row is of. */
  task: z.string().min(1).optional(),
  /** A class or a number, for heads. */
  label: z.union([z.string().min(1), z.number()]).optional(),
});
export type SftRow = z.infer<typeof sftRowSchema>;

export type DatasetRow<T = PreferenceRow | SftRow> = {
  split: z.infer<typeof splitSchema>;
  groupKey: string;
  /** Where the row came from, so that every number can be followed to its votes. */
  judgementId: string | null;
  promptId: string;
  content: T;
};
