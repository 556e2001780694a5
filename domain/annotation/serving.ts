/** What may be put before an annotator: completions that can be told apart, none of which says who wrote it. */
import { type ItemMode, MODE_SIZES } from "../judgement";
import { findSameness } from "./sameness";
import { findSelfNaming } from "./self-naming";
import { MODE_NAMES } from "./settings";

type Candidate = { text: string /** Name of the model that wrote it. */; model: string | null; turns?: readonly unknown[] | null };

/** Why a completion may not be shown at all, or null. */
function findFault({ text, model }: Candidate): string | null {
  const words = findSelfNaming(text, model);
  return words === null ? null : `A completion names its model: "${words}"`;
}

function findTwin({ text }: Candidate, others: readonly Candidate[]): string | null {
  for (const other of others) {
    const same = findSameness(other.text, text);
    if (same === "identical") return "Two of the completions have the same text";
    if (same === "cut") return "Two of the completions differ only by where one was cut off";
  }
  return null;
}

/** Why these completions make no item of the mode, or null. */
export function findServingProblem(mode: ItemMode, completions: readonly Candidate[]): string | null {
  const [min, max] = MODE_SIZES[mode];
  const k = completions.length;
  if (k < min || k > max) return `${MODE_NAMES[mode]}: an item has ${min === max ? min : `${min} to ${max}`} completions, not ${k}`;
  if (mode === "edit" && completions.some(({ turns }) => turns != null)) return "A whole conversation cannot be edited as one answer";
  for (const [i, completion] of completions.entries()) {
    const problem = findFault(completion) ?? findTwin(completion, completions.slice(0, i));
    if (problem !== null) return problem;
  }
  return null;
}

/** Those that can be shown together, in their order, and why the others cannot. */
export function chooseServable<T extends Candidate>(completions: readonly T[]): { chosen: T[]; left: { completion: T; reason: string }[] } {
  const chosen: T[] = [];
  const left: { completion: T; reason: string }[] = [];
  for (const completion of completions) {
    const reason = findFault(completion) ?? findTwin(completion, chosen);
    if (reason === null) chosen.push(completion);
    else left.push({ completion, reason });
  }
  return { chosen, left };
}
