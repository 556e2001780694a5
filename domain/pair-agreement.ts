/**
 * How often two annotators order a pair of completions the same way: over every pair of annotators of an item and
 * every pair of completions that both put in strict order. The number that Stiennon et al. 2020 give as 73 to 77 %.
 */

/** `ranks[i]` (1 = best) belongs to `shownOrder[i]`. */
export type OverlappingVote = { itemId: string; annotatorId: string; shownOrder: string[]; ranks: number[] };

export type PairAgreement = {
  /** Comparisons that agree, of `n`. */
  agreed: number;
  n: number;
  items: number;
  /** Agreement with its 95 % Wilson interval (1927), 0..1; null where nothing overlaps. */
  value: number | null;
  low: number | null;
  high: number | null;
  /** The same for each annotator against all the others. */
  byAnnotator: Record<string, { agreed: number; n: number }>;
};

const Z = 1.959964;

/** Wilson score interval of k successes in n > 0 trials. */
export function wilsonInterval(k: number, n: number): { low: number; high: number } {
  const p = k / n;
  const centre = (p + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Counts item by item, so that not all votes have to be held at once. */
export function createPairAgreement(): { addItem(votes: readonly OverlappingVote[]): void; measure(): PairAgreement } {
  const byAnnotator: PairAgreement["byAnnotator"] = {};
  let agreed = 0;
  let n = 0;
  let items = 0;
  const count = (annotatorId: string, same: boolean) => {
    const entry = byAnnotator[annotatorId] ?? { agreed: 0, n: 0 };
    byAnnotator[annotatorId] = entry;
    entry.agreed += Number(same);
    entry.n += 1;
  };
  return {
    addItem(votes) {
      if (votes.length > 1) items += 1;
      votes.forEach((a, i) => {
        for (const b of votes.slice(i + 1)) {
          for (const same of compareOrders(a, b)) {
            n += 1;
            agreed += Number(same);
            count(a.annotatorId, same);
            count(b.annotatorId, same);
          }
        }
      });
    },
    measure: () =>
      n === 0
        ? { agreed, n, items, value: null, low: null, high: null, byAnnotator }
        : { agreed, n, items, value: agreed / n, ...wilsonInterval(agreed, n), byAnnotator },
  };
}

export function measurePairAgreement(votes: readonly OverlappingVote[]): PairAgreement {
  const byItem = new Map<string, OverlappingVote[]>();
  for (const vote of votes) {
    const known = byItem.get(vote.itemId);
    if (known === undefined) byItem.set(vote.itemId, [vote]);
    else known.push(vote);
  }
  const agreement = createPairAgreement();
  for (const group of byItem.values()) agreement.addItem(group);
  return agreement.measure();
}

/** One entry for each pair of completions that both votes put in strict order: whether in the same. */
function compareOrders(a: OverlappingVote, b: OverlappingVote): boolean[] {
  const ranksOfB = new Map(b.shownOrder.map((id, i) => [id, b.ranks[i]]));
  const out: boolean[] = [];
  a.shownOrder.forEach((id, i) => {
    a.shownOrder.slice(i + 1).forEach((other, offset) => {
      const inA = Math.sign((a.ranks[i] ?? 0) - (a.ranks[i + 1 + offset] ?? 0));
      const inB = Math.sign((ranksOfB.get(id) ?? 0) - (ranksOfB.get(other) ?? 0));
      if (inA !== 0 && inB !== 0) out.push(inA === inB);
    });
  });
  return out;
}
