/**
 * How few votes carry the first place: a small set of judgements without which somebody else leads, found by the votes'
 * influence on the gap and checked by a refit. The smallest set cannot be searched for in full; this one is an upper bound.
 * Source: Broderick, Giordano & Meager 2020 (most influential sets); Huang, Shen, Wei & Broderick 2025 (on arenas).
 * Deviation: the votes are left out in halves of what is still predicted, each time from a new fit, and the set is then cut
 * to the shortest beginning that still turns the order.
 */
import { factoriseInformation, fitPairs, type PairFit, scoreRows } from "./bradley-terry";
import { solveFactorised } from "./dense";
import { countPairs, judgementRanges, type Votes } from "./votes";
import { differenceError } from "./ranks";

export type Fragility = {
  leader: number;
  /** Who leads without these votes. */
  challenger: number;
  /** Judgements to leave out (places in the order of the votes' judgements), the most influential first. */
  judgements: number[];
};

const CHALLENGERS = 3;
/** No set is looked for beyond this share of the judgements. */
const LARGEST_SHARE = 0.5;
/** Logits: a gap down to here is a shared first place, not a lost one. */
const EQUAL = -1e-9;

/** The smallest set found, over the leader's closest rivals; null where the leader has no rival or no set of up to half of the votes does it. */
export function findFragility(votes: Votes, fit: PairFit, covariance: Float64Array): Fragility | null {
  const n = votes.models;
  const group = fit.graph.groups[0] ?? [];
  const ranked = [...group].sort((i, j) => (fit.x[j] as number) - (fit.x[i] as number));
  const leader = ranked[0];
  if (leader === undefined || ranked.length < 2) return null;
  const closeness = (j: number) => ((fit.x[leader] as number) - (fit.x[j] as number)) / (differenceError(covariance, n, leader, j) || 1);
  const rivals = ranked
    .slice(1)
    .sort((i, j) => closeness(i) - closeness(j))
    .slice(0, CHALLENGERS);
  const ranges = judgementRanges(votes);
  let best: Fragility | null = null;
  for (const challenger of rivals) {
    const limit = best === null ? Math.floor(LARGEST_SHARE * (ranges.length - 1)) : best.judgements.length - 1;
    const judgements = turnOrder(votes, ranges, fit, leader, challenger, limit);
    if (judgements !== null) best = { leader, challenger, judgements };
  }
  return best;
}

/** At most `limit` judgements without which `challenger` is above `leader`, or null. */
function turnOrder(votes: Votes, ranges: Int32Array, whole: PairFit, leader: number, challenger: number, limit: number): number[] | null {
  const kept = new Uint8Array(votes.a.length).fill(1);
  const left: number[] = [];
  let fit = whole;
  const gapOf = ({ x, graph }: PairFit) =>
    graph.groupOf[leader] === graph.groupOf[challenger] ? (x[leader] as number) - (x[challenger] as number) : Number.POSITIVE_INFINITY;
  const mark = (judgement: number, value: 0 | 1) => kept.fill(value, ranges[judgement] as number, ranges[judgement + 1] as number);
  const refit = () => fitPairs(countPairs(votes, kept), { start: whole.x });
  while (gapOf(fit) > EQUAL) {
    const order = influences(votes, ranges, kept, fit, leader, challenger);
    let predicted = 0;
    for (let gap = gapOf(fit); gap > EQUAL && predicted < order.length && (order[predicted]?.influence ?? 0) > 0; predicted++)
      gap -= order[predicted]?.influence ?? 0;
    if (predicted === 0) return null;
    const taken = order.slice(0, Math.ceil(predicted / 2));
    if (left.length + taken.length > limit) return null;
    for (const { judgement } of taken) {
      mark(judgement, 0);
      left.push(judgement);
    }
    fit = refit();
  }
  // The shortest beginning that turns the order; `right` does.
  let [wrong, right] = [0, left.length];
  while (right - wrong > 1) {
    const middle = (wrong + right) >> 1;
    left.forEach((judgement, k) => mark(judgement, k < middle ? 0 : 1));
    if (gapOf(refit()) > EQUAL) wrong = middle;
    else right = middle;
  }
  return left.slice(0, right);
}

/** Judgements that are kept, by how much the gap shrinks without each, to first order: its score times the inverse information. */
function influences(
  votes: Votes,
  ranges: Int32Array,
  kept: Uint8Array,
  fit: PairFit,
  leader: number,
  challenger: number,
): { judgement: number; influence: number }[] {
  const size = fit.x.length;
  const direction = new Float64Array(size);
  direction[leader] = 1;
  direction[challenger] = -1;
  solveFactorised(factoriseInformation(fit.table, fit.x, fit.graph.groups).factor, size, direction);
  const score = new Float64Array(size);
  const cells = new Float64Array(3 * votes.models * votes.models).fill(Number.NaN);
  const out: { judgement: number; influence: number }[] = [];
  for (let judgement = 0; judgement + 1 < ranges.length; judgement++) {
    const from = ranges[judgement] as number;
    const to = ranges[judgement + 1] as number;
    if (kept[from] === 0) continue;
    // A lone vote of weight 1 has the influence of all of its kind.
    const cell =
      to - from === 1 && votes.weight === null
        ? ((votes.outcome[from] as number) * votes.models + (votes.a[from] as number)) * votes.models + (votes.b[from] as number)
        : -1;
    let influence = cell === -1 ? Number.NaN : (cells[cell] as number);
    if (Number.isNaN(influence)) {
      influence = 0;
      for (const i of scoreRows(votes, from, to, fit.x, score)) {
        influence += (score[i] as number) * (direction[i] as number);
        score[i] = 0;
      }
      if (cell !== -1) cells[cell] = influence;
    }
    if (influence > 0) out.push({ judgement, influence });
  }
  return out.sort((a, b) => b.influence - a.influence || a.judgement - b.judgement);
}
