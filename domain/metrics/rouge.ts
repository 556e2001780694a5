/**
 * ROUGE-1, -2, -L and -Lsum, equal to Google's rouge_score.
 * Source: Lin 2004; rouge_score 0.1.2 (tokenize.py, rouge_scorer.py).
 */
import { longestCommonIndices, longestCommonLength } from "./longest-common-subsequence";
import { countMatches, numberTokens } from "./ngram-matches";
import { stemWord } from "./porter-stemmer";

export type PrecisionRecall = { precision: number; recall: number; f: number };
export const ROUGE_METRICS = ["rouge1", "rouge2", "rougeL", "rougeLsum"] as const;
export type RougeMetric = (typeof ROUGE_METRICS)[number];
export type RougeScores = Record<RougeMetric, PrecisionRecall>;

/** Goes with every ROUGE score that is shown. */
export const rougeSignature = (stem: boolean) => `rouge:f1|stem:${stem ? "porter-nltk" : "no"}|tok:rouge_score|version:0.1.2`;

// Words repeat: a stem is computed once. The cap keeps a long-lived process from collecting every word it ever saw.
const stems = new Map<string, string>();
const STEMS_KEPT = 100_000;

function stemOf(word: string): string {
  if (word.length <= 3) return word;
  const known = stems.get(word);
  if (known !== undefined) return known;
  if (stems.size >= STEMS_KEPT) stems.clear();
  const stem = stemWord(word);
  stems.set(word, stem);
  return stem;
}

/** Lower case, ASCII letters and digits only; words longer than three letters are stemmed. */
export function rougeTokens(text: string, stem: boolean): string[] {
  const words: string[] = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return stem ? words.map(stemOf) : words;
}

function fromHits(hits: number, predicted: number, wanted: number): PrecisionRecall {
  const precision = hits / Math.max(predicted, 1);
  const recall = hits / Math.max(wanted, 1);
  return { precision, recall, f: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

/** Occurrences of each number below `size`. */
function countTokens(sequence: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (const token of sequence) counts[token] = (counts[token] as number) + 1;
  return counts;
}

/** A sequence cut into pieces of these lengths; empty ones are left out. */
function cut(sequence: Int32Array, lengths: readonly number[]): Int32Array[] {
  const pieces: Int32Array[] = [];
  let start = 0;
  for (const length of lengths) {
    if (length > 0) pieces.push(sequence.subarray(start, start + length));
    start += length;
  }
  return pieces;
}

/** Hits of ROUGE-Lsum: union of each reference line's subsequences with all predicted ones; a token counts as often as both have it. */
function countUnionHits(wanted: Int32Array, wantedLines: Int32Array[], predicted: Int32Array, predictedLines: Int32Array[]): number {
  const size = wanted.length + predicted.length;
  const [wantedCounts, predictedCounts] = [countTokens(wanted, size), countTokens(predicted, size)];
  let hits = 0;
  for (const line of wantedLines) {
    const union = new Uint8Array(line.length);
    for (const other of predictedLines) for (const index of longestCommonIndices(line, other)) union[index] = 1;
    for (let i = 0; i < line.length; i++) {
      const token = line[i] as number;
      const [left, right] = [wantedCounts[token] as number, predictedCounts[token] as number];
      if (union[i] === 0 || left === 0 || right === 0) continue;
      hits++;
      wantedCounts[token] = left - 1;
      predictedCounts[token] = right - 1;
    }
  }
  return hits;
}

/** All four scores of one prediction. Sentences of ROUGE-Lsum are lines. */
export function scoreRouge(reference: string, prediction: string, { stem = true }: { stem?: boolean } = {}): RougeScores {
  // No word reaches over a line's end: the text's tokens are those of its lines.
  const [wantedLines, predictedLines] = [reference, prediction].map((text) => text.split("\n").map((line) => rougeTokens(line, stem))) as [
    string[][],
    string[][],
  ];
  const [wanted, predicted] = numberTokens([wantedLines.flat(), predictedLines.flat()]) as [Int32Array, Int32Array];
  const [unigrams = 0, bigrams = 0] = countMatches(predicted, [wanted], 2);
  const common = longestCommonLength(wanted, predicted);
  // Of single lines the union is the subsequence itself.
  const lengths = (lines: string[][]) => lines.map(({ length }) => length);
  const union =
    wantedLines.length + predictedLines.length === 2
      ? common
      : countUnionHits(wanted, cut(wanted, lengths(wantedLines)), predicted, cut(predicted, lengths(predictedLines)));
  return {
    rouge1: fromHits(unigrams, predicted.length, wanted.length),
    rouge2: fromHits(bigrams, Math.max(predicted.length - 1, 0), Math.max(wanted.length - 1, 0)),
    rougeL: fromHits(common, predicted.length, wanted.length),
    rougeLsum: fromHits(union, predicted.length, wanted.length),
  };
}
