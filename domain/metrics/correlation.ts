/** Correlations of predicted numbers with wanted ones, equal to SciPy's; NaN where either side is constant, for then there is none. */

/** Pearson's r. Throws RangeError where the lengths differ or there are fewer than two rows. */
export function pearson(predictions: readonly number[], references: readonly number[]): number {
  if (predictions.length !== references.length)
    throw new RangeError(`There are ${predictions.length} predictions for ${references.length} references`);
  if (references.length < 2) throw new RangeError("A correlation needs two rows");
  const centre = (values: readonly number[]) => {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return values.map((x) => x - mean);
  };
  if (new Set(predictions).size === 1 || new Set(references).size === 1) return Number.NaN;
  const [a, b] = [centre(predictions), centre(references)];
  const product = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? Number.NaN), 0);
  return Math.max(-1, Math.min(1, product(a, b) / (Math.sqrt(product(a, a)) * Math.sqrt(product(b, b)))));
}

/** Ranks from 1; equal values share the mean of their ranks. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] as number) - (values[j] as number));
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end++;
    for (let k = start; k < end; k++) ranks[order[k] as number] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** Spearman's rho: Pearson's r of the ranks. */
export const spearman = (predictions: readonly number[], references: readonly number[]): number =>
  pearson(ranksOf(predictions), ranksOf(references));
