/** Choosing the next token from one row of logits: temperature, top-k, top-p, in the order of transformers. */
import type { Random } from "../../domain/random";

export type SamplingRule = { temperature: number; topK: number; topP: number };

/** Index of the largest value; the first of equals. */
export function argmax(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] ?? 0) > (row[best] ?? 0)) best = i;
  return best;
}

/**
 * One token id from `logits` (V). Temperature 0 is greedy. Top-p keeps the smallest set of tokens whose
 * probability reaches p, the one that crosses included. One uniform number is drawn a call.
 */
export function sampleToken(logits: Float32Array, { temperature, topK, topP }: SamplingRule, random: Random): number {
  if (temperature === 0) return argmax(logits);
  const max = logits[argmax(logits)] ?? 0;
  // A plain loop: this runs for each row of each step, and `Float64Array.from` with a function is ten times slower.
  const weights = new Float64Array(logits.length);
  for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(((logits[i] ?? 0) - max) / temperature);
  const u = random.next();
  if (topK === 0 && topP === 1) return pick(weights, u, weights.length);
  const order = [...weights.keys()].sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  let kept = topK > 0 ? Math.min(topK, order.length) : order.length;
  if (topP < 1) {
    const total = order.slice(0, kept).reduce((sum, id) => sum + (weights[id] ?? 0), 0);
    let sum = 0;
    for (let i = 0; i < kept; i++) {
      sum += weights[order[i] ?? 0] ?? 0;
      if (sum >= topP * total) kept = i + 1;
    }
  }
  const sorted = Float64Array.from(order.slice(0, kept), (id) => weights[id] ?? 0);
  return order[pick(sorted, u, kept)] ?? 0;
}

/** Index i with probability weights[i] / sum, by the inverse of the cumulative sum at u. */
function pick(weights: Float64Array, u: number, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[i] ?? 0;
  let left = u * total;
  for (let i = 0; i < count; i++) {
    left -= weights[i] ?? 0;
    if (left < 0) return i;
  }
  return count - 1;
}
