/** Exact match and token F1 of short answers. Source: Rajpurkar et al. 2016, 2018; the SQuAD 2.0 evaluation script. */
import { splitWords } from "./python-text";

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
// Python's \b is between Unicode words, JavaScript's between ASCII ones.
const ARTICLES = /(?<![\p{L}\p{N}_])(?:an?|the)(?![\p{L}\p{N}_])/gu;

/** Lower case without ASCII punctuation, articles and repeated white space. */
export const normaliseAnswer = (text: string): string =>
  splitWords(text.toLowerCase().replace(PUNCTUATION, "").replace(ARTICLES, " ")).join(" ");

/** 1 where both are the same after normalisation, else 0. */
export const exactMatch = (prediction: string, reference: string): number =>
  normaliseAnswer(prediction) === normaliseAnswer(reference) ? 1 : 0;

/** F1 of the bags of normalised words; an answer without words equals only another one without. */
export function tokenF1(prediction: string, reference: string): number {
  const [predicted, wanted] = [splitWords(normaliseAnswer(prediction)), splitWords(normaliseAnswer(reference))];
  if (predicted.length === 0 || wanted.length === 0) return predicted.length === wanted.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let hits = 0;
  for (const word of predicted) {
    const times = left.get(word) ?? 0;
    if (times > 0) hits++;
    left.set(word, times - 1);
  }
  return (2 * hits) / (predicted.length + wanted.length);
}
