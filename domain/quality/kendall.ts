/**
 * Agreement of whole rankings: Kendall's W of all that rank one item (Kendall & Babington Smith 1939, corrected for
 * ties) and tau-b of two of them (Kendall 1945).
 */

/** Ranks from 1 without gaps, ties equal, to ranks in which ties share the mean of their places. */
export function midranks(ranks: readonly number[]): number[] {
  return ranks.map((rank) => {
    let below = 0;
    let equal = 0;
    for (const other of ranks) {
      if (other < rank) below += 1;
      else if (other === rank) equal += 1;
    }
    return below + (equal + 1) / 2;
  });
}

/** Null where one of the two ties everything. Throws a RangeError for lists of different lengths. */
export function kendallTauB(x: readonly number[], y: readonly number[]): number | null {
  if (x.length !== y.length) throw new RangeError(`tau: ${x.length} ranks beside ${y.length}`);
  let score = 0;
  let untiedX = 0;
  let untiedY = 0;
  for (let i = 0; i < x.length; i++)
    for (let j = i + 1; j < x.length; j++) {
      const dx = Math.sign((x[i] ?? 0) - (x[j] ?? 0));
      const dy = Math.sign((y[i] ?? 0) - (y[j] ?? 0));
      score += dx * dy;
      untiedX += Math.abs(dx);
      untiedY += Math.abs(dy);
    }
  return untiedX === 0 || untiedY === 0 ? null : score / Math.sqrt(untiedX * untiedY);
}

/** Of m rankings of the same K things, 0 to 1; null where everything is tied or there is one ranking. */
export function kendallW(rankings: readonly (readonly number[])[]): number | null {
  const m = rankings.length;
  const k = rankings[0]?.length ?? 0;
  if (m < 2 || k < 2) return null;
  if (rankings.some((ranks) => ranks.length !== k)) throw new RangeError("W: the rankings differ in length");
  const mid = rankings.map(midranks);
  const totals = Array.from({ length: k }, (_, i) => mid.reduce((sum, ranks) => sum + (ranks[i] ?? 0), 0));
  const mean = (m * (k + 1)) / 2;
  const spread = totals.reduce((sum, total) => sum + (total - mean) ** 2, 0);
  let ties = 0;
  for (const ranks of mid)
    for (const rank of new Set(ranks)) {
      const t = ranks.filter((other) => other === rank).length;
      ties += t ** 3 - t;
    }
  const most = m * m * (k ** 3 - k) - m * ties;
  return most === 0 ? null : (12 * spread) / most;
}
