/** Pairwise accuracy of a reward model with its 95 % interval. */
import { bootstrapStatistic } from "../../domain/metrics/bootstrap";
import type { EstimatedScore } from "../../domain/evaluation";

const SAMPLES = 1000;

/** Pairwise accuracy over items, named `metric`, whose pairs are resampled together; null without any strictly ordered pair. */
export function summariseAccuracy(counts: [right: number, pairs: number][], seed: number, metric = "accuracy"): EstimatedScore | null {
  const pairs = counts.reduce((sum, [, n]) => sum + n, 0);
  if (pairs === 0) return null;
  const share = (sample: readonly [number, number][]) => {
    const n = sample.reduce((sum, [, count]) => sum + count, 0);
    return n === 0 ? 0.5 : sample.reduce((sum, [right]) => sum + right, 0) / n;
  };
  const { value, low, high } = bootstrapStatistic(counts, share, { seed, samples: SAMPLES });
  return { metric, value, low, high, n: pairs, signature: `pairs|bootstrap:items|n:${SAMPLES}|seed:${seed}` };
}
