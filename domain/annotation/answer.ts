/** An answer while it is made: what is kept as a draft, and the judgement it becomes. */
import { z } from "zod";
import { type JudgementValue, MARGIN_LABELS, MAX_WRITTEN, marginSchema, meanScore } from "../judgement";
import { isUntouched, rankingSchema, rankingToRanks, ranksToRanking, startRanking } from "./ranking";
import { letterOf, type TaskShape } from "./task";

const formSchema = z.discriminatedUnion("mode", [
  /** Margin of a pair, -3 (A much better) to 3; null while nothing is chosen. */
  z.strictObject({ mode: z.literal("pairwise"), choice: z.union([marginSchema, z.literal("both_bad")]).nullable() }),
  z.strictObject({ mode: z.literal("ranking"), ranking: rankingSchema }),
  /** Shown position of the best. */
  z.strictObject({ mode: z.literal("best_of_n"), choice: z.union([z.number().int().min(0), z.literal("both_bad")]).nullable() }),
  /** scores[i][j] of the completion at shown position i on scale j; null while it has none. */
  z.strictObject({ mode: z.literal("rating"), scores: z.array(z.array(z.number().int().min(1).nullable())) }),
  z.strictObject({ mode: z.literal("edit"), text: z.string().max(MAX_WRITTEN) }),
  z.strictObject({ mode: z.literal("demonstration"), text: z.string().max(MAX_WRITTEN) }),
]);
export type Form = z.infer<typeof formSchema>;
export type FormOf<Mode extends Form["mode"]> = Extract<Form, { mode: Mode }>;

export const answerSchema = z.strictObject({ form: formSchema, reasons: z.array(z.string()), comment: z.string() });
export type Answer = z.infer<typeof answerSchema>;

function startForm({ mode, completions, scales }: TaskShape): Form {
  switch (mode) {
    case "pairwise":
    case "best_of_n":
      return { mode, choice: null };
    case "ranking":
      return { mode, ranking: startRanking(completions.length) };
    case "rating":
      return { mode, scores: completions.map(() => scales.map(() => null)) };
    case "edit":
      return { mode, text: completions[0]?.text ?? "" };
    case "demonstration":
      return { mode, text: "" };
    default:
      return mode satisfies never;
  }
}

/** What an item starts with. */
export function startAnswer(task: TaskShape): Answer {
  return { form: startForm(task), reasons: [], comment: "" };
}

/** Whether the form is one of this item's. */
function fits(form: Form, { mode, completions, scales }: TaskShape): boolean {
  if (form.mode !== mode) return false;
  if (form.mode === "ranking") return form.ranking.order.length === completions.length;
  if (form.mode === "best_of_n") return typeof form.choice !== "number" || form.choice < completions.length;
  if (form.mode !== "rating") return true;
  const isScored = (row: (number | null)[]) =>
    row.length === scales.length && row.every((score, j) => score === null || score <= (scales[j]?.points ?? 0));
  return form.scores.length === completions.length && form.scores.every(isScored);
}

/** A kept draft, or null when it is none of this item: other mode, other completions, other scales. */
export function parseDraft(draft: unknown, task: TaskShape): Answer | null {
  const parsed = answerSchema.safeParse(draft);
  return parsed.success && fits(parsed.data.form, task) ? parsed.data : null;
}

/** The judgement, or what is still to be done before it is one. */
export function finishAnswer({ form }: Answer, { completions, scales }: TaskShape): { value: JudgementValue } | { problem: string } {
  switch (form.mode) {
    case "pairwise":
      if (form.choice === null) return { problem: "Choose which answer is better first." };
      return { value: form.choice === "both_bad" ? { kind: "both_bad" } : { kind: "pairwise", margin: form.choice } };
    case "ranking":
      return { value: { kind: "ranking", ranks: rankingToRanks(form.ranking) } };
    case "best_of_n":
      if (form.choice === null) return { problem: "Choose the best answer first." };
      return { value: form.choice === "both_bad" ? { kind: "both_bad" } : { kind: "best_of_n", best: form.choice } };
    case "rating": {
      const open = firstOpenCell(form.scores);
      if (open !== null) {
        const name = scales[open % scales.length]?.name ?? "";
        return {
          problem:
            completions.length === 1
              ? `Give a score for ${name} first.`
              : `Give ${letterOf(Math.floor(open / scales.length))} a score for ${name} first.`,
        };
      }
      const scores = form.scores.map((row) => row.map((score) => score ?? 0));
      return { value: { kind: "rating", scales: scales.map(({ name, points }) => ({ name, points })), scores } };
    }
    case "edit":
    case "demonstration":
      if (form.text.trim() === "")
        return {
          problem: form.mode === "edit" ? "An edited answer cannot be empty; skip or flag the item instead." : "Write an answer first.",
        };
      return { value: { kind: form.mode, text: form.text } };
    default:
      return form satisfies never;
  }
}

/** The first completion and scale without a score, counted completion by completion; null when all have one. */
export function firstOpenCell(scores: readonly (readonly (number | null)[])[]): number | null {
  const open = scores.flat().indexOf(null);
  return open < 0 ? null : open;
}

function formOfValue(value: JudgementValue, task: TaskShape): Form {
  switch (value.kind) {
    case "pairwise":
      return { mode: "pairwise", choice: value.margin };
    case "ranking":
      return { mode: "ranking", ranking: ranksToRanking(value.ranks) };
    case "best_of_n":
      return { mode: "best_of_n", choice: value.best };
    case "rating":
      return { mode: "rating", scores: value.scores };
    case "edit":
    case "demonstration":
      return { mode: value.kind, text: value.text };
    case "both_bad":
      return { mode: task.mode === "best_of_n" ? "best_of_n" : "pairwise", choice: "both_bad" };
    case "skip":
    case "flag":
      return startForm(task);
    default:
      return value satisfies never;
  }
}

/** The answer that became `value`; a skip or a flag leaves nothing chosen, and so do scores on scales of the past. */
export function valueToAnswer(
  task: TaskShape,
  value: JudgementValue,
  { reasons, comment }: { reasons: string[]; comment: string },
): Answer {
  const form = formOfValue(value, task);
  return { form: fits(form, task) ? form : startForm(task), reasons, comment };
}

/** What was done is as it was first shown: an order, a text. */
export function isUntouchedAnswer({ form }: Answer, task: TaskShape): boolean {
  if (form.mode === "ranking") return isUntouched(form.ranking);
  return form.mode === "edit" && form.text === task.completions[0]?.text;
}

/** Nothing in it is worth keeping. */
export function isEmptyAnswer(answer: Answer, task: TaskShape): boolean {
  return JSON.stringify(answer) === JSON.stringify(startAnswer(task));
}

const SKIP_WORDS = {
  cannot_judge: "cannot judge",
  unclear_prompt: "unclear prompt",
  not_my_language: "not my language",
  other: "other",
} as const;

/** "Rated 75 %" of one completion, "Rated A 75 %, B 50 %" of several: the mean of the scores, each on 0 to 1. */
function describeRating({ scales, scores }: Extract<JudgementValue, { kind: "rating" }>): string {
  const means = scores.map((row, i) => `${scores.length === 1 ? "" : `${letterOf(i)} `}${Math.round(100 * meanScore(row, scales))} %`);
  return `Rated ${means.join(", ")}`;
}

/** A judgement of `count` completions in words: "A is better", "B > A = C", "Skipped: unclear prompt". */
export function describeValue(value: JudgementValue, count = 2): string {
  switch (value.kind) {
    case "pairwise":
      return MARGIN_LABELS[value.margin + 3] ?? "";
    case "both_bad":
      return count > 2 ? "None is good" : "Both bad";
    case "best_of_n":
      return `${letterOf(value.best)} is best`;
    case "rating":
      return describeRating(value);
    case "edit":
      return "Edited";
    case "demonstration":
      return "Written";
    case "skip":
      return `Skipped: ${SKIP_WORDS[value.cause]}`;
    case "flag":
      return `Flagged: ${value.note}`;
    case "ranking": {
      const { order, tied } = ranksToRanking(value.ranks);
      return order.map((position, place) => `${place === 0 ? "" : tied[place] ? " = " : " > "}${letterOf(position)}`).join("");
    }
    default:
      return value satisfies never;
  }
}
