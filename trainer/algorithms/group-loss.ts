/**
 * Policy losses without a value function, on padded (B, T) tensors: GRPO by tokens, RLOO by whole completions.
 * Source: Shao et al. 2024 (GRPO), Yu et al. 2025 (DAPO, the mean over all tokens); Ahmadian et al. 2024 (RLOO);
 * trl 1.12 GRPOTrainer (loss_type grpo and bnpo) and RLOOTrainer.
 */
import * as tf from "@tensorflow/tfjs-core";
import { maskedMean } from "./losses";
import { logRatio, MAX_LOG_RATIO } from "./ppo-loss";

export type GroupBatch = {
  /** Log-probabilities when the completions were sampled, (B, T). */
  logprobs: tf.Tensor;
  refLogprobs: tf.Tensor;
  /** One advantage a completion, repeated along it, (B, T). */
  advantages: tf.Tensor;
  mask: tf.Tensor;
  /** Scalar: weight of the KL in GRPO's loss. */
  klCoef: tf.Tensor;
};

export type GroupLossConfig = { cliprange: number; lossAggregation: "token" | "sequence" };

/** Clipped surrogate and k3 estimate of the KL to the reference, each token by itself. */
export function grpoLoss(config: GroupLossConfig, newLogprobs: tf.Tensor, batch: GroupBatch) {
  const { mask, advantages } = batch;
  const difference = logRatio(newLogprobs, batch.logprobs, mask);
  const ratio = tf.exp(difference);
  const surrogate = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - config.cliprange, 1 + config.cliprange)));
  const toReference = logRatio(batch.refLogprobs, newLogprobs, mask);
  const kl = tf.sub(tf.sub(tf.exp(toReference), toReference), 1);
  const aggregate = (x: tf.Tensor) =>
    config.lossAggregation === "token" ? maskedMean(x, mask) : (tf.mean(tf.div(tf.sum(tf.mul(x, mask), 1), tf.sum(mask, 1))) as tf.Scalar);
  const policyLoss = aggregate(tf.maximum(surrogate, clipped));
  return {
    loss: tf.add(policyLoss, tf.mul(batch.klCoef, aggregate(kl))) as tf.Scalar,
    policyLoss,
    clipfrac: maskedMean(tf.cast(tf.greater(clipped, surrogate), "float32"), mask),
    approxkl: tf.mul(0.5, maskedMean(tf.square(difference), mask)) as tf.Scalar,
    ratio: maskedMean(ratio, mask),
  };
}

/** Clipped surrogate of the whole completion's probability ratio. */
export function rlooLoss(config: Pick<GroupLossConfig, "cliprange">, newLogprobs: tf.Tensor, batch: GroupBatch) {
  const { mask } = batch;
  const difference = logRatio(newLogprobs, batch.logprobs, mask);
  const ratio = tf.exp(tf.clipByValue(tf.sum(difference, 1), -MAX_LOG_RATIO, MAX_LOG_RATIO));
  // Every completion has a first token.
  const advantages = tf.squeeze(tf.slice(batch.advantages, [0, 0], [-1, 1]), [1]);
  const surrogate = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - config.cliprange, 1 + config.cliprange)));
  const policyLoss = tf.mean(tf.maximum(surrogate, clipped)) as tf.Scalar;
  return {
    loss: policyLoss,
    policyLoss: tf.clone(policyLoss),
    clipfrac: tf.mean(tf.cast(tf.greater(clipped, surrogate), "float32")) as tf.Scalar,
    approxkl: tf.mul(0.5, maskedMean(tf.square(difference), mask)) as tf.Scalar,
    ratio: tf.mean(ratio) as tf.Scalar,
  };
}
