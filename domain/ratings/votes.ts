/** Votes as columns: each row one comparison of two models. A ranking of K answers is K (K - 1) / 2 rows of one judgement. */

export const A_WINS = 0;
export const B_WINS = 1;
export const TIE = 2;

export type Votes = {
  /** Number of models; `a` and `b` are places below it. */
  models: number;
  a: Uint16Array;
  b: Uint16Array;
  /** A_WINS, B_WINS or TIE. */
  outcome: Uint8Array;
  /** Judgement of each row, counted from 0 and never falling; null where each row is a judgement of its own. */
  judgement: Int32Array | null;
  /** null: every row weighs 1. */
  weight: Float64Array | null;
};

export type PairOutcome = "a" | "b" | "tie";
const OUTCOMES: Record<PairOutcome, number> = { a: A_WINS, b: B_WINS, tie: TIE };

/** One comparison as an object, for what is small: `judgement` and `weight` as in Votes. */
export type VoteRow = { a: number; b: number; result: PairOutcome; judgement?: number; weight?: number };

/** Columns of rows. Throws RangeError with the row's number for an outcome, a model or a weight that there is not: never a silent tie. */
export function packVotes(models: number, rows: readonly VoteRow[]): Votes {
  const votes: Votes = {
    models,
    a: new Uint16Array(rows.length),
    b: new Uint16Array(rows.length),
    outcome: new Uint8Array(rows.length),
    judgement: rows.some(({ judgement }) => judgement !== undefined) ? new Int32Array(rows.length) : null,
    weight: rows.some(({ weight }) => weight !== undefined) ? new Float64Array(rows.length) : null,
  };
  rows.forEach(({ a, b, result, judgement, weight = 1 }, row) => {
    const outcome = OUTCOMES[result];
    if (outcome === undefined) throw new RangeError(`vote ${row}: unknown outcome "${String(result)}"`);
    for (const [name, model] of [
      ["a", a],
      ["b", b],
    ] as const)
      if (!Number.isInteger(model) || model < 0 || model >= models)
        throw new RangeError(`vote ${row}: ${name} is ${model}, not a model below ${models}`);
    if (a === b) throw new RangeError(`vote ${row}: model ${a} against itself`);
    if (!(weight > 0 && Number.isFinite(weight))) throw new RangeError(`vote ${row}: weight ${weight} is not above 0`);
    votes.a[row] = a;
    votes.b[row] = b;
    votes.outcome[row] = outcome;
    if (votes.weight) votes.weight[row] = weight;
    if (votes.judgement) {
      if (judgement === undefined || judgement < (row === 0 ? 0 : (votes.judgement[row - 1] as number)))
        throw new RangeError(`vote ${row}: judgement ${judgement} after a later one`);
      votes.judgement[row] = judgement;
    }
  });
  return votes;
}

/** The rows `start <= row < end` of each judgement. */
export function judgementRanges({ a, judgement }: Votes): Int32Array {
  if (judgement === null) return Int32Array.from({ length: a.length + 1 }, (_, row) => row);
  const starts: number[] = [];
  for (let row = 0; row < judgement.length; row++) if (row === 0 || judgement[row] !== judgement[row - 1]) starts.push(row);
  return Int32Array.from([...starts, judgement.length]);
}

/**
 * What the likelihood needs of votes: for each pair that was compared (first < second) the weights of its outcomes.
 * `squares` holds the sums of squared weights, for the sandwich; the same array as `counts` where all weights are 1.
 */
export type PairTable = {
  models: number;
  first: Uint16Array;
  second: Uint16Array;
  /** 3 a pair: first wins, second wins, tie. */
  counts: Float64Array;
  squares: Float64Array;
};

/** The pair table of votes, of all or of the rows that `keep` marks with 1. */
export function countPairs({ models, a, b, outcome, weight }: Votes, keep: Uint8Array | null = null): PairTable {
  const cells = models * models;
  const dense = new Float64Array(3 * cells);
  const denseSquares = weight === null ? dense : new Float64Array(3 * cells);
  if (weight === null && keep === null) {
    for (let row = 0; row < a.length; row++) {
      const cell = (outcome[row] as number) * cells + (a[row] as number) * models + (b[row] as number);
      dense[cell] = (dense[cell] as number) + 1;
    }
  } else {
    for (let row = 0; row < a.length; row++) {
      if (keep !== null && keep[row] === 0) continue;
      const cell = (outcome[row] as number) * cells + (a[row] as number) * models + (b[row] as number);
      const w = weight === null ? 1 : (weight[row] as number);
      dense[cell] = (dense[cell] as number) + w;
      if (weight !== null) denseSquares[cell] = (denseSquares[cell] as number) + w * w;
    }
  }
  const most = (models * (models - 1)) / 2;
  const first = new Uint16Array(most);
  const second = new Uint16Array(most);
  const counts = new Float64Array(3 * most);
  const squares = weight === null ? counts : new Float64Array(3 * most);
  let pairs = 0;
  for (let i = 0; i < models; i++)
    for (let j = i + 1; j < models; j++) {
      const there = i * models + j;
      const back = j * models + i;
      const fold = (from: Float64Array, to: Float64Array) => {
        to[3 * pairs] = (from[there] as number) + (from[cells + back] as number);
        to[3 * pairs + 1] = (from[cells + there] as number) + (from[back] as number);
        to[3 * pairs + 2] = (from[2 * cells + there] as number) + (from[2 * cells + back] as number);
      };
      fold(dense, counts);
      if ((counts[3 * pairs] as number) + (counts[3 * pairs + 1] as number) + (counts[3 * pairs + 2] as number) === 0) continue;
      if (weight !== null) fold(denseSquares, squares);
      first[pairs] = i;
      second[pairs] = j;
      pairs++;
    }
  const kept = counts.subarray(0, 3 * pairs);
  return {
    models,
    first: first.subarray(0, pairs),
    second: second.subarray(0, pairs),
    counts: kept,
    squares: weight === null ? kept : squares.subarray(0, 3 * pairs),
  };
}
