/**
 * Bradley-Terry strengths by maximum likelihood, ties by Davidson (davidson.ts), on the Elo scale. Newton's method on the
 * pair table, so that the time hardly depends on the number of votes. Where the maximum does not exist (a model that never
 * lost), Firth's penalty takes its place in that group: half the leverage of each pair as a win and as a loss. Without
 * ties that is exactly the mode under Jeffreys' prior; with ties the same counts are added and Davidson's v takes part.
 * Source: Hunter 2004; Firth 1993; Huber 1967 and White 1980 for the sandwich.
 */
import { derive, expect, logLikelihood, type Parameters } from "./davidson";
import { factorise, invertFactorised, mirror, sandwich, solveFactorised } from "./dense";
import { type ComparisonGraph, readGraph } from "./graph";
import { countPairs, judgementRanges, type PairTable, type Votes } from "./votes";

/** Elo points of one logit. */
export const ELO = 400 / Math.LN10;
/** A group with fewer votes a model gets model-based errors: the sandwich is too narrow in small samples. */
const FEW_VOTES = 10;
const MAX_STEPS = 100;
const MAX_FIRTH_ROUNDS = 50;

export type PairFit = {
  /** Strengths in logits, mean 0 in each group, and log v where anything tied. */
  x: Parameters;
  graph: ComparisonGraph;
  /** The table with Firth's additions where there are any; the votes' own otherwise. */
  table: PairTable;
};

/** logits -> their places; -Infinity for the log of v where nothing tied. */
export const logTieOf = ({ x, table }: PairFit): number =>
  x.length > table.models ? (x[table.models] as number) : Number.NEGATIVE_INFINITY;

/** Gives each group a mean of 0. */
export function centre(x: Parameters, groups: readonly number[][]): void {
  for (const group of groups) {
    const mean = group.reduce((sum, i) => sum + (x[i] as number), 0) / group.length;
    for (const i of group) x[i] = (x[i] as number) - mean;
  }
}

/**
 * Score, and Cholesky's factor of the information. Adding a constant to all strengths of a group changes nothing, so each
 * group's mean gets information of its own, of the size of the others; it does not touch differences.
 */
export function factoriseInformation(
  table: PairTable,
  x: Parameters,
  groups: readonly number[][],
): { gradient: Float64Array; factor: Float64Array } {
  const size = x.length;
  const gradient = new Float64Array(size);
  const factor = new Float64Array(size * size);
  derive(table, x, gradient, factor);
  for (const group of groups) {
    const typical = group.reduce((sum, i) => sum + (factor[i * size + i] as number), 0) / group.length || 1;
    for (const i of group)
      for (const j of group) if (j <= i) factor[i * size + j] = (factor[i * size + j] as number) + typical / group.length;
  }
  if (!factorise(factor, size)) throw new Error("Bradley-Terry: the information is not positive definite");
  return { gradient, factor };
}

/** Newton's method with halved steps, until a step is below `tolerance` logits: the error is then of the order of its square. The maximum must exist. */
function climb(table: PairTable, start: Parameters, groups: readonly number[][], tolerance: number): Parameters {
  let x = start;
  let height = Number.NaN;
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, factor } = factoriseInformation(table, x, groups);
    solveFactorised(factor, x.length, gradient);
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    let scale = Math.min(1, 4 / largest);
    const go = () => x.map((value, i) => value + scale * (gradient[i] as number));
    let next = go();
    // A small step is right as it is; the smallest would be lost in the rounding of the log-likelihood.
    if (largest > 0.1) {
      if (Number.isNaN(height)) height = logLikelihood(table, x);
      let reached = logLikelihood(table, next);
      while (!(reached >= height) && scale > 1e-9) {
        scale /= 2;
        next = go();
        reached = logLikelihood(table, next);
      }
      height = reached;
    }
    x = next;
    if (largest < tolerance) break;
  }
  centre(x, groups);
  return x;
}

/** Variance of a half outcome at the fit. */
const halfVariance = (d: number, v: number): number => {
  const { half, tie } = expect(d, v);
  return (1 - tie) / 4 - half * half;
};

/** The table with `added[pair]` / 2 more wins on both sides of each pair. */
function addHalves(table: PairTable, added: Float64Array): PairTable {
  const counts = table.counts.slice();
  added.forEach((weight, pair) => {
    counts[3 * pair] = (counts[3 * pair] as number) + weight / 2;
    counts[3 * pair + 1] = (counts[3 * pair + 1] as number) + weight / 2;
  });
  return { ...table, counts };
}

/** Strengths from a pair table. `start`, a fit of nearly the same votes, saves steps; so does a larger `tolerance` (logits). */
export function fitPairs(
  table: PairTable,
  { start = null, tolerance = 1e-6 }: { start?: Parameters | null; tolerance?: number } = {},
): PairFit {
  const { models, first, second, counts } = table;
  const graph = readGraph(table);
  let decided = 0;
  let tied = 0;
  for (let pair = 0; pair < first.length; pair++) {
    decided += (counts[3 * pair] as number) + (counts[3 * pair + 1] as number);
    tied += counts[3 * pair + 2] as number;
  }
  // Nothing but ties: everybody is equal, and v has no bound; it is left at one tie more than there is.
  const size = models + (tied > 0 && decided > 0 ? 1 : 0);
  const x = start !== null && start.length === size ? start.slice() : new Float64Array(size);
  if (start === null && size > models) x[models] = Math.log((2 * tied) / decided);
  if (first.length === 0 || decided === 0) return { x, graph, table };
  if (graph.determined.every(Boolean)) return { x: climb(table, x, graph.groups, tolerance), graph, table };

  // Firth: pairs of the groups without a maximum, at first each with the mean leverage of its group.
  const loose = Array.from(first, (i) => !(graph.determined[graph.groupOf[i] as number] as boolean));
  const pairsOf = graph.groups.map((_, g) => Array.from(first).filter((i) => graph.groupOf[i] === g).length);
  let added = Float64Array.from(first, (i, pair) => {
    const group = graph.groupOf[i] as number;
    return loose[pair] ? ((graph.groups[group] as number[]).length - 1) / (pairsOf[group] as number) : 0;
  });
  let fitted: Parameters = x;
  for (let round = 0; round < MAX_FIRTH_ROUNDS; round++) {
    fitted = climb(addHalves(table, added), fitted, graph.groups, tolerance);
    const inverse = invertFactorised(factoriseInformation(table, fitted, graph.groups).factor, size);
    const v = size > models ? Math.exp(fitted[models] as number) : 0;
    const next = Float64Array.from(first, (i, pair) => {
      if (!loose[pair]) return 0;
      const j = second[pair] as number;
      const total = (counts[3 * pair] as number) + (counts[3 * pair + 1] as number) + (counts[3 * pair + 2] as number);
      const spread = (inverse[i * size + i] as number) + (inverse[j * size + j] as number) - 2 * (inverse[i * size + j] as number);
      return total * halfVariance((fitted[i] as number) - (fitted[j] as number), v) * spread;
    });
    const moved = next.reduce((most, value, pair) => Math.max(most, Math.abs(value - (added[pair] as number))), 0);
    added = next;
    if (moved < tolerance ** 1.5) break;
  }
  const whole = addHalves(table, added);
  return { x: climb(whole, fitted, graph.groups, tolerance), graph, table: whole };
}

export type Covariance = {
  /** Of the strengths, in logits squared, n x n: the sandwich; model-based in groups with Firth's penalty or few votes. */
  covariance: Float64Array;
  /** Of each group: where its errors come from. */
  kind: ("sandwich" | "model")[];
  /** Inverse of the information with the groups' means held, of all parameters. */
  inverse: Float64Array;
};

/** Errors of the strengths about their group's mean. Judgements are independent; rows of one judgement need not be. */
export function estimateCovariance(votes: Votes, fit: PairFit): Covariance {
  const { x, graph, table } = fit;
  const n = table.models;
  const size = x.length;
  const inverse = invertFactorised(factoriseInformation(table, x, graph.groups).factor, size);
  const robust = sandwich(inverse, measureSpread(votes, fit), size);
  const weights = weightsOf(votes, graph);
  const kind = graph.groups.map((group, g) =>
    graph.determined[g] && (weights.judgements[g] as number) >= FEW_VOTES * group.length ? "sandwich" : "model",
  );
  const covariance = new Float64Array(n * n);
  graph.groups.forEach((group, g) => {
    // The inverse without the mean's own part, which is the same number in each cell of the group.
    const own =
      group.reduce((sum, i) => sum + group.reduce((part, j) => part + (inverse[i * size + j] as number), 0), 0) / group.length ** 2;
    for (const i of group)
      for (const j of group)
        covariance[i * n + j] =
          kind[g] === "sandwich"
            ? (robust[i * size + j] as number)
            : ((inverse[i * size + j] as number) - own) * (weights.inflation[g] as number);
  });
  return { covariance, kind, inverse };
}

/** Of each group: judgements, and by how much unequal weights above 1 inflate a variance (sum of squares / sum). */
function weightsOf(
  { a, weight, judgement }: Votes,
  { groups, groupOf }: ComparisonGraph,
): { judgements: Float64Array; inflation: Float64Array } {
  const judgements = new Float64Array(groups.length);
  const sum = new Float64Array(groups.length);
  const squares = new Float64Array(groups.length);
  if (weight === null && judgement === null && groups.length === 1)
    return { judgements: judgements.fill(a.length), inflation: sum.fill(1) };
  for (let row = 0; row < a.length; row++) {
    const g = groupOf[a[row] as number] as number;
    const w = weight === null ? 1 : (weight[row] as number);
    sum[g] = (sum[g] as number) + w;
    squares[g] = (squares[g] as number) + w * w;
    if (judgement === null || row === 0 || judgement[row] !== judgement[row - 1]) judgements[g] = (judgements[g] as number) + 1;
  }
  return { judgements, inflation: sum.map((total, g) => Math.max(1, (squares[g] as number) / (total || 1))) };
}

/** Sum over judgements of the outer product of their scores. */
function measureSpread(votes: Votes, { x, table }: PairFit): Float64Array {
  const n = table.models;
  const size = x.length;
  const tied = size > n;
  const v = tied ? Math.exp(x[n] as number) : 0;
  const spread = new Float64Array(size * size);
  const add = (i: number, j: number, value: number) => {
    spread[i * size + j] = (spread[i * size + j] as number) + value;
  };
  const alone = markLoneRows(votes);
  const lone = alone === null ? table : countPairs(votes, alone);
  for (let pair = 0; pair < lone.first.length; pair++) {
    const i = lone.first[pair] as number;
    const j = lone.second[pair] as number;
    const { half, tie } = expect((x[i] as number) - (x[j] as number), v);
    const [wins, losses, ties] = [
      lone.squares[3 * pair] as number,
      lone.squares[3 * pair + 1] as number,
      lone.squares[3 * pair + 2] as number,
    ];
    const h = wins * (0.5 - half) ** 2 + losses * (0.5 + half) ** 2 + ties * half * half;
    add(i, i, h);
    add(j, j, h);
    add(j, i, -h);
    if (!tied) continue;
    const cross = -tie * (wins * (0.5 - half) - losses * (0.5 + half)) - (1 - tie) * ties * half;
    add(n, i, cross);
    add(n, j, -cross);
    add(n, n, (wins + losses) * tie * tie + ties * (1 - tie) ** 2);
  }
  if (alone !== null) addClusters(votes, alone, x, spread);
  mirror(spread, size);
  return spread;
}

/** Rows that are the only one of their judgement; null where all are. */
function markLoneRows(votes: Votes): Uint8Array | null {
  const { judgement } = votes;
  if (judgement === null) return null;
  const alone = new Uint8Array(judgement.length);
  for (let row = 0; row < judgement.length; row++)
    alone[row] = judgement[row] !== judgement[row - 1] && judgement[row] !== judgement[row + 1] ? 1 : 0;
  return alone;
}

/** The scores of one judgement's rows: sums into `score` by parameter; returns the parameters that were touched. */
export function scoreRows(
  { models: n, a, b, outcome, weight }: Votes,
  from: number,
  to: number,
  x: Parameters,
  score: Float64Array,
): Set<number> {
  const tied = x.length > n;
  const v = tied ? Math.exp(x[n] as number) : 0;
  const touched = new Set<number>(tied ? [n] : []);
  for (let row = from; row < to; row++) {
    const [i, j] = [a[row] as number, b[row] as number];
    const w = weight === null ? 1 : (weight[row] as number);
    const { half, tie } = expect((x[i] as number) - (x[j] as number), v);
    const part = w * ((outcome[row] === 2 ? 0 : outcome[row] === 0 ? 0.5 : -0.5) - half);
    score[i] = (score[i] as number) + part;
    score[j] = (score[j] as number) - part;
    if (tied) score[n] = (score[n] as number) + w * ((outcome[row] === 2 ? 1 : 0) - tie);
    touched.add(i).add(j);
  }
  return touched;
}

function addClusters(votes: Votes, alone: Uint8Array, x: Parameters, spread: Float64Array): void {
  const size = x.length;
  const ranges = judgementRanges(votes);
  const score = new Float64Array(size);
  for (let judgement = 0; judgement + 1 < ranges.length; judgement++) {
    const from = ranges[judgement] as number;
    if (alone[from] === 1) continue;
    const touched = scoreRows(votes, from, ranges[judgement + 1] as number, x, score);
    for (const i of touched)
      for (const j of touched)
        if (j <= i) spread[i * size + j] = (spread[i * size + j] as number) + (score[i] as number) * (score[j] as number);
    for (const i of touched) score[i] = 0;
  }
}
