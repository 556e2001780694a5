/** Which words of a text are not in another one; whole words of any script, with all spaces kept. */
import { diffArrays } from "diff";

export type DiffPart = { text: string; changed: boolean };
export type ChangePart = { text: string; change: "same" | "removed" | "added" };

/** Beyond this many differing words two texts have nothing worth marking. */
const MAX_EDITS = 2_000;

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

function splitWords(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/**
 * `own` in pieces, those marked that `other` does not have at the same place (longest common subsequence of
 * words, Myers 1986). Joined, the pieces are `own`. Null when the texts differ in more than 2,000 words.
 */
export function markDifferences(own: string, other: string): DiffPart[] | null {
  const changes = diffArrays(splitWords(other), splitWords(own), { maxEditLength: MAX_EDITS });
  if (changes === undefined) return null;
  return changes.filter((change) => !change.removed).map((change) => ({ text: change.value.join(""), changed: change.added }));
}

/** What became of `before`, as one text: kept, taken out and put in, in order. Null when too much changed to be followed. */
export function markChanges(before: string, after: string): ChangePart[] | null {
  const changes = diffArrays(splitWords(before), splitWords(after), { maxEditLength: MAX_EDITS });
  if (changes === undefined) return null;
  return changes.map(({ value, added, removed }) => ({ text: value.join(""), change: removed ? "removed" : added ? "added" : "same" }));
}
