/**
 * How a reward model's scores agree with votes: over every pair of completions that a vote puts in strict order, whether
 * the scores order it likewise (equal scores do not). Intervals by bootstrap over items: the pairs of an item depend on
 * each other. Under Bradley-Terry the model prefers the better scored one with probability sigmoid of the difference.
 */
import { bootstrapSums, type Estimate } from "./metrics/bootstrap";

/** `ranks[i]` (1 = best) and `scores[i]` belong to `shownOrder[i]`; a score may be missing. */
export type ScoredVote = {
  id: string;
  itemId: string;
  annotatorId: string;
  shownOrder: readonly string[];
  ranks: readonly number[];
  scores: readonly (number | null)[];
  /** 0 to 3 of a pair with margin; null for the rest. */
  margin: number | null;
};

/** One ordered pair of one vote: `lead` is the score of the preferred completion minus the other's. */
type OrderedPair = { vote: ScoredVote; key: string; forward: boolean; lead: number };

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function orderedPairs(vote: ScoredVote): OrderedPair[] {
  const { shownOrder, ranks, scores, itemId } = vote;
  const out: OrderedPair[] = [];
  for (let i = 0; i < ranks.length; i++)
    for (let j = i + 1; j < ranks.length; j++) {
      const order = Math.sign((ranks[i] ?? 0) - (ranks[j] ?? 0));
      const [a, b] = [scores[i] ?? null, scores[j] ?? null];
      if (order === 0 || a === null || b === null) continue;
      const [first, second] = [shownOrder[i] ?? "", shownOrder[j] ?? ""];
      const [low, high] = first < second ? [first, second] : [second, first];
      out.push({ vote, key: `${itemId} ${low} ${high}`, forward: order < 0 === first < second, lead: -order * (a - b) });
    }
  return out;
}

/**
 * Probability of a vote under the reward model: the geometric mean over its ordered pairs; null where it orders none that
 * have scores.
 */
export function voteLikelihood(vote: ScoredVote): number | null {
  const pairs = orderedPairs(vote);
  if (pairs.length === 0) return null;
  return Math.exp(pairs.reduce((sum, { lead }) => sum - Math.log1p(Math.exp(-lead)), 0) / pairs.length);
}

export type Accuracy = { accuracy: Estimate; pairs: number };
export type RewardAgreement = {
  /** Votes with an ordered pair whose completions have scores, of all votes that order a pair. */
  votes: number;
  of: number;
  all: Accuracy | null;
  annotators: (Accuracy & { annotatorId: string; votes: number })[];
  /** By the model's certainty: pairs whose better scored completion it prefers with a probability in [from, to). */
  byCertainty: (Accuracy & { from: number; to: number; predicted: number })[];
  /** By what voters said of the distance: slightly better 1, better 2, much better 3. */
  byMargin: (Accuracy & { margin: number })[];
  /** By how far the voters of a pair agreed; `ceiling` is the most that any scores could reach against these votes. */
  byConsensus: (Accuracy & { consensus: Consensus; ceiling: number })[];
};
/** unanimous: two or more voters, all alike; majority: more than a half; split: as many each way; single: one voter. */
export type Consensus = (typeof CONSENSUS)[number];
export const CONSENSUS = ["unanimous", "majority", "split", "single"] as const;

const CERTAINTIES = [0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;
const SAMPLES = 1000;
const rightOfPairs = (sums: Float64Array) => (sums[0] as number) / (sums[1] as number);

/** Null without pairs. The estimate's n is the number of items. */
function measure(pairs: readonly OrderedPair[], seed: number): Accuracy | null {
  if (pairs.length === 0) return null;
  const byItem = new Map<string, [right: number, pairs: number]>();
  for (const { vote, lead } of pairs) {
    const [right, n] = byItem.get(vote.itemId) ?? [0, 0];
    byItem.set(vote.itemId, [right + Number(lead > 0), n + 1]);
  }
  return { accuracy: bootstrapSums([...byItem.values()], rightOfPairs, { seed, samples: SAMPLES }), pairs: pairs.length };
}

function groupBy<T, K>(rows: readonly T[], keyOf: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

/** Votes of one kind of annotators that the model never saw. */
export function measureRewardAgreement(votes: readonly ScoredVote[], { seed }: { seed: number }): RewardAgreement {
  const pairs = votes.flatMap(orderedPairs);
  const orders = ({ ranks }: ScoredVote) => new Set(ranks).size > 1;

  const certaintyOf = ({ lead }: OrderedPair) => sigmoid(Math.abs(lead));
  const byCertainty = CERTAINTIES.slice(0, -1).flatMap((from, i) => {
    const to = CERTAINTIES[i + 1] ?? 1;
    const own = pairs.filter((pair) => certaintyOf(pair) >= from && (certaintyOf(pair) < to || to === 1));
    const measured = measure(own, seed);
    return measured === null
      ? []
      : [{ from, to, predicted: own.reduce((sum, pair) => sum + certaintyOf(pair), 0) / own.length, ...measured }];
  });

  const byConsensus = new Map<Consensus, { pairs: OrderedPair[]; most: number }>();
  for (const own of groupBy(pairs, ({ key }) => key).values()) {
    const forward = own.filter((pair) => pair.forward).length;
    const most = Math.max(forward, own.length - forward);
    const consensus: Consensus =
      own.length === 1 ? "single" : most === own.length ? "unanimous" : 2 * most > own.length ? "majority" : "split";
    const group = byConsensus.get(consensus) ?? { pairs: [], most: 0 };
    byConsensus.set(consensus, { pairs: [...group.pairs, ...own], most: group.most + most });
  }

  return {
    votes: new Set(pairs.map(({ vote }) => vote.id)).size,
    of: votes.filter(orders).length,
    all: measure(pairs, seed),
    annotators: [...groupBy(pairs, ({ vote }) => vote.annotatorId)]
      .flatMap(([annotatorId, own]) => {
        const measured = measure(own, seed);
        return measured === null ? [] : [{ annotatorId, votes: new Set(own.map(({ vote }) => vote.id)).size, ...measured }];
      })
      .sort((a, b) => b.pairs - a.pairs || (a.annotatorId < b.annotatorId ? -1 : 1)),
    byCertainty,
    byMargin: [1, 2, 3].flatMap((margin) => {
      const measured = measure(
        pairs.filter(({ vote }) => vote.margin === margin),
        seed,
      );
      return measured === null ? [] : [{ margin, ...measured }];
    }),
    byConsensus: CONSENSUS.flatMap((consensus) => {
      const group = byConsensus.get(consensus);
      const measured = group === undefined ? null : measure(group.pairs, seed);
      return group === undefined || measured === null ? [] : [{ consensus, ceiling: group.most / group.pairs.length, ...measured }];
    }),
  };
}
