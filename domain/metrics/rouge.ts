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

/** Occurrences of each number below `size` in all sequences. */
function countTokens(sequences: readonly Int32Array[], size: number): Int32Array {
  const counts = new Int32Array(size);
  for (const sequence of sequences) for (const token of sequence) counts[token] = (counts[token] as number) + 1;
  return counts;
}

/** Union of each reference sentence's subsequences with all predicted ones; a token counts as often as both have it. */
function scoreSentences(wanted: string[][], predicted: string[][]): PrecisionRecall {
  const numbered = numberTokens([...wanted, ...predicted]);
  const [wantedIds, predictedIds] = [numbered.slice(0, wanted.length), numbered.slice(wanted.length)];
  const lengthOf = (sequences: Int32Array[]) => sequences.reduce((sum, { length }) => sum + length, 0);
  const [wantedLength, predictedLength] = [lengthOf(wantedIds), lengthOf(predictedIds)];
  const wantedCounts = countTokens(wantedIds, wantedLength + predictedLength);
  const predictedCounts = countTokens(predictedIds, wantedLength + predictedLength);
  let hits = 0;
  for (const sentence of wantedIds) {
    const union = new Uint8Array(sentence.length);
    for (const other of predictedIds) for (const index of longestCommonIndices(sentence, other)) union[index] = 1;
    for (let i = 0; i < sentence.length; i++) {
      const token = sentence[i] as number;
      const [left, right] = [wantedCounts[token] as number, predictedCounts[token] as number];
      if (union[i] === 0 || left === 0 || right === 0) continue;
      hits++;
      wantedCounts[token] = left - 1;
      predictedCounts[token] = right - 1;
    }
  }
  return fromHits(hits, predictedLength, wantedLength);
}

/** All four scores of one prediction. Sentences of ROUGE-Lsum are lines. */
export function scoreRouge(reference: string, prediction: string, { stem = true }: { stem?: boolean } = {}): RougeScores {
  const [wantedTokens, predictedTokens] = [rougeTokens(reference, stem), rougeTokens(prediction, stem)];
  const [wanted, predicted] = numberTokens([wantedTokens, predictedTokens]) as [Int32Array, Int32Array];
  const [unigrams = 0, bigrams = 0] = countMatches(predicted, [wanted], 2);
  const rougeL = fromHits(longestCommonLength(wanted, predicted), predicted.length, wanted.length);
  const sentences = (text: string) =>
    text
      .split("\n")
      .filter((line) => line.length > 0)
      .map((line) => rougeTokens(line, stem));
  return {
    rouge1: fromHits(unigrams, predicted.length, wanted.length),
    rouge2: fromHits(bigrams, Math.max(predicted.length - 1, 0), Math.max(wanted.length - 1, 0)),
    rougeL,
    // Of single lines the union is the subsequence itself.
    rougeLsum: reference.includes("\n") || prediction.includes("\n") ? scoreSentences(sentences(reference), sentences(prediction)) : rougeL,
  };
}
