/**
 * A ranking while it is made: cards from best to worst, where a card may be tied with the one above it.
 * Cards are named by their SHOWN position (0 = A), which never changes while they move.
 */
import { z } from "zod";

export const rankingSchema = z
  .strictObject({
    /** Shown positions from best to worst. */
    order: z.array(z.number().int().min(0)),
    /** tied[i]: the card at place i is as good as the card at place i - 1; tied[0] is false. */
    tied: z.array(z.boolean()),
  })
  .refine(({ order, tied }) => tied.length === order.length && tied[0] !== true && isPermutation(order), {
    message: "not a ranking of all cards",
  });
export type Ranking = z.infer<typeof rankingSchema>;

function isPermutation(order: readonly number[]): boolean {
  return [...order].sort((a, b) => a - b).every((position, i) => position === i);
}

/** All `count` cards in the order they are shown, none tied. */
export function startRanking(count: number): Ranking {
  return { order: Array.from({ length: count }, (_, i) => i), tied: Array.from({ length: count }, () => false) };
}

/**
 * Moves the card at place `from` to place `to` (0 = best; clamped). It leaves its tie; put between two tied
 * cards it joins them, so a card that only passes through a tie leaves it as it was.
 */
export function moveCard(ranking: Ranking, from: number, to: number): Ranking {
  const last = ranking.order.length - 1;
  const target = Math.min(last, Math.max(0, to));
  const card = ranking.order[from];
  if (card === undefined || target === from) return ranking;
  const order = ranking.order.toSpliced(from, 1);
  const tied = ranking.tied.toSpliced(from, 1);
  // The next card stays tied only to what is above both.
  if (from < tied.length) tied[from] = tied[from] === true && ranking.tied[from] === true;
  const joins = target < tied.length && tied[target] === true;
  return { order: order.toSpliced(target, 0, card), tied: tied.toSpliced(target, 0, joins) };
}

/** Ties the card at `place` with the one above it, or parts them. The best card has nothing above it. */
export function toggleTie(ranking: Ranking, place: number): Ranking {
  if (place < 1 || place >= ranking.order.length) return ranking;
  return { ...ranking, tied: ranking.tied.with(place, ranking.tied[place] !== true) };
}

/** Rank of each place from the top: 1 is best, tied cards share one, and none is left out (1, 1, 2). */
export function placeRanks({ tied }: Ranking): number[] {
  let rank = 0;
  return tied.map((isTied) => {
    if (!isTied) rank += 1;
    return rank;
  });
}

/** What is sent: ranks[i] is the rank of the card shown at position i. */
export function rankingToRanks(ranking: Ranking): number[] {
  const byPlace = placeRanks(ranking);
  const ranks = Array.from({ length: ranking.order.length }, () => 0);
  ranking.order.forEach((position, place) => {
    ranks[position] = byPlace[place] ?? 0;
  });
  return ranks;
}

/** The ranking that was sent as `ranks`; tied cards in the order they are shown. */
export function ranksToRanking(ranks: readonly number[]): Ranking {
  const order = ranks.map((_, position) => position).sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || a - b);
  return { order, tied: order.map((position, place) => place > 0 && ranks[position] === ranks[order[place - 1] ?? -1]) };
}

/** Still as it was first shown. */
export function isUntouched({ order, tied }: Ranking): boolean {
  return order.every((position, place) => position === place) && !tied.includes(true);
}
