/** Reviewing judgements. */
import { z } from "zod";

export const reviewVerdictSchema = z.enum(["accepted", "sent_back"]);
export type ReviewVerdict = z.infer<typeof reviewVerdictSchema>;

export const reviewSchema = z.strictObject({
  judgementId: z.uuid(),
  verdict: reviewVerdictSchema,
  /** For the annotator; needed where a judgement is sent back. */
  note: z.string().trim().max(2000, "At most 2000 characters").default(""),
});
export type Review = z.infer<typeof reviewSchema>;
