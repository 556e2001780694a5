/**
 * chrF and chrF++ equal to sacrebleu's: F score (beta 2) over character n-grams of order 1..6, white space left out, and
 * for chrF++ word n-grams of order 1 and 2. Statistics of segments add up to those of the corpus.
 * Source: Popović 2015, 2017; sacrebleu 2.6 (effective order, no epsilon smoothing).
 */
import { codePoints, countMatches, numberTokens } from "./ngram-matches";
import { removeSpaces, splitWords } from "./python-text";

export type ChrfOptions = {
  /** 0 is chrF, 2 is chrF++. */
  wordOrder?: 0 | 2;
  lowercase?: boolean;
};

const CHAR_ORDER = 6;
const BETA_SQUARED = 4;
const PUNCTUATION = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Words with one mark of punctuation at the end, or else at the start, set apart. */
function separatePunctuation(text: string): string[] {
  return splitWords(text).flatMap((word) => {
    const points = [...word];
    if (points.length === 1) return [word];
    if (PUNCTUATION.has(word.charAt(word.length - 1))) return [word.slice(0, -1), word.slice(-1)];
    if (PUNCTUATION.has(word.charAt(0))) return [word.charAt(0), word.slice(1)];
    return [word];
  });
}

/** [predicted, wanted, matching] n-grams of each order, flattened; where the reference has none, predicted counts as 0. */
function statisticsOf(candidate: Int32Array, reference: Int32Array, maxOrder: number): number[] {
  const matches = countMatches(candidate, [reference], maxOrder);
  return matches.flatMap((count, n) => {
    const wanted = Math.max(0, reference.length - n);
    return [wanted > 0 ? Math.max(0, candidate.length - n) : 0, wanted, count];
  });
}

/** Statistics of one segment, of the reference with the highest score: three numbers for each order. Throws without references. */
export function chrfStatistics(
  prediction: string,
  references: readonly string[],
  { wordOrder = 0, lowercase = false }: ChrfOptions = {},
): number[] {
  const prepare = (text: string) => (lowercase ? text.toLowerCase() : text);
  const [predicted, ...wanted] = [prediction, ...references].map((text) => prepare(text));
  if (wanted.length === 0 || predicted === undefined) throw new RangeError("chrF: there is no reference");
  const characters = codePoints(removeSpaces(predicted));
  const words = wordOrder > 0 ? separatePunctuation(predicted) : [];
  let best: number[] = [];
  let bestScore = -1;
  for (const reference of wanted) {
    const statistics = statisticsOf(characters, codePoints(removeSpaces(reference)), CHAR_ORDER);
    if (wordOrder > 0) {
      const [candidate, numbered] = numberTokens([words, separatePunctuation(reference)]) as [Int32Array, Int32Array];
      statistics.push(...statisticsOf(candidate, numbered, wordOrder));
    }
    const score = chrfFromStatistics(statistics);
    if (score > bestScore) [best, bestScore] = [statistics, score];
  }
  return best;
}

/** Score on the 0..100 scale: precision and recall are means over the orders that both sides have. */
export function chrfFromStatistics(statistics: ArrayLike<number>): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let i = 0; i + 2 < statistics.length; i += 3) {
    const [predicted = 0, wanted = 0, matches = 0] = [statistics[i], statistics[i + 1], statistics[i + 2]];
    if (predicted === 0 || wanted === 0) continue;
    precision += matches / predicted;
    recall += matches / wanted;
    orders++;
  }
  if (precision + recall === 0) return 0;
  precision /= orders;
  recall /= orders;
  return (100 * (1 + BETA_SQUARED) * precision * recall) / (BETA_SQUARED * precision + recall);
}

/** sacrebleu's signature. `references` is "var" where their number differs. */
export function chrfSignature({ references = 1, wordOrder = 0, lowercase = false }: ChrfOptions & { references?: number | "var" }): string {
  return `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|eff:yes|nc:${CHAR_ORDER}|nw:${wordOrder}|space:no|version:2.6.0`;
}
