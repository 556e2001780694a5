/** The losses that more than one algorithm uses, as functions of logits, log-probabilities and scores. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * log p of one id in each row of logits: (N, V), (N) -> (N). One fused gradient (one-hot minus softmax)
 * instead of that of a gather, which scatters.
 */
export function tokenLogprobs(logits: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor1D {
  const vocabSize = logits.shape[1];
  const op = tf.customGrad((x, save) => {
    const logprobs = tf.logSoftmax(x as tf.Tensor);
    const oneHot = tf.oneHot(ids, vocabSize);
    (save as tf.GradSaveFunc)([logprobs, oneHot]);
    return {
      value: tf.sum(tf.mul(logprobs, oneHot), -1),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedLogprobs, savedOneHot] = saved as [tf.Tensor, tf.Tensor];
        return tf.mul(tf.expandDims(dy, -1), tf.sub(savedOneHot, tf.exp(savedLogprobs)));
      },
    };
  });
  return op(logits) as tf.Tensor1D;
}

/** Entropy of each row's distribution, in nats: (N, V) -> (N). For reports; not differentiated. */
export function tokenEntropy(logits: tf.Tensor2D): tf.Tensor1D {
  const logprobs = tf.logSoftmax(logits);
  return tf.neg(tf.sum(tf.mul(tf.exp(logprobs), logprobs), -1)) as tf.Tensor1D;
}

/**
 * -log sigmoid(x), at any size of x: log(1 + exp(-|x|)) + max(0, -x). The gradient is written out, -sigmoid(-x), since
 * that of |x| would be unsure of itself at 0.
 */
export function negLogSigmoid(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.add(tf.log1p(tf.exp(tf.neg(tf.abs(input)))), tf.maximum(0, tf.neg(input))),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.neg(tf.mul(dy, tf.sigmoid(tf.neg(saved[0] as tf.Tensor)))),
    };
  });
  return op(x);
}

/** Mean of x over the places where mask is 1. */
export function maskedMean(x: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(x, mask)), tf.sum(mask)) as tf.Scalar;
}

/**
 * Plackett-Luce negative log-likelihood of rankings: sum over ranks of -(s_i - logsumexp(s_i..s_K)).
 * `scores` (R, K) best first; returns (R), each divided by K - 1, so that a ranking weighs as one pair
 * does and K = 2 is the Bradley-Terry loss -log sigmoid(s_1 - s_2).
 * Source: Plackett 1975; Ouyang et al. 2022 for the normalisation by comparisons.
 */
export function plackettLuceLoss(scores: tf.Tensor2D): tf.Tensor1D {
  const size = scores.shape[1];
  // later[i][j] = 0 where j >= i, so that row i keeps s_i..s_K.
  const later = tf.tensor2d(Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (j >= i ? 0 : -1e9))));
  const remaining = tf.add(tf.expandDims(scores, 1), tf.expandDims(later, 0));
  const max = tf.max(remaining, -1, true);
  const logSumExp = tf.add(tf.log(tf.sum(tf.exp(tf.sub(remaining, max)), -1)), tf.squeeze(max, [-1]));
  return tf.div(tf.sum(tf.sub(logSumExp, scores), -1), size - 1) as tf.Tensor1D;
}
