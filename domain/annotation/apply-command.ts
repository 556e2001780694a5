/** What the keys of choosing do to an answer. Pure: the same for keys, buttons and touch. */
import { type Answer, firstOpenCell, type Form, type FormOf } from "./answer";
import type { Command } from "./keys";
import { moveCard, toggleTie } from "./ranking";
import type { TaskShape } from "./task";

/**
 * `focused` is where the keys are: the place of a card in a ranking, the cell (completion x scales + scale) of a rating,
 * the shown position of a completion elsewhere.
 */
export type Hand = { answer: Answer; focused: number };

export type ChoosingCommand = Extract<Command, { kind: "digit" | "step" | "focus" | "move" | "tie" | "both_bad" }>;

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value));

/** The margin one step towards A (-1) or B (1); from nothing to the smallest preference. */
export function stepMargin(choice: FormOf<"pairwise">["choice"], step: -1 | 1): number {
  return typeof choice === "number" ? clamp(choice + step, -3, 3) : step;
}

/** Gives a cell of a rating its score. */
export function setScore(form: FormOf<"rating">, cell: number, score: number, task: TaskShape): FormOf<"rating"> {
  const width = task.scales.length;
  const row = Math.floor(cell / width);
  return { ...form, scores: form.scores.map((scores, i) => (i === row ? scores.with(cell % width, score) : scores)) };
}

function changeForm(form: Form, focused: number, command: ChoosingCommand, task: TaskShape): { form: Form; focused: number } {
  const count = task.completions.length;
  switch (form.mode) {
    case "pairwise":
      if (command.kind === "digit") return { form: { ...form, choice: clamp(command.digit, 1, 7) - 4 }, focused };
      if (command.kind === "step") return { form: { ...form, choice: stepMargin(form.choice, command.step) }, focused };
      if (command.kind === "both_bad") return { form: { ...form, choice: "both_bad" }, focused };
      break;
    case "best_of_n":
      if (command.kind === "digit" && command.digit <= count)
        return { form: { ...form, choice: command.digit - 1 }, focused: command.digit - 1 };
      if (command.kind === "step") {
        const next = typeof form.choice === "number" ? clamp(form.choice + command.step, 0, count - 1) : command.step < 0 ? count - 1 : 0;
        return { form: { ...form, choice: next }, focused: next };
      }
      if (command.kind === "both_bad") return { form: { ...form, choice: "both_bad" }, focused };
      break;
    case "ranking": {
      const last = count - 1;
      if (command.kind === "digit") {
        const to = Math.min(command.digit - 1, last);
        return { form: { ...form, ranking: moveCard(form.ranking, focused, to) }, focused: to };
      }
      if (command.kind === "move")
        return {
          form: { ...form, ranking: moveCard(form.ranking, focused, focused + command.step) },
          focused: clamp(focused + command.step, 0, last),
        };
      if (command.kind === "focus") return { form, focused: clamp(focused + command.step, 0, last) };
      if (command.kind === "tie") return { form: { ...form, ranking: toggleTie(form.ranking, focused) }, focused };
      break;
    }
    case "rating": {
      const last = count * task.scales.length - 1;
      const points = task.scales[focused % task.scales.length]?.points ?? 2;
      const known = form.scores.flat()[focused] ?? null;
      if (command.kind === "digit") {
        if (command.digit > points) break;
        const scored = setScore(form, focused, command.digit, task);
        // On to the next one without a score, so that a completion is rated digit by digit.
        const next = firstOpenCell(
          scored.scores.map((row, i) => row.map((score, j) => (i * task.scales.length + j > focused ? score : 0))),
        );
        return { form: scored, focused: next ?? firstOpenCell(scored.scores) ?? focused };
      }
      if (command.kind === "step")
        return {
          form: setScore(form, focused, known === null ? (command.step < 0 ? 1 : points) : clamp(known + command.step, 1, points), task),
          focused,
        };
      if (command.kind === "focus") return { form, focused: clamp(focused + command.step, 0, last) };
      break;
    }
    case "edit":
    case "demonstration":
      break;
    default:
      return form satisfies never;
  }
  return { form, focused };
}

/** What the command makes of the answer; unchanged where the mode does not know it. */
export function applyCommand(hand: Hand, command: ChoosingCommand, task: TaskShape): Hand {
  const { form, focused } = changeForm(hand.answer.form, hand.focused, command, task);
  return form === hand.answer.form ? { ...hand, focused } : { answer: { ...hand.answer, form }, focused };
}
