/** One pass over votes with their style: score, log-likelihood, information, and what the sandwich needs (style.ts has the model). */
import { derive } from "./davidson";
import { mirror } from "./dense";
import { judgementRanges, type PairTable, type Votes } from "./votes";

/** Sums are multiplied up to here before one logarithm is taken of them all. */
const PRODUCT_LIMIT = 1e250;

type Pass = {
  gradient: Float64Array;
  /** Log-likelihood. */
  height: number;
  /** The information, and where it was asked for the outer products of the votes' scores; size x size. */
  matrix: Float64Array;
  spread: Float64Array | null;
};

/** Votes are gone through in blocks: a function that is called for each is compiled alike in every run, one long loop is not. */
const BLOCK = 1024;

/** Of the votes of a block, at their place in it: score in d (the difference of logits) and in log v, moments of d with both. */
type Block = { score: Float64Array; tieScore: Float64Array; moment: Float64Array; withTie: Float64Array };

const emptyBlock = (): Block => ({
  score: new Float64Array(BLOCK),
  tieScore: new Float64Array(BLOCK),
  moment: new Float64Array(BLOCK),
  withTie: new Float64Array(BLOCK),
});

/** Sums of moments: by ordered pair of models, of features with models, with one another and with log v, and of log v with itself. */
type Moments = {
  pair: Float64Array;
  pairTie: Float64Array;
  cross: Float64Array;
  own: Float64Array;
  ownTie: Float64Array;
  tie: number;
};

const emptyMoments = (n: number, count: number): Moments => ({
  pair: new Float64Array(n * n),
  pairTie: new Float64Array(n * n),
  cross: new Float64Array(n * count),
  own: new Float64Array(count * count),
  ownTie: new Float64Array(count),
  tie: 0,
});

/** Votes with their style: `features` is rows x count. */
export type StyledVotes = { votes: Votes; features: Float64Array; count: number };

/** Fills `block` with the scores and information of the `length` votes from row `from` on; their log-likelihood and information of log v. */
function deriveBlock(
  { score, tieScore, moment, withTie }: Block,
  { votes: { models: n, a, b, outcome, weight }, features, count }: StyledVotes,
  x: Float64Array,
  from: number,
  length: number,
): { height: number; tie: number } {
  const tied = x.length > n + count;
  const logTie = tied ? (x[x.length - 1] as number) : 0;
  const v = tied ? Math.exp(logTie) : 0;
  let height = 0;
  let product = 1;
  let tieMoment = 0;
  for (let k = 0; k < length; k++) {
    const row = from + k;
    const at = row * count;
    let d = (x[a[row] as number] as number) - (x[b[row] as number] as number);
    for (let f = 0; f < count; f++) d += (x[n + f] as number) * (features[at + f] as number);
    const up = Math.exp(d / 2);
    const down = 1 / up;
    const sum = up + down + v;
    const norm = 1 / sum;
    const half = ((up - down) / 2) * norm;
    const tie = v * norm;
    const w = weight === null ? 1 : (weight[row] as number);
    const isTie = outcome[row] === 2;
    const seen = isTie ? 0 : outcome[row] === 0 ? 0.5 : -0.5;
    height += w * (seen * d + (isTie ? logTie : 0));
    if (weight !== null) height -= w * Math.log(sum);
    else {
      product *= sum;
      if (product > PRODUCT_LIMIT) {
        height -= Math.log(product);
        product = 1;
      }
    }
    score[k] = w * (seen - half);
    tieScore[k] = w * ((isTie ? 1 : 0) - tie);
    moment[k] = w * (((up + down) / 4) * norm - half * half);
    withTie[k] = -w * half * tie;
    tieMoment += w * tie * (1 - tie);
  }
  return { height: height - Math.log(product), tie: tieMoment };
}

/** Turns the moments of a block into products of its scores; returns the sum of those of log v with itself. */
function multiplyScores({ score, tieScore, moment, withTie }: Block, length: number): number {
  let tie = 0;
  for (let k = 0; k < length; k++) {
    const r = score[k] as number;
    const t = tieScore[k] as number;
    moment[k] = r * r;
    withTie[k] = r * t;
    tie += t * t;
  }
  return tie;
}

function addScores(
  gradient: Float64Array,
  { score, tieScore }: Block,
  { votes: { models: n, a, b }, features, count }: StyledVotes,
  from: number,
  length: number,
): void {
  let tie = 0;
  for (let k = 0; k < length; k++) {
    const r = score[k] as number;
    const i = a[from + k] as number;
    const j = b[from + k] as number;
    const at = (from + k) * count;
    gradient[i] = (gradient[i] as number) + r;
    gradient[j] = (gradient[j] as number) - r;
    for (let f = 0; f < count; f++) gradient[n + f] = (gradient[n + f] as number) + r * (features[at + f] as number);
    tie += tieScore[k] as number;
  }
  if (gradient.length > n + count) gradient[n + count] = (gradient[n + count] as number) + tie;
}

function addMoments(
  { pair, pairTie, cross, own, ownTie }: Moments,
  { moment, withTie }: Block,
  { votes: { models: n, a, b }, features, count }: StyledVotes,
  from: number,
  length: number,
): void {
  for (let k = 0; k < length; k++) {
    const i = a[from + k] as number;
    const j = b[from + k] as number;
    const at = (from + k) * count;
    const m = moment[k] as number;
    const t = withTie[k] as number;
    const cell = i * n + j;
    pair[cell] = (pair[cell] as number) + m;
    pairTie[cell] = (pairTie[cell] as number) + t;
    for (let f = 0; f < count; f++) {
      const value = features[at + f] as number;
      const part = m * value;
      ownTie[f] = (ownTie[f] as number) + t * value;
      cross[i * count + f] = (cross[i * count + f] as number) + part;
      cross[j * count + f] = (cross[j * count + f] as number) - part;
      for (let g = 0; g <= f; g++) own[f * count + g] = (own[f * count + g] as number) + part * (features[at + g] as number);
    }
  }
}

/** The sums as the lower half of a matrix of theta, gamma and, where `size` has room for it, log v. */
function fillMatrix({ pair, pairTie, cross, own, ownTie, tie }: Moments, n: number, count: number, size: number): Float64Array {
  const tied = size > n + count;
  const matrix = new Float64Array(size * size);
  const add = (i: number, j: number, value: number) => {
    matrix[i * size + j] = (matrix[i * size + j] as number) + value;
  };
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const cell = i * n + j;
      const moment = pair[cell] as number;
      if (moment === 0) continue;
      add(i, i, moment);
      add(j, j, moment);
      add(Math.max(i, j), Math.min(i, j), -moment);
      if (tied) {
        add(size - 1, i, pairTie[cell] as number);
        add(size - 1, j, -(pairTie[cell] as number));
      }
    }
  for (let f = 0; f < count; f++) {
    for (let i = 0; i < n; i++) add(n + f, i, cross[i * count + f] as number);
    for (let g = 0; g <= f; g++) add(n + f, n + g, own[f * count + g] as number);
    if (tied) add(size - 1, n + f, ownTie[f] as number);
  }
  if (tied) add(size - 1, size - 1, tie);
  return matrix;
}

/** One pass over the votes: score, log-likelihood and information, and with `withSpread` the outer products of the votes' scores. */
export function passVotes(styled: StyledVotes, x: Float64Array, extra: PairTable | null, withSpread: boolean): Pass {
  const { votes, count } = styled;
  const n = votes.models;
  const size = x.length;
  const gradient = new Float64Array(size);
  const information = emptyMoments(n, count);
  const products = withSpread ? emptyMoments(n, count) : null;
  const block = emptyBlock();
  let height = 0;
  for (let from = 0; from < votes.a.length; from += BLOCK) {
    const length = Math.min(BLOCK, votes.a.length - from);
    const sums = deriveBlock(block, styled, x, from, length);
    height += sums.height;
    information.tie += sums.tie;
    addScores(gradient, block, styled, from, length);
    addMoments(information, block, styled, from, length);
    if (products === null) continue;
    products.tie += multiplyScores(block, length);
    addMoments(products, block, styled, from, length);
  }
  const matrix = fillMatrix(information, n, count, size);
  if (extra !== null) addTable(extra, x, count, gradient, matrix);
  mirror(matrix, size);
  if (products === null) return { gradient, height, matrix, spread: null };
  const spread = fillMatrix(products, n, count, size);
  mirror(spread, size);
  return { gradient, height, matrix, spread };
}

/** Adds the score and information of pairs without style. */
function addTable(table: PairTable, x: Float64Array, count: number, gradient: Float64Array, matrix: Float64Array): void {
  const n = table.models;
  const size = x.length;
  const places = Array.from({ length: size - count }, (_, i) => (i < n ? i : size - 1));
  const inner = places.length;
  const innerGradient = new Float64Array(inner);
  const innerMatrix = new Float64Array(inner * inner);
  derive(
    table,
    Float64Array.from(places, (place) => x[place] as number),
    innerGradient,
    innerMatrix,
  );
  places.forEach((place, i) => {
    gradient[place] = (gradient[place] as number) + (innerGradient[i] as number);
    for (let j = 0; j <= i; j++) {
      const cell = place * size + (places[j] as number);
      matrix[cell] = (matrix[cell] as number) + (innerMatrix[i * inner + j] as number);
    }
  });
}

/** The outer products of the judgements' scores, where judgements have several rows. */
export function spreadOfClusters({ votes, features, count }: StyledVotes, x: Float64Array): Float64Array {
  const { models: n, a, b, outcome, weight } = votes;
  const size = x.length;
  const tied = size > n + count;
  const v = tied ? Math.exp(x[size - 1] as number) : 0;
  const spread = new Float64Array(size * size);
  const ranges = judgementRanges(votes);
  const score = new Float64Array(size);
  const fixed = Array.from({ length: size - n }, (_, k) => n + k);
  for (let judgement = 0; judgement + 1 < ranges.length; judgement++) {
    const touched = new Set(fixed);
    for (let row = ranges[judgement] as number; row < (ranges[judgement + 1] as number); row++) {
      const [i, j] = [a[row] as number, b[row] as number];
      let d = (x[i] as number) - (x[j] as number);
      for (let f = 0; f < count; f++) d += (x[n + f] as number) * (features[row * count + f] as number);
      const up = Math.exp(d / 2);
      const norm = 1 / (up + 1 / up + v);
      const w = weight === null ? 1 : (weight[row] as number);
      const r = w * ((outcome[row] === 2 ? 0 : outcome[row] === 0 ? 0.5 : -0.5) - ((up - 1 / up) / 2) * norm);
      score[i] = (score[i] as number) + r;
      score[j] = (score[j] as number) - r;
      for (let f = 0; f < count; f++) score[n + f] = (score[n + f] as number) + r * (features[row * count + f] as number);
      if (tied) score[size - 1] = (score[size - 1] as number) + w * ((outcome[row] === 2 ? 1 : 0) - v * norm);
      touched.add(i).add(j);
    }
    for (const i of touched)
      for (const j of touched) spread[i * size + j] = (spread[i * size + j] as number) + (score[i] as number) * (score[j] as number);
    for (const i of touched) score[i] = 0;
  }
  return spread;
}
