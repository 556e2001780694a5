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

/** Brings the judgements from number `from` on into order of time, then id, in place. */
export function sortJudgements(columns: JudgementColumns, from = 0): void {
  const { length } = columns;
  const compare = (a: number, b: number): number => {
    let difference = (columns.at[a] as number) - (columns.at[b] as number);
    for (let word = 0; word < 4 && difference === 0; word++)
      difference = (columns.ids[4 * a + word] as number) - (columns.ids[4 * b + word] as number);
    return difference;
  };
  let sorted = from + 1;
  while (sorted < length && compare(sorted - 1, sorted) <= 0) sorted++;
  if (sorted >= length) return;
  const order = Int32Array.from({ length: length - from }, (_, i) => from + i).sort(compare);
  const ids = columns.ids.slice();
  const annotator = columns.annotator.slice();
  const at = columns.at.slice();
  const propensity = columns.propensity.slice();
  const kind = columns.kind.slice();
  const start = columns.start.slice();
  const shown = columns.shown.slice();
  const rank = columns.rank.slice();
  let place = start[from] as number;
  order.forEach((old, i) => {
    const k = from + i;
    columns.ids.set(ids.subarray(4 * old, 4 * old + 4), 4 * k);
    columns.annotator[k] = annotator[old] as number;
    columns.at[k] = at[old] as number;
    columns.propensity[k] = propensity[old] as number;
    columns.kind[k] = kind[old] as number;
    for (let p = start[old] as number; p < (start[old + 1] as number); p++, place++) {
      columns.shown[place] = shown[p] as number;
      columns.rank[place] = rank[p] as number;
    }
    columns.start[k + 1] = place;
  });
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
export function packJudgements(
  columns: JudgementColumns,
  { modelOf, models, counts = () => true, byPropensity = false }: PackOptions,
): PackedJudgements {
  let room = 0;
  for (let k = 0; k < columns.length; k++) {
    const size = (columns.start[k + 1] as number) - (columns.start[k] as number);
    if (prefers(columns, k)) room += (size * (size - 1)) / 2;
  }
  const a = new Uint16Array(room);
  const b = new Uint16Array(room);
  const outcome = new Uint8Array(room);
  const judgement = new Int32Array(room);
  const weight = new Float64Array(room);
  const annotator = new Int32Array(room);
  const completionA = new Int32Array(room);
  const completionB = new Int32Array(room);
  const source = new Int32Array(columns.length);
  let [rows, judgements, same, inverse] = [0, 0, 0, 0];
  let several = false;
  for (let k = 0; k < columns.length; k++) {
    if (!prefers(columns, k) || !counts(k)) continue;
    const from = columns.start[k] as number;
    const to = columns.start[k + 1] as number;
    const before = rows;
    for (let p = from; p < to; p++)
      for (let q = p + 1; q < to; q++) {
        const [first, second] = [columns.rank[p] as number, columns.rank[q] as number];
        const [modelA, modelB] = [modelOf[columns.shown[p] as number] as number, modelOf[columns.shown[q] as number] as number];
        if (modelA === -1 || modelB === -1) continue;
        if (modelA === modelB) {
          same++;
          continue;
        }
        if (first === second && columns.kind[k] === BEST_ONLY) continue;
        a[rows] = modelA;
        b[rows] = modelB;
        outcome[rows] = first === second ? 2 : first < second ? 0 : 1;
        weight[rows] = 1 / (to - from - 1);
        judgement[rows] = judgements;
        annotator[rows] = columns.annotator[k] as number;
        completionA[rows] = columns.shown[p] as number;
        completionB[rows] = columns.shown[q] as number;
        rows++;
      }
    if (rows === before) continue;
    if (to - from > 2) several = true;
    inverse += 1 / (columns.propensity[k] as number);
    source[judgements++] = k;
  }
  let [sum, squares] = [0, 0];
  let unequal = several;
  const served = new Float64Array(judgements).fill(1);
  for (let k = 0; k < judgements; k++) {
    if (byPropensity) served[k] = Math.min(MOST_WEIGHT, judgements / inverse / (columns.propensity[source[k] as number] as number));
    const value = served[k] as number;
    sum += value;
    squares += value * value;
    if (value !== 1) unequal = true;
  }
  for (let row = 0; unequal && row < rows; row++) weight[row] = (weight[row] as number) * (served[judgement[row] as number] as number);
  return {
    models,
    a: a.subarray(0, rows),
    b: b.subarray(0, rows),
    outcome: outcome.subarray(0, rows),
    weight: unequal ? weight.subarray(0, rows) : null,
    judgement: several ? judgement.subarray(0, rows) : null,
    source: source.subarray(0, judgements),
    annotator: annotator.subarray(0, rows),
    completionA: completionA.subarray(0, rows),
    completionB: completionB.subarray(0, rows),
    same,
    effective: squares === 0 ? 0 : (sum * sum) / squares,
  };
}
