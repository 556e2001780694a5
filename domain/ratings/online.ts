/**
 * Ratings that are exact after each vote: the maximum likelihood is climbed again from where it was, with the factorised
 * information of an earlier vote, which one vote hardly changes (a quasi-Newton step each; it is made anew when steps stop
 * shrinking quickly). Equal to a fit from nothing, up to 1e-6 logits; no approximation like online Elo.
 */
import { centre, factoriseInformation, fitPairs, type PairFit } from "./bradley-terry";
import { derive } from "./davidson";
import { solveFactorised } from "./dense";
import { countPairs, type Votes } from "./votes";

export type OnlineRatings = {
  /** Counts one vote: two different models and A_WINS, B_WINS or TIE, with weight 1 unless told otherwise. */
  add(a: number, b: number, outcome: number, weight?: number): void;
  /** Strengths in logits with all votes so far, mean 0 in each group. They change in place with the next vote. */
  strengths(): Float64Array;
};

/** Logits; what is left after such a step is far below it. */
const TOLERANCE = 1e-6;
/** A step that is not this much smaller than the one before wants new information. */
const SHRINK = 0.2;

/** Ratings of `votes` that further votes can be added to. */
export function createOnlineRatings(votes: Votes): OnlineRatings {
  const n = votes.models;
  const start = countPairs(votes);
  // Every pair has its place from the beginning.
  const most = (n * (n - 1)) / 2;
  const table = {
    models: n,
    first: new Uint16Array(most),
    second: new Uint16Array(most),
    counts: new Float64Array(3 * most),
    squares: new Float64Array(0),
  };
  const place = new Int32Array(n * n).fill(-1);
  let pairs = 0;
  const placeOf = (i: number, j: number): number => {
    if (place[i * n + j] === -1) {
      table.first[pairs] = i;
      table.second[pairs] = j;
      place[i * n + j] = pairs++;
    }
    return place[i * n + j] as number;
  };
  start.first.forEach((i, pair) => {
    const at = placeOf(i, start.second[pair] as number);
    table.counts.set(start.counts.subarray(3 * pair, 3 * pair + 3), 3 * at);
  });
  const seen = () => ({
    models: n,
    first: table.first.subarray(0, pairs),
    second: table.second.subarray(0, pairs),
    counts: table.counts.subarray(0, 3 * pairs),
    squares: table.counts.subarray(0, 3 * pairs),
  });

  let fit: PairFit = fitPairs(seen());
  let factor: Float64Array | null = null;
  let tied = fit.x.length > n;
  let behind = false;

  const refit = () => {
    fit = fitPairs(seen(), { start: fit.x });
    factor = null;
  };

  const climb = () => {
    const x = fit.x;
    const size = x.length;
    const joined = fit.graph.groups.length === 1 && fit.graph.determined[0] === true;
    // The maximum did not exist before, or the first tie adds a parameter.
    if (!joined || tied !== size > n) return refit();
    const now = seen();
    const gradient = new Float64Array(size);
    let before = Number.POSITIVE_INFINITY;
    for (;;) {
      factor ??= factoriseInformation(now, x, fit.graph.groups).factor;
      derive(now, x, gradient.fill(0), null);
      solveFactorised(factor, size, gradient);
      let largest = 0;
      for (let i = 0; i < size; i++) {
        const step = gradient[i] as number;
        x[i] = (x[i] as number) + step;
        largest = Math.max(largest, Math.abs(step));
      }
      if (largest < TOLERANCE) break;
      if (largest > SHRINK * before) {
        // A step that grows would not come back by itself: let the guarded fit do it.
        if (largest > 1 || largest > before) return refit();
        factor = null;
      }
      before = largest;
    }
    centre(x, fit.graph.groups);
  };

  return {
    add(a, b, outcome, weight = 1) {
      const swapped = a > b;
      const cell = 3 * placeOf(swapped ? b : a, swapped ? a : b) + (outcome === 2 || !swapped ? outcome : 1 - outcome);
      table.counts[cell] = (table.counts[cell] as number) + weight;
      tied ||= outcome === 2;
      behind = true;
    },
    strengths() {
      if (behind) climb();
      behind = false;
      return fit.x.subarray(0, n);
    },
  };
}
