/** Judgements as columns, as they are read for ratings, and the votes between models in them. */
import type { Votes } from "./votes";

export type JudgementColumns = {
  length: number;
  /** 4 words a judgement: the bits of its id. */
  ids: Uint32Array;
  /** Place among `annotatorIds`. */
  annotator: Int32Array;
  /** Milliseconds since 1970. */
  at: Float64Array;
  propensity: Float64Array;
  kind: Uint8Array;
  /** Judgement k showed `shown[start[k]]` to `shown[start[k + 1] - 1]`, in that order; places among the completions. */
  start: Int32Array;
  shown: Int32Array;
  /** 1 = best, for each of `shown`; 0 without a preference. */
  rank: Uint8Array;
  annotators: number;
};

/** Kinds of judgement for the ratings. */
export const RANKED = 0;
export const BOTH_BAD = 1;
export const NO_PREFERENCE = 2;
/** Ranked, but of answers with the same rank nothing was said: what a best-of-n leaves. */
export const BEST_ONLY = 3;

/** Whether judgement k orders answers. */
export const prefers = ({ kind }: JudgementColumns, k: number): boolean => kind[k] === RANKED || kind[k] === BEST_ONLY;

/** The id of judgement k. */
export function judgementId({ ids }: JudgementColumns, k: number): string {
  const hex = Array.from(ids.subarray(4 * k, 4 * k + 4), (word) => word.toString(16).padStart(8, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export type PackOptions = {
  /** Model of each completion, a place below `models`; -1 for one that is not ranked. */
  modelOf: Int32Array;
  models: number;
  /** Which judgements count; all without it. */
  counts?: (k: number) => boolean;
  /** Weighs each judgement by 1 / the probability with which it was served, at most `MOST_WEIGHT` times the mean. */
  byPropensity?: boolean;
};

export type PackedJudgements = Votes & {
  /** Of each judgement of `votes.judgement`, its place among the columns. */
  source: Int32Array;
  annotator: Int32Array;
  /** Completions of each row, for what depends on their texts. */
  completionA: Int32Array;
  completionB: Int32Array;
  /** Pairs of one model with itself, which say nothing about models. */
  same: number;
  /** Kish's effective number of judgements: fewer than there are where weights are unequal. */
  effective: number;
};

const MOST_WEIGHT = 20;

/** Pairs of different models, in the order shown: a ranking of K answers gives its pairs, each with weight 1 / (K - 1). */
export function packJudgements(columns: JudgementColumns, { modelOf, models, counts = () => true, byPropensity = false }: PackOptions): PackedJudgements {
  const rows = { a: [] as number[], b: [] as number[], outcome: [] as number[], weight: [] as number[], judgement: [] as number[], completionA: [] as number[], completionB: [] as number[], annotator: [] as number[] };
  const source: number[] = [];
  let same = 0;
  let several = false;
  let inverse = 0;
  for (let k = 0; k < columns.length; k++) {
    if (!prefers(columns, k) || !counts(k)) continue;
    const from = columns.start[k] as number;
    const to = columns.start[k + 1] as number;
    const weight = 1 / (to - from - 1);
    const before = rows.a.length;
    for (let p = from; p < to; p++)
      for (let q = p + 1; q < to; q++) {
        const [completionA, completionB] = [columns.shown[p] as number, columns.shown[q] as number];
        const [a, b] = [modelOf[completionA] as number, modelOf[completionB] as number];
        if (a === -1 || b === -1) continue;
        if (a === b) {
          same++;
          continue;
        }
        const [first, second] = [columns.rank[p] as number, columns.rank[q] as number];
        if (first === second && columns.kind[k] === BEST_ONLY) continue;
        rows.a.push(a);
        rows.b.push(b);
        rows.outcome.push(first === second ? 2 : first < second ? 0 : 1);
        rows.weight.push(weight);
        rows.judgement.push(source.length);
        rows.completionA.push(completionA);
        rows.completionB.push(completionB);
        rows.annotator.push(columns.annotator[k] as number);
      }
    if (rows.a.length === before) continue;
    if (to - from > 2) several = true;
    inverse += 1 / (columns.propensity[k] as number);
    source.push(k);
  }
  const mean = inverse / source.length;
  const served = source.map((k) => (byPropensity ? Math.min(MOST_WEIGHT, 1 / (columns.propensity[k] as number) / mean) : 1));
  const sum = served.reduce((total, weight) => total + weight, 0);
  const squares = served.reduce((total, weight) => total + weight * weight, 0);
  const weighted = several || served.some((weight) => weight !== 1);
  return {
    models,
    a: Uint16Array.from(rows.a),
    b: Uint16Array.from(rows.b),
    outcome: Uint8Array.from(rows.outcome),
    weight: weighted ? Float64Array.from(rows.weight, (weight, row) => weight * (served[rows.judgement[row] as number] as number)) : null,
    judgement: several ? Int32Array.from(rows.judgement) : null,
    source: Int32Array.from(source),
    annotator: Int32Array.from(rows.annotator),
    completionA: Int32Array.from(rows.completionA),
    completionB: Int32Array.from(rows.completionB),
    same,
    effective: squares === 0 ? 0 : (sum * sum) / squares,
  };
}
