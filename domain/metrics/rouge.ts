/**
 * ROUGE-1, -2, -L and -Lsum, equal to Google's rouge_score.
 * Source: Lin 2004; rouge_score 0.1.2 (tokenize.py, rouge_scorer.py).
 */
import { stemWord } from "./porter-stemmer";

export type PrecisionRecall = { precision: number; recall: number; f: number };
export const ROUGE_METRICS = ["rouge1", "rouge2", "rougeL", "rougeLsum"] as const;
export type RougeMetric = (typeof ROUGE_METRICS)[number];
export type RougeScores = Record<RougeMetric, PrecisionRecall>;

/** Goes with every ROUGE score that is shown. */
export const ROUGE_SIGNATURE = "rouge:f1|stem:porter-nltk|tok:rouge_score|version:0.1.2";

/** Lower case, ASCII letters and digits only; words longer than three letters are stemmed. */
export function rougeTokens(text: string, stem: boolean): string[] {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, " ").split(" ").filter((word) => word !== "");
  return stem ? words.map((word) => (word.length > 3 ? stemWord(word) : word)) : words;
}

function fromHits(hits: number, predicted: number, wanted: number): PrecisionRecall {
  const precision = hits / Math.max(predicted, 1);
  const recall = hits / Math.max(wanted, 1);
  return { precision, recall, f: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

function countNgrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const ngram = tokens.slice(i, i + n).join(" ");
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

function scoreNgrams(wanted: readonly string[], predicted: readonly string[], n: number): PrecisionRecall {
  const wantedCounts = countNgrams(wanted, n);
  let hits = 0;
  for (const [ngram, count] of countNgrams(predicted, n)) hits += Math.min(count, wantedCounts.get(ngram) ?? 0);
  return fromHits(hits, Math.max(predicted.length - n + 1, 0), Math.max(wanted.length - n + 1, 0));
}

/** Lengths of the longest common subsequences of all prefixes, row-major (a + 1) x (b + 1). */
function lcsTable(a: readonly string[], b: readonly string[]): { at(i: number, j: number): number } {
  const width = b.length + 1;
  const table = new Int32Array((a.length + 1) * width);
  const at = (i: number, j: number) => table[i * width + j] as number;
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) table[i * width + j] = a[i - 1] === b[j - 1] ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
  return { at };
}

/** Indices into `wanted` of one longest common subsequence; on a tie the walk goes up. */
function lcsIndices(wanted: readonly string[], predicted: readonly string[]): number[] {
  const { at } = lcsTable(wanted, predicted);
  const indices: number[] = [];
  let i = wanted.length;
  let j = predicted.length;
  while (i > 0 && j > 0) {
    if (wanted[i - 1] === predicted[j - 1]) {
      indices.push(i - 1);
      i--;
      j--;
    } else if (at(i, j - 1) > at(i - 1, j)) j--;
    else i--;
  }
  return indices;
}

/** Union of each reference sentence's subsequences with all predicted ones; a token counts as often as both have it. */
function scoreSentences(wanted: string[][], predicted: string[][]): PrecisionRecall {
  const wantedCounts = countNgrams(wanted.flat(), 1);
  const predictedCounts = countNgrams(predicted.flat(), 1);
  let hits = 0;
  for (const sentence of wanted) {
    const union = new Set(predicted.flatMap((other) => lcsIndices(sentence, other)));
    for (const index of [...union].sort((a, b) => a - b)) {
      const token = sentence[index] as string;
      const left = wantedCounts.get(token) ?? 0;
      const right = predictedCounts.get(token) ?? 0;
      if (left === 0 || right === 0) continue;
      hits++;
      wantedCounts.set(token, left - 1);
      predictedCounts.set(token, right - 1);
    }
  }
  return fromHits(hits, predicted.flat().length, wanted.flat().length);
}

/** All four scores of one prediction. Sentences of ROUGE-Lsum are lines. */
export function scoreRouge(reference: string, prediction: string, { stem = true }: { stem?: boolean } = {}): RougeScores {
  const wanted = rougeTokens(reference, stem);
  const predicted = rougeTokens(prediction, stem);
  const sentences = (text: string) => text.split("\n").filter((line) => line.length > 0).map((line) => rougeTokens(line, stem));
  return {
    rouge1: scoreNgrams(wanted, predicted, 1),
    rouge2: scoreNgrams(wanted, predicted, 2),
    rougeL: fromHits(lcsTable(wanted, predicted).at(wanted.length, predicted.length), predicted.length, wanted.length),
    rougeLsum: scoreSentences(sentences(reference), sentences(prediction)),
  };
}
