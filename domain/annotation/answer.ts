/** An answer while it is made: what is kept as a draft, and the judgement it becomes. */
import { z } from "zod";
import { type ItemMode, type JudgementValue, MARGIN_LABELS, marginSchema } from "../judgement";
import { isUntouched, rankingSchema, rankingToRanks, ranksToRanking, startRanking } from "./ranking";
import { letterOf } from "./task";

export const answerSchema = z.strictObject({
  /** Margin of a pair, -3 (A much better) to 3; null while nothing is chosen. */
  choice: z.union([marginSchema, z.literal("both_bad")]).nullable(),
  /** Null for pairs. */
  ranking: rankingSchema.nullable(),
  reasons: z.array(z.string()),
  comment: z.string(),
});
export type Answer = z.infer<typeof answerSchema>;
export type Choice = NonNullable<Answer["choice"]>;

/** What an item starts with. `count` is its number of completions. */
export function startAnswer(mode: ItemMode, count: number): Answer {
  return { choice: null, ranking: mode === "ranking" ? startRanking(count) : null, reasons: [], comment: "" };
}

/** A kept draft, or null when it is none of this item: other mode, other number of completions. */
export function parseDraft(draft: unknown, mode: ItemMode, count: number): Answer | null {
  const parsed = answerSchema.safeParse(draft);
  if (!parsed.success) return null;
  const { ranking } = parsed.data;
  if (mode === "pairwise") return ranking === null ? parsed.data : null;
  return ranking?.order.length === count && parsed.data.choice === null ? parsed.data : null;
}

/** The judgement, or null while nothing is chosen. */
export function answerToValue({ choice, ranking }: Answer): JudgementValue | null {
  if (ranking !== null) return { kind: "ranking", ranks: rankingToRanks(ranking) };
  if (choice === null) return null;
  return choice === "both_bad" ? { kind: "both_bad" } : { kind: "pairwise", margin: choice };
}

/** The answer that became `value`; a skip or a flag leaves nothing chosen. */
export function valueToAnswer(
  { mode, count }: { mode: ItemMode; count: number },
  value: JudgementValue,
  { reasons, comment }: { reasons: string[]; comment: string },
): Answer {
  const answer = { ...startAnswer(mode, count), reasons, comment };
  if (value.kind === "pairwise") return { ...answer, choice: value.margin };
  if (value.kind === "both_bad") return { ...answer, choice: "both_bad" };
  if (value.kind === "ranking") return { ...answer, ranking: ranksToRanking(value.ranks) };
  return answer;
}

/** The order is submitted as it was first shown. */
export function isUntouchedAnswer({ ranking }: Answer): boolean {
  return ranking !== null && isUntouched(ranking);
}

/** Nothing in it is worth keeping. */
export function isEmptyAnswer(answer: Answer): boolean {
  const unranked = answer.ranking === null || isUntouched(answer.ranking);
  return answer.choice === null && unranked && answer.reasons.length === 0 && answer.comment === "";
}

/** The margin one step towards A (-1) or B (1); from nothing to the smallest preference. */
export function stepMargin(choice: Answer["choice"], step: -1 | 1): number {
  if (choice === null || choice === "both_bad") return step;
  return Math.min(3, Math.max(-3, choice + step));
}

const SKIP_WORDS = {
  cannot_judge: "cannot judge",
  unclear_prompt: "unclear prompt",
  not_my_language: "not my language",
  other: "other",
} as const;

/** A judgement in words: "A is better", "B > A = C", "Skipped: unclear prompt". */
export function describeValue(value: JudgementValue): string {
  switch (value.kind) {
    case "pairwise":
      return MARGIN_LABELS[value.margin + 3] ?? "";
    case "both_bad":
      return "Both bad";
    case "skip":
      return `Skipped: ${SKIP_WORDS[value.cause]}`;
    case "flag":
      return `Flagged: ${value.note}`;
    case "ranking": {
      const { order, tied } = ranksToRanking(value.ranks);
      return order.map((position, place) => `${place === 0 ? "" : tied[place] ? " = " : " > "}${letterOf(position)}`).join("");
    }
  }
}
