/**
 * A judgement: what one annotator said about one item. A tagged union by outcome, so that "both bad",
 * skips and flags can never be mistaken for a preference.
 */
import { z } from "zod";
import { type Scale, scoredScaleSchema } from "./scale";

export const MIN_K = 2;
export const MAX_K = 9;
/** Longest text that an annotator writes, in characters; twenty thousand words with room to spare. */
export const MAX_WRITTEN = 200_000;

export const itemModeSchema = z.enum(["pairwise", "ranking", "best_of_n", "rating", "edit", "demonstration"]);
export type ItemMode = z.infer<typeof itemModeSchema>;

/** Fewest and most completions of an item. */
export const MODE_SIZES: Readonly<Record<ItemMode, readonly [min: number, max: number]>> = {
  pairwise: [2, 2],
  ranking: [MIN_K, MAX_K],
  best_of_n: [MIN_K, MAX_K],
  rating: [1, MAX_K],
  edit: [1, 1],
  demonstration: [0, 0],
};

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

const writtenSchema = z
  .string()
  .max(MAX_WRITTEN)
  .refine((text) => text.trim() !== "", "Expected a text");

/**
 * What the client sends. `margin`, ranks, `best` and scores speak of SHOWN positions; the server maps them to
 * completion ids with the order stored on the seat.
 */
export const judgementValueSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("pairwise"), margin: marginSchema }),
  /** ranks[i] is the rank (1 = best, equal ranks tie) of the completion shown at position i. */
  z.strictObject({ kind: z.literal("ranking"), ranks: z.array(z.number().int().min(1).max(MAX_K)).min(MIN_K).max(MAX_K) }),
  /** Shown position of the best completion; nothing is said about the others among themselves. */
  z.strictObject({
    kind: z.literal("best_of_n"),
    best: z
      .number()
      .int()
      .min(0)
      .max(MAX_K - 1),
  }),
  /** scores[i][j] is the score, 1 to scales[j].points, of the completion shown at position i on scales[j]. */
  z.strictObject({
    kind: z.literal("rating"),
    scales: z.array(scoredScaleSchema).min(1),
    scores: z
      .array(z.array(z.number().int().min(1)))
      .min(1)
      .max(MAX_K),
  }),
  /** The completion as it should have been; the completion itself where nothing is to be changed. */
  z.strictObject({ kind: z.literal("edit"), text: writtenSchema }),
  /** An ideal answer to the prompt. */
  z.strictObject({ kind: z.literal("demonstration"), text: writtenSchema }),
  /** None is good: of pairs and of best-of-n. */
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
  /** Submitted as it was first shown (a ranking's order, an edit's text); recorded for quality checks. */
  untouched: z.boolean().default(false),
});
export type JudgementSubmission = z.infer<typeof judgementSubmissionSchema>;

/** What a value must fit: its item, and the project's scales now. */
export type JudgedItem = { mode: ItemMode; size: number; scales: readonly Scale[] };

/** Why `value` cannot be a judgement of the item, with the field's name; null when it can. */
export function findValueProblem(value: JudgementValue, { mode, size, scales }: JudgedItem): string | null {
  switch (value.kind) {
    case "skip":
    case "flag":
      return null;
    case "both_bad":
      return mode === "pairwise" || mode === "best_of_n" ? null : `value.kind: an item of mode ${mode} cannot be "both_bad"`;
    case "pairwise":
    case "edit":
    case "demonstration":
      break;
    case "best_of_n":
      if (value.best >= size) return `value.best: expected 0 to ${size - 1}, not ${value.best}`;
      break;
    case "ranking": {
      if (value.ranks.length !== size) return `value.ranks: expected ${size} ranks, got ${value.ranks.length}`;
      const used = [...new Set(value.ranks)].sort((a, b) => a - b);
      if (used.some((rank, i) => rank !== i + 1)) return "value.ranks: ranks count from 1 without gaps; equal ranks tie";
      break;
    }
    case "rating": {
      const asked = JSON.stringify(scales.map(({ name, points }) => ({ name, points })));
      if (JSON.stringify(value.scales.map(({ name, points }) => ({ name, points }))) !== asked)
        return "value.scales: the project's scales have changed since; rate this item again";
      if (value.scores.length !== size) return `value.scores: expected the scores of ${size} completions, got ${value.scores.length}`;
      for (const [i, row] of value.scores.entries()) {
        if (row.length !== scales.length) return `value.scores.${i}: expected ${scales.length} scores, got ${row.length}`;
        for (const [j, score] of row.entries())
          if (score > (scales[j]?.points ?? 0)) return `value.scores.${i}.${j}: expected 1 to ${scales[j]?.points}, not ${score}`;
      }
      break;
    }
    default:
      return value satisfies never;
  }
  return value.kind === mode ? null : `value.kind: this item is of mode ${mode}, not ${value.kind}`;
}

/** Mean of a completion's scores, each put on 0 to 1 by its scale's points. */
export function meanScore(scores: readonly number[], scales: readonly Pick<Scale, "points">[]): number {
  return scores.reduce((sum, score, j) => sum + (score - 1) / ((scales[j]?.points ?? 2) - 1), 0) / scales.length;
}

/**
 * Ranks by shown position (1 = best, equal ranks tie), null for what prefers nothing. Completions that were rated rank
 * by the mean of their scores; what a best-of-n leaves shares the second rank, though nothing was said about it.
 */
export function ranksOfValue(value: JudgementValue, size: number): number[] | null {
  switch (value.kind) {
    case "pairwise":
      return value.margin === 0 ? [1, 1] : value.margin < 0 ? [1, 2] : [2, 1];
    case "ranking":
      return value.ranks;
    case "best_of_n":
      return Array.from({ length: size }, (_, i) => (i === value.best ? 1 : 2));
    case "rating": {
      if (size < 2) return null;
      // Rounded, so that sums of the same fractions in another order are equal.
      const means = value.scores.map((scores) => Math.round(meanScore(scores, value.scales) * 1e9));
      const steps = [...new Set(means)].sort((a, b) => b - a);
      return means.map((mean) => steps.indexOf(mean) + 1);
    }
    case "edit":
    case "demonstration":
    case "both_bad":
    case "skip":
    case "flag":
      return null;
    default:
      return value satisfies never;
  }
}

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
