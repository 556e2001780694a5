/**
 * A judgement: what one annotator said about one item. A tagged union by outcome, so that "both bad",
 * skips and flags can never be mistaken for a preference.
 */
import { z } from "zod";

export const MIN_K = 2;
export const MAX_K = 9;

export const itemModeSchema = z.enum(["pairwise", "ranking"]);
export type ItemMode = z.infer<typeof itemModeSchema>;

/** -3 A much better ... 0 tie ... 3 B much better; A and B are the SHOWN sides. */
export const marginSchema = z.number().int().min(-3).max(3);
export const MARGIN_LABELS = [
  "A is much better",
  "A is better",
  "A is slightly better",
  "About the same",
  "B is slightly better",
  "B is better",
  "B is much better",
] as const;

export const skipCauseSchema = z.enum(["cannot_judge", "unclear_prompt", "not_my_language", "other"]);
export type SkipCause = z.infer<typeof skipCauseSchema>;

/**
 * What the client sends. `margin` and the ranks speak of SHOWN positions; the server maps them to
 * completion ids with the order stored on the seat.
 */
export const judgementValueSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("pairwise"), margin: marginSchema }),
  /** ranks[i] is the rank (1 = best, equal ranks tie) of the completion shown at position i. */
  z.strictObject({ kind: z.literal("ranking"), ranks: z.array(z.number().int().min(1).max(MAX_K)).min(MIN_K).max(MAX_K) }),
  z.strictObject({ kind: z.literal("both_bad") }),
  z.strictObject({ kind: z.literal("skip"), cause: skipCauseSchema }),
  z.strictObject({ kind: z.literal("flag"), note: z.string().min(1).max(2000) }),
]);
export type JudgementValue = z.infer<typeof judgementValueSchema>;

export const judgementSubmissionSchema = z.strictObject({
  itemId: z.uuid(),
  /** Made by the client once per decision; the same id twice stores one judgement. */
  clientEventId: z.uuid(),
  value: judgementValueSchema,
  reasons: z.array(z.string().min(1).max(80)).max(12).default([]),
  comment: z.string().max(4000).default(""),
  activeMs: z.number().int().min(0),
  idleMs: z.number().int().min(0).default(0),
  /** The order was submitted as it was first shown (ranking); recorded for quality checks. */
  untouched: z.boolean().default(false),
});
export type JudgementSubmission = z.infer<typeof judgementSubmissionSchema>;

/**
 * A preference in terms of completion ids, as stored and as training and ratings read it.
 * `ranks[i]` belongs to `completionIds[i]`; a pair with margin m has ranks [1,2], [1,1] or [2,1].
 */
export type Preference = {
  judgementId: string;
  promptId: string;
  groupKey: string;
  annotatorId: string;
  completionIds: string[];
  ranks: number[];
  /** |margin| 0..3 of a pairwise vote; null for rankings. */
  margin: number | null;
};
