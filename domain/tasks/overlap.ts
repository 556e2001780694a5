/**
 * Decontamination: which evaluation items share a long run of words with the training data.
 * Source: Brown et al. 2020 (GPT-3), appendix C: lower case, punctuation dropped; n the 5th percentile of the items'
 * lengths in words, at least 8 and at most 13; one common n-gram makes an item dirty.
 * The index holds the items' n-grams and the training text streams past it, so memory follows the benchmark.
 */

const MOST = 13;
const LEAST = 8;

/** Lower case, letters, digits and marks of any script; everything else separates. */
export const overlapWords = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** `null` for an item of fewer words than n: nothing can be said of it. */
export type OverlapReport = { n: number; dirty: (boolean | null)[] };

export type OverlapIndex = {
  /** Looks for items in one more training text. */
  add(text: string): void;
  report(): OverlapReport;
};

export function createOverlapIndex(items: readonly string[]): OverlapIndex {
  const words = items.map(overlapWords);
  const lengths = words.map(({ length }) => length).sort((a, b) => a - b);
  const n = Math.min(MOST, Math.max(LEAST, lengths[Math.floor(0.05 * lengths.length)] ?? MOST));
  const itemsOf = new Map<string, number[]>();
  words.forEach((own, item) => {
    for (let start = 0; start + n <= own.length; start++) {
      const gram = own.slice(start, start + n).join(" ");
      const known = itemsOf.get(gram);
      if (known === undefined) itemsOf.set(gram, [item]);
      else if (known.at(-1) !== item) known.push(item);
    }
  });
  const dirty = words.map((own): boolean | null => (own.length < n ? null : false));
  return {
    add(text) {
      const own = overlapWords(text);
      for (let start = 0; start + n <= own.length; start++) {
        for (const item of itemsOf.get(own.slice(start, start + n).join(" ")) ?? []) dirty[item] = true;
      }
    },
    report: () => ({ n, dirty: [...dirty] }),
  };
}
