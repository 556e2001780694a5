/**
 * Bradley-Terry strengths from votes by maximum likelihood, ties by Davidson:
 *   P(i beats j) = p_i / (p_i + p_j + v sqrt(p_i p_j)),  P(tie) = v sqrt(p_i p_j) / (the same).
 * A ranking of K counts as its K (K - 1) / 2 pairs, each with weight 1 / (K - 1), so that it weighs K / 2 votes.
 * Intervals by a seeded bootstrap over votes: the pairs of one ranking stay together.
 * Source: Bradley & Terry 1952; Davidson 1970; Hunter 2004 for connectedness.
 */
import { quantile } from "../metrics/bootstrap";
import { createRandom } from "../random";

/** Places in the list of models; `weight` of one pair. */
export type PairOutcome = { a: number; b: number; result: "a" | "b" | "tie"; weight: number };
/** All pairs of one judgement. */
export type Vote = PairOutcome[];

export type Rating = {
  /** Elo scale: 400 / ln 10 a logit, the mean of all rated models is 1000. */
  score: number;
  low: number;
  high: number;
  rank: number;
  rankLow: number;
  rankHigh: number;
  /** Share of bootstrap samples in which it is first. */
  first: number;
  /** Sum of the weights of its pairs. */
  weight: number;
};

export type BradleyTerryFit = {
  ratings: Rating[];
  /** Davidson's v; 0 where nothing tied. */
  tie: number;
  /** More than one group: models of different groups were never compared, directly or through others. */
  groups: number[][];
};

const ELO = 400 / Math.LN10;
/** Penalty on the squared logits: finite strengths for a model that never lost. A hundredth of one vote. */
const RIDGE = 0.01;
const MAX_STEPS = 100;

/** wins[i * n + j]: weight of i beating j; ties likewise, symmetric. */
type Counts = { n: number; wins: Float64Array; ties: Float64Array };

function countPairs(votes: readonly Vote[], n: number): Counts {
  const wins = new Float64Array(n * n);
  const ties = new Float64Array(n * n);
  const add = (table: Float64Array, i: number, j: number, weight: number) => {
    table[i * n + j] = (table[i * n + j] ?? 0) + weight;
  };
  for (const vote of votes)
    for (const { a, b, result, weight } of vote) {
      switch (result) {
        case "a":
          add(wins, a, b, weight);
          break;
        case "b":
          add(wins, b, a, weight);
          break;
        case "tie":
          add(ties, a, b, weight);
          add(ties, b, a, weight);
          break;
        default:
          // An outcome that is not known may never be taken for a tie.
          throw new RangeError(`Unknown outcome "${String(result satisfies never)}"`);
      }
    }
  return { n, wins, ties };
}

/** Solves a symmetric positive definite system in place by Cholesky's decomposition. */
function solve(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const at = (i: number, j: number) => matrix[i * n + j] ?? 0;
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) for (let i = j; i < n; i++) matrix[i * n + j] = at(i, j) - at(i, k) * at(j, k);
    const root = Math.sqrt(at(j, j));
    for (let i = j; i < n; i++) matrix[i * n + j] = at(i, j) / root;
  }
  const x = vector.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] ?? 0) - at(i, k) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = (x[i] ?? 0) - at(k, i) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  return x;
}

/** Logits of the strengths (mean 0) and of v, by Newton's method with halved steps. */
function fitLogits({ n, wins, ties }: Counts, ridge: number): { theta: Float64Array; logTie: number } {
  const tied = ties.some((weight) => weight > 0);
  const size = n + (tied ? 1 : 0);
  let x = new Float64Array(size);
  const evaluate = (point: Float64Array, derive: boolean) => {
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(derive ? size * size : 0);
    let loss = 0;
    const add = (i: number, j: number, value: number) => {
      hessian[i * size + j] = (hessian[i * size + j] ?? 0) + value;
    };
    for (let i = 0; i < n; i++) {
      loss += (ridge / 2) * (point[i] ?? 0) ** 2;
      gradient[i] = (gradient[i] ?? 0) + ridge * (point[i] ?? 0);
      if (derive) add(i, i, ridge + 1e-9);
      for (let j = i + 1; j < n; j++) {
        const outcomes = [wins[i * n + j] ?? 0, wins[j * n + i] ?? 0, tied ? (ties[i * n + j] ?? 0) : 0] as const;
        const total = outcomes[0] + outcomes[1] + outcomes[2];
        if (total === 0) continue;
        const [a, b] = [point[i] ?? 0, point[j] ?? 0];
        const logits = [a, b, tied ? (a + b) / 2 + (point[n] ?? 0) : Number.NEGATIVE_INFINITY];
        const max = Math.max(...logits);
        const norm = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
        const p = logits.map((logit) => Math.exp(logit - norm));
        outcomes.forEach((count, k) => {
          if (count > 0) loss -= count * ((logits[k] ?? 0) - norm);
        });
        // What each outcome says of (i, j, v): the derivative of its logit.
        const says = [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 1]];
        const places = tied ? [i, j, n] : [i, j];
        const expected = places.map((_, c) => says.reduce((sum, row, k) => sum + (p[k] ?? 0) * (row[c] ?? 0), 0));
        places.forEach((place, c) => {
          const seen = outcomes.reduce((sum, count, k) => sum + count * (says[k]?.[c] ?? 0), 0);
          gradient[place] = (gradient[place] ?? 0) + total * (expected[c] ?? 0) - seen;
          if (derive)
            places.forEach((other, d) => {
              const second = says.reduce((sum, row, k) => sum + (p[k] ?? 0) * (row[c] ?? 0) * (row[d] ?? 0), 0);
              add(place, other, total * (second - (expected[c] ?? 0) * (expected[d] ?? 0)));
            });
        });
      }
    }
    if (tied) {
      loss += (ridge / 2) * (point[n] ?? 0) ** 2;
      gradient[n] = (gradient[n] ?? 0) + ridge * (point[n] ?? 0);
      if (derive) add(n, n, ridge + 1e-9);
    }
    return { loss, gradient, hessian };
  };
  for (let step = 0; step < MAX_STEPS; step++) {
    const { loss, gradient, hessian } = evaluate(x, true);
    if (Math.max(...gradient.map(Math.abs)) < 1e-10) break;
    const direction = solve(hessian, gradient);
    let scale = 1;
    let next = x;
    for (; scale > 1e-6; scale /= 2) {
      next = x.map((value, i) => value - scale * (direction[i] ?? 0));
      if (evaluate(next, false).loss <= loss) break;
    }
    if (scale <= 1e-6) break;
    x = next;
  }
  const mean = x.slice(0, n).reduce((sum, value) => sum + value, 0) / n;
  return { theta: x.slice(0, n).map((value) => value - mean), logTie: tied ? (x[n] ?? 0) : Number.NEGATIVE_INFINITY };
}

/** Models that were compared with one another, directly or through others. */
function findGroups({ n, wins, ties }: Counts): number[][] {
  const group = Array.from({ length: n }, (_, i) => i);
  const root = (i: number): number => (group[i] === i ? i : root(group[i] ?? i));
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if ((wins[i * n + j] ?? 0) + (ties[i * n + j] ?? 0) > 0) group[root(i)] = root(j);
  const members = new Map<number, number[]>();
  for (let i = 0; i < n; i++) members.set(root(i), [...(members.get(root(i)) ?? []), i]);
  return [...members.values()];
}

/** Strengths of `n` models. `ridge` 0 gives the plain maximum likelihood, which needs every model to win and lose. */
export function fitBradleyTerry(votes: readonly Vote[], n: number, { seed, samples = 200, ridge = RIDGE }: { seed: number; samples?: number; ridge?: number }): BradleyTerryFit {
  const counts = countPairs(votes, n);
  const { theta, logTie } = fitLogits(counts, ridge);
  const random = createRandom(seed, "bradley-terry");
  const draws = Array.from({ length: samples }, () => fitLogits(countPairs(Array.from({ length: votes.length }, () => votes[random.int(votes.length)] ?? []), n), ridge).theta);
  const rankOf = (values: Float64Array, i: number) => 1 + values.filter((value) => value > (values[i] ?? 0) + 1e-12).length;
  const ratings = Array.from({ length: n }, (_, i): Rating => {
    const scores = Float64Array.from(draws, (draw) => 1000 + ELO * (draw[i] ?? 0)).sort();
    const ranks = Float64Array.from(draws, (draw) => rankOf(draw, i)).sort();
    const row = (table: Float64Array) => table.slice(i * n, (i + 1) * n).reduce((sum, weight) => sum + weight, 0);
    const lost = Array.from({ length: n }, (__, j) => counts.wins[j * n + i] ?? 0).reduce((sum, weight) => sum + weight, 0);
    return {
      score: 1000 + ELO * (theta[i] ?? 0),
      low: quantile(scores, 0.025),
      high: quantile(scores, 0.975),
      rank: rankOf(theta, i),
      rankLow: Math.round(quantile(ranks, 0.025)),
      rankHigh: Math.round(quantile(ranks, 0.975)),
      first: draws.filter((draw) => rankOf(draw, i) === 1).length / Math.max(1, samples),
      weight: row(counts.wins) + row(counts.ties) + lost,
    };
  });
  return { ratings, tie: Math.exp(logTie), groups: findGroups(counts) };
}
