/**
 * Does confidence tell how often a model is right? Source: Guo et al. 2017; HELM (Liang et al. 2022) through
 * uncertainty-calibration 0.1.4 (`get_ece_em`, `get_selective_stats`).
 */

/** Upper ends of bins that hold about equally many values; equal values never part. */
function equalMassEdges(sorted: readonly number[], bins: number): number[] {
  const n = sorted.length;
  const used = Math.min(bins, n);
  const edges: number[] = [];
  for (let i = 1, end = 0; i < used; i++) {
    end += Math.floor(n / used) + (i <= n % used ? 1 : 0);
    edges.push(((sorted[end - 1] as number) + (sorted[end] as number)) / 2);
  }
  return [...new Set([...edges, 1])].sort((a, b) => a - b);
}

/**
 * Expected calibration error over `bins` bins of equal mass: mean distance between confidence and share of right answers.
 * Confidences in 0..1. Throws RangeError without rows, on other lengths or on a confidence out of range.
 */
export function expectedCalibrationError(confidences: readonly number[], right: readonly boolean[], bins = 10): number {
  const n = confidences.length;
  if (n !== right.length) throw new RangeError(`There are ${n} confidences for ${right.length} answers`);
  if (n === 0) throw new RangeError("There are no answers");
  const sorted = [...confidences].sort((a, b) => a - b);
  if (!((sorted[0] as number) >= 0 && (sorted[n - 1] as number) <= 1)) throw new RangeError("A confidence is not between 0 and 1");
  const edges = equalMassEdges(sorted, bins);
  const gaps = new Array<number>(edges.length).fill(0);
  for (let i = 0; i < n; i++) {
    const confidence = confidences[i] as number;
    let bin = 0;
    while ((edges[bin] as number) < confidence) bin++;
    gaps[bin] = (gaps[bin] as number) + confidence - (right[i] ? 1 : 0);
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / n;
}

/** Share of right answers among the tenth of which the model is surest (and one more, as HELM counts). */
export function selectiveAccuracy(confidences: readonly number[], right: readonly boolean[], coverage = 0.1): number {
  if (confidences.length !== right.length) throw new RangeError(`There are ${confidences.length} confidences for ${right.length} answers`);
  if (confidences.length === 0) throw new RangeError("There are no answers");
  const order = [...confidences.keys()].sort((i, j) => (confidences[j] as number) - (confidences[i] as number));
  const surest = order.slice(0, Math.floor(coverage * order.length) + 1);
  return surest.filter((i) => right[i]).length / surest.length;
}
