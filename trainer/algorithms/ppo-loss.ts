/**
 * The clipped objective and the clipped value loss on padded (B, T) tensors.
 * Source: Schulman et al. 2017; trl 1.12 ppo_trainer; Ye et al. 2020 for the dual clip. Deviations: approxkl, ratio and
 * clip fractions are means over real tokens only, where TRL averages some of them over the padding too; log-ratios are
 * kept within 20 as OpenRLHF does, so that no ratio overflows.
 */
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "./losses";

export type PpoBatch = {
  /** Old log-probabilities, values, advantages and returns, (B, T). */
  logprobs: tf.Tensor;
  values: tf.Tensor;
  advantages: tf.Tensor;
  returns: tf.Tensor;
  /** 1 where a token, or a value, is real. */
  mask: tf.Tensor;
  valueMask: tf.Tensor;
};

export type PpoLossConfig = {
  cliprange: number;
  cliprangeValue: number;
  vfCoef: number;
  /** Bound c on the loss -c A of tokens with a negative advantage, however likely they have become; null is none. */
  dualClip: number | null;
};

export const MAX_LOG_RATIO = 20;

/** log(new / old) where the mask is 1, 0 elsewhere. */
export const logRatio = (newLogprobs: tf.Tensor, oldLogprobs: tf.Tensor, mask: tf.Tensor): tf.Tensor =>
  tf.clipByValue(tf.mul(tf.sub(newLogprobs, oldLogprobs), mask), -MAX_LOG_RATIO, MAX_LOG_RATIO);

export function ppoLoss(config: PpoLossConfig, newLogprobs: tf.Tensor, newValues: tf.Tensor, batch: PpoBatch) {
  const { mask, valueMask, advantages } = batch;
  const difference = logRatio(newLogprobs, batch.logprobs, mask);
  const ratio = tf.exp(difference);
  const surrogate = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - config.cliprange, 1 + config.cliprange)));
  const pessimistic = tf.maximum(surrogate, clipped);
  const bounded =
    config.dualClip === null
      ? pessimistic
      : tf.where(tf.less(advantages, 0), tf.minimum(pessimistic, tf.mul(advantages, -config.dualClip)), pessimistic);
  const policyLoss = maskedMean(bounded, mask);

  const low = tf.sub(batch.values, config.cliprangeValue);
  const high = tf.add(batch.values, config.cliprangeValue);
  const valueError = tf.square(tf.sub(newValues, batch.returns));
  const clippedError = tf.square(tf.sub(tf.minimum(tf.maximum(newValues, low), high), batch.returns));
  const valueLoss = tf.mul(0.5, maskedMean(tf.maximum(valueError, clippedError), valueMask));
  return {
    loss: tf.add(policyLoss, tf.mul(config.vfCoef, valueLoss)) as tf.Scalar,
    policyLoss,
    valueLoss: valueLoss as tf.Scalar,
    clipfrac: maskedMean(tf.cast(tf.greater(clipped, surrogate), "float32"), mask),
    valueClipfrac: maskedMean(tf.cast(tf.greater(clippedError, valueError), "float32"), valueMask),
    approxkl: tf.mul(0.5, maskedMean(tf.square(difference), mask)) as tf.Scalar,
    ratio: maskedMean(ratio, mask),
  };
}
