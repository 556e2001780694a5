/** Holm's step-down adjustment of p values for being many (Holm 1979): as R's p.adjust(p, "holm"), in the order given. */
export function adjustHolm(p: readonly number[]): number[] {
  const order = [...p.keys()].sort((a, b) => (p[a] ?? 0) - (p[b] ?? 0));
  const out = new Array<number>(p.length);
  let least = 0;
  for (const [rank, place] of order.entries()) {
    least = Math.max(least, Math.min(1, (p.length - rank) * (p[place] ?? 1)));
    out[place] = least;
  }
  return out;
}
