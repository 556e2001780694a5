/**
 * BLEU equal to sacrebleu's: statistics of each segment, which add up to those of the corpus.
 * Source: Papineni et al. 2002; Post 2018; sacrebleu 2.6 (tokenizers 13a, intl, none, char; smoothing of Chen & Cherry 2014).
 */
import { countMatches, numberTokens } from "./ngram-matches";
import { removeSpaces, splitWords, trimEnd } from "./python-text";

export const BLEU_TOKENIZERS = ["13a", "intl", "none", "char"] as const;
export type BleuTokenizer = (typeof BLEU_TOKENIZERS)[number];
export type BleuSmoothing = "none" | "floor" | "add-k" | "exp";

export const MAX_ORDER = 4;

/** Matches and totals of n-grams of order 1..4, and both lengths in tokens. */
export type BleuStatistics = { correct: number[]; total: number[]; sysLength: number; refLength: number };

// Both rules look at a mark and its neighbours and never across white space, so words go through them one by one, and
// only those that have marks. On code units instead of code points: 13a does not tell the halves of a surrogate pair apart.
const MARKS_13A = /[!-&(-/:-@[-`{-~]/;

function separate13a(word: string): string[] {
  if (!MARKS_13A.test(word)) return [word];
  return splitWords(
    ` ${word} `
      .replace(/[{-~[-`!-&(-+:-@/]/g, " $& ")
      .replace(/([^0-9])([.,])/g, "$1 $2 ")
      .replace(/([.,])([^0-9])/g, " $1 $2")
      .replace(/([0-9])-/g, "$1 - "),
  );
}

function words13a(line: string): string[] {
  let text = line;
  if (text.includes("<skipped>")) text = text.replaceAll("<skipped>", "");
  if (text.includes("-\n")) text = text.replaceAll("-\n", "");
  if (text.includes("&")) text = text.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  return splitWords(text).flatMap(separate13a);
}

const MARKS_INTL = /[\p{P}\p{S}]/u;
const PLAIN = /^[A-Za-z0-9]*$/;

/** `word` with the white space that it has on either side: the text's first and last word lack it on one. */
function separateIntl(word: string): string[] {
  return splitWords(
    word
      .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
      .replace(/(\p{P})(\P{N})/gu, " $1 $2")
      .replace(/\p{S}/gu, " $& "),
  );
}

function wordsIntl(line: string): string[] {
  const words = splitWords(line);
  const before = line.startsWith(words[0] ?? "") ? "" : " ";
  return words.flatMap((word, i) =>
    PLAIN.test(word) || !MARKS_INTL.test(word)
      ? [word]
      : separateIntl(`${i === 0 ? before : " "}${word}${i === words.length - 1 ? "" : " "}`),
  );
}

/** Words of a segment. */
export function bleuTokens(text: string, tokenize: BleuTokenizer): string[] {
  const line = trimEnd(text);
  switch (tokenize) {
    case "13a":
      return words13a(line);
    case "intl":
      return wordsIntl(line);
    case "none":
      return splitWords(line);
    case "char":
      return Array.from(removeSpaces(line));
    default:
      return tokenize satisfies never;
  }
}

/** Statistics of one segment: counts clipped by the reference that has most, the reference length closest (shorter on ties). */
export function bleuStatistics(
  prediction: string,
  references: readonly string[],
  { tokenize = "13a", lowercase = false }: { tokenize?: BleuTokenizer; lowercase?: boolean } = {},
): BleuStatistics {
  const prepare = (text: string) => bleuTokens(lowercase ? text.toLowerCase() : text, tokenize);
  const words = prepare(prediction);
  const wanted = references.map(prepare);
  let refLength = Number.POSITIVE_INFINITY;
  for (const { length } of wanted) {
    const [distance, best] = [Math.abs(length - words.length), Math.abs(refLength - words.length)];
    if (distance < best || (distance === best && length < refLength)) refLength = length;
  }
  const [candidate = new Int32Array(0), ...numbered] = numberTokens([words, ...wanted]);
  return {
    correct: countMatches(candidate, numbered, MAX_ORDER),
    total: Array.from({ length: MAX_ORDER }, (_, n) => Math.max(0, words.length - n)),
    sysLength: words.length,
    refLength: Number.isFinite(refLength) ? refLength : 0,
  };
}

export function sumBleuStatistics(rows: readonly BleuStatistics[]): BleuStatistics {
  const sum: BleuStatistics = {
    correct: new Array<number>(MAX_ORDER).fill(0),
    total: new Array<number>(MAX_ORDER).fill(0),
    sysLength: 0,
    refLength: 0,
  };
  for (const row of rows) {
    for (let n = 0; n < MAX_ORDER; n++) {
      sum.correct[n] = (sum.correct[n] ?? 0) + (row.correct[n] ?? 0);
      sum.total[n] = (sum.total[n] ?? 0) + (row.total[n] ?? 0);
    }
    sum.sysLength += row.sysLength;
    sum.refLength += row.refLength;
  }
  return sum;
}

const SMOOTH_VALUES: Record<BleuSmoothing, number> = { none: 0, floor: 0.1, "add-k": 1, exp: 0 };

export type BleuOptions = {
  /** Largest n-gram, 1..4. */
  order?: number;
  smooth?: BleuSmoothing;
  /** For floor (default .1) and add-k (default 1). */
  smoothValue?: number;
  /** Stop at the largest order that the segment has: for single sentences. */
  effectiveOrder?: boolean;
};

/** Score on the 0..100 scale, precisions in per cent, brevity penalty. */
export function bleuFromStatistics(
  statistics: BleuStatistics,
  options: BleuOptions = {},
): { score: number; precisions: number[]; brevityPenalty: number } {
  const { order = MAX_ORDER, smooth = "exp", effectiveOrder = false } = options;
  const smoothValue = options.smoothValue ?? SMOOTH_VALUES[smooth];
  const { sysLength, refLength } = statistics;
  const brevityPenalty = sysLength >= refLength ? 1 : sysLength > 0 ? Math.exp(1 - refLength / sysLength) : 0;
  const precisions = new Array<number>(order).fill(0);
  if (!statistics.correct.slice(0, order).some((count) => count > 0)) return { score: 0, precisions, brevityPenalty };
  let halving = 1;
  let used = order;
  for (let n = 0; n < order; n++) {
    const extra = smooth === "add-k" && n > 0 ? smoothValue : 0;
    const correct = (statistics.correct[n] ?? 0) + extra;
    const total = (statistics.total[n] ?? 0) + extra;
    if (total === 0) break;
    if (effectiveOrder) used = n + 1;
    if (correct > 0) precisions[n] = (100 * correct) / total;
    else if (smooth === "exp") {
      halving *= 2;
      precisions[n] = 100 / (halving * total);
    } else if (smooth === "floor") precisions[n] = (100 * smoothValue) / total;
  }
  const logs = precisions.slice(0, used).map((precision) => (precision === 0 ? -9999999999 : Math.log(precision)));
  return { score: brevityPenalty * Math.exp(logs.reduce((sum, x) => sum + x, 0) / used), precisions, brevityPenalty };
}

/** A segment's statistics as a row of numbers, for resampling. */
export const packBleu = ({ correct, total, sysLength, refLength }: BleuStatistics): number[] => [
  ...correct,
  ...total,
  sysLength,
  refLength,
];

/** The score of summed rows of `packBleu`. */
export function bleuSums(
  sums: ArrayLike<number>,
  options: BleuOptions = {},
): { score: number; precisions: number[]; brevityPenalty: number } {
  const numbers = Array.from(sums);
  const [sysLength = 0, refLength = 0] = numbers.slice(2 * MAX_ORDER);
  return bleuFromStatistics(
    { correct: numbers.slice(0, MAX_ORDER), total: numbers.slice(MAX_ORDER, 2 * MAX_ORDER), sysLength, refLength },
    options,
  );
}

/** What has to be the same for two scores to be compared: sacrebleu's signature. `references` is "var" where their number differs. */
export function bleuSignature({
  references = 1,
  lowercase = false,
  tokenize = "13a",
  smooth = "exp",
  smoothValue,
  effectiveOrder = false,
}: BleuOptions & { references?: number | "var"; lowercase?: boolean; tokenize?: BleuTokenizer } = {}): string {
  const value = smooth === "floor" || smooth === "add-k" ? `[${(smoothValue ?? SMOOTH_VALUES[smooth]).toFixed(2)}]` : "";
  return `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|eff:${effectiveOrder ? "yes" : "no"}|tok:${tokenize}|smooth:${smooth}${value}|version:2.6.0`;
}
