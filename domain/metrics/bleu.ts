/**
 * BLEU equal to sacrebleu's: statistics of each segment, which add up to those of the corpus.
 * Source: Papineni et al. 2002; Post 2018; sacrebleu 2.6 (tokenizers 13a, intl, none; smoothing of Chen & Cherry 2014).
 */

export const BLEU_TOKENIZERS = ["13a", "intl", "none"] as const;
export type BleuTokenizer = (typeof BLEU_TOKENIZERS)[number];
export type BleuSmoothing = "none" | "floor" | "add-k" | "exp";

export const MAX_ORDER = 4;

/** Matches and totals of n-grams of order 1..4, and both lengths in tokens. */
export type BleuStatistics = { correct: number[]; total: number[]; sysLength: number; refLength: number };

// Python's str.split and str.rstrip; JavaScript's \s lacks U+001C..1F and U+0085 and has U+FEFF.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACES = new RegExp(`[${SPACE}]+`, "u");
const TRAILING = new RegExp(`[${SPACE}]+$`, "u");

const splitWords = (line: string) => line.split(SPACES).filter((word) => word !== "");

function separate13a(line: string): string {
  let text = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (text.includes("&")) text = text.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  return ` ${text} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
}

const separateIntl = (line: string) =>
  line.replace(/(\P{N})(\p{P})/gu, "$1 $2 ").replace(/(\p{P})(\P{N})/gu, " $1 $2").replace(/(\p{S})/gu, " $1 ");

/** Words of a segment. */
export function bleuTokens(text: string, tokenize: BleuTokenizer): string[] {
  const line = text.replace(TRAILING, "");
  switch (tokenize) {
    case "13a":
      return splitWords(separate13a(line));
    case "intl":
      return splitWords(separateIntl(line));
    case "none":
      return splitWords(line);
    default:
      return tokenize satisfies never;
  }
}

function countNgrams(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (let n = 1; n <= MAX_ORDER; n++)
    for (let i = 0; i + n <= tokens.length; i++) {
      const ngram = tokens.slice(i, i + n).join(" ");
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
  return counts;
}

/** Statistics of one segment: counts clipped by the reference that has most, the reference length closest (shorter on ties). */
export function bleuStatistics(prediction: string, references: readonly string[], { tokenize = "13a", lowercase = false }: { tokenize?: BleuTokenizer; lowercase?: boolean } = {}): BleuStatistics {
  const prepare = (text: string) => bleuTokens(lowercase ? text.toLowerCase() : text, tokenize);
  const words = prepare(prediction);
  const wanted = new Map<string, number>();
  let refLength = Number.POSITIVE_INFINITY;
  for (const reference of references) {
    const tokens = prepare(reference);
    const [distance, best] = [Math.abs(tokens.length - words.length), Math.abs(refLength - words.length)];
    if (distance < best || (distance === best && tokens.length < refLength)) refLength = tokens.length;
    for (const [ngram, count] of countNgrams(tokens)) wanted.set(ngram, Math.max(count, wanted.get(ngram) ?? 0));
  }
  const correct = new Array<number>(MAX_ORDER).fill(0);
  for (const [ngram, count] of countNgrams(words)) {
    const order = ngram.split(" ").length - 1;
    correct[order] = (correct[order] ?? 0) + Math.min(count, wanted.get(ngram) ?? 0);
  }
  const total = Array.from({ length: MAX_ORDER }, (_, n) => Math.max(0, words.length - n));
  return { correct, total, sysLength: words.length, refLength: Number.isFinite(refLength) ? refLength : 0 };
}

export function sumBleuStatistics(rows: readonly BleuStatistics[]): BleuStatistics {
  const sum: BleuStatistics = { correct: new Array<number>(MAX_ORDER).fill(0), total: new Array<number>(MAX_ORDER).fill(0), sysLength: 0, refLength: 0 };
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
export function bleuFromStatistics(statistics: BleuStatistics, options: BleuOptions = {}): { score: number; precisions: number[]; brevityPenalty: number } {
  const { order = MAX_ORDER, smooth = "exp", effectiveOrder = false } = options;
  const smoothValue = options.smoothValue ?? (smooth === "floor" ? 0.1 : 1);
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

/** What has to be the same for two scores to be compared, in sacrebleu's words. */
export function bleuSignature({ references = 1, lowercase = false, tokenize = "13a", smooth = "exp", effectiveOrder = false, order = MAX_ORDER }: BleuOptions & { references?: number; lowercase?: boolean; tokenize?: BleuTokenizer }): string {
  return `nrefs:${references}|case:${lowercase ? "lc" : "mixed"}|eff:${effectiveOrder ? "yes" : "no"}|tok:${tokenize}|smooth:${smooth}|order:${order}|version:2.6.0`;
}
