/**
 * Losses of single ratings for a reward model, beside those of comparisons.
 *
 * regression  (s - z)^2, z the rating on the scale on which the training ratings have mean 0 and deviation 1
 * ordinal     -log P(y), P(y <= k) = sigmoid(t_k - s): proportional odds, with the L - 1 thresholds learnt beside
 *
 * Source: McCullagh 1980; the thresholds' form (first one, then logarithms of the steps) is that of statsmodels' OrderedModel.
 */
import * as tf from "@tensorflow/tfjs-core";
import { negLogSigmoid } from "./losses";

/** Name of the thresholds beside the adapter; they serve the run only. */
export const THRESHOLDS_NAME = "rating_thresholds";

/** Stands for infinity at both ends of the thresholds: a sigmoid of it is 0 or 1 in float32. */
const BEYOND = 1e4;

/** (L - 1): thresholds one apart, around 0. */
export const initThresholds = (levels: number): tf.Tensor1D => tf.tensor1d([-(levels - 2) / 2, ...new Array<number>(levels - 2).fill(0)]);

/** The level 0..L-1 of a rating in 0..1. */
export const ratingLevel = (rating: number, levels: number): number => Math.round(rating * (levels - 1));

/** Squared errors, (S). */
export const regressionLoss = (scores: tf.Tensor, targets: tf.Tensor): tf.Tensor => tf.square(tf.sub(scores, targets));

/** -log P(level), (S): `scores` and `levels` (S), the latter int32; `thresholds` (L - 1). */
export function ordinalLoss(scores: tf.Tensor, levels: tf.Tensor, thresholds: tf.Tensor1D): tf.Tensor {
  const count = thresholds.size;
  const [first, steps] = count === 1 ? [thresholds, null] : (tf.split(thresholds, [1, count - 1]) as [tf.Tensor1D, tf.Tensor1D]);
  const parts = steps ? tf.concat([first, tf.exp(steps)]) : first;
  const sums = tf.tensor2d(Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => (j <= i ? 1 : 0))));
  const ordered = tf.squeeze(tf.matMul(sums, tf.expandDims(parts, 1) as tf.Tensor2D), [1]);
  const all = tf.concat([tf.tensor1d([-BEYOND]), ordered, tf.tensor1d([BEYOND])]);
  const upper = tf.gather(all, tf.add(levels, tf.scalar(1, "int32")) as tf.Tensor1D);
  const lower = tf.gather(all, levels as tf.Tensor1D);
  // sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), without loss of digits.
  const width = tf.neg(tf.log1p(tf.neg(tf.exp(tf.sub(lower, upper)))));
  return tf.add(tf.add(negLogSigmoid(tf.sub(upper, scores)), negLogSigmoid(tf.sub(scores, lower))), width);
}
