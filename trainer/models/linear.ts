/** Linear layers with LoRA beside them. Everything is (N, in) -> (N, out): matrix products of two matrices only. */
import * as tf from "@tensorflow/tfjs-core";
import type { Params, Weights } from "./model";

/** A parameter by name. Throws naming it when it is missing. */
export function param(params: Params, name: string): tf.Tensor {
  const tensor = params[name];
  if (!tensor) throw new Error(`The model has no tensor "${name}"`);
  return tensor;
}

/**
 * y = x W^T + b + scaling * (x A^T) B^T for the module at `path`; bias and adapter where they exist.
 * x (N, in), W [out, in], A [r, in], B [out, r].
 * Source: Hu et al. 2022.
 */
export function linear(weights: Weights, path: string, x: tf.Tensor2D): tf.Tensor2D {
  const { base, adapter } = weights;
  let y: tf.Tensor = tf.matMul(x, param(base, `${path}.weight`) as tf.Tensor2D, false, true);
  const bias = base[`${path}.bias`];
  if (bias) y = tf.add(y, bias);
  const a = adapter?.params[`${path}.lora_A`];
  const b = adapter?.params[`${path}.lora_B`];
  if (adapter && a && b) {
    const low = tf.matMul(x, a as tf.Tensor2D, false, true);
    y = tf.add(y, tf.mul(tf.matMul(low, b as tf.Tensor2D, false, true), adapter.scaling));
  }
  return y as tf.Tensor2D;
}

/** x / sqrt(mean(x^2) + eps) * weight over the last axis. Source: Zhang & Sennrich 2019. */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor, epsilon: number): tf.Tensor2D {
  const variance = tf.mean(tf.square(x), -1, true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(variance, epsilon))), weight) as tf.Tensor2D;
}

/** Additive mask value for places that must not be seen; a row of only these stays finite. */
export const HIDDEN = -1e9;

/**
 * Attention for grouped queries without repeating keys: q (B, H, T, d), k and v (B, K, S, d) with H a multiple of
 * K, bias broadcastable to (B, H, T, S). Returns (B, T, H * d).
 */
export function attend(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, bias: tf.Tensor, scale: number): tf.Tensor3D {
  const [batch, heads, time, size] = q.shape;
  const [, keyHeads, slots] = k.shape;
  const grouped = tf.reshape(q, [batch, keyHeads, (heads / keyHeads) * time, size]);
  let scores: tf.Tensor = tf.reshape(tf.matMul(grouped, k, false, true), [batch, heads, time, slots]);
  if (scale !== 1) scores = tf.mul(scores, scale);
  const weights = tf.reshape(tf.softmax(tf.add(scores, bias)), [batch, keyHeads, (heads / keyHeads) * time, slots]);
  const mixed = tf.reshape(tf.matMul(weights, v), [batch, heads, time, size]);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, time, heads * size]);
}

/** (B * T, H * d) -> (B, H, T, d) */
export function splitHeads(x: tf.Tensor2D, batch: number, time: number, heads: number): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [batch, time, heads, -1]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** Puts `next` (B, K, 1, d) into slot `position` of a cache (B, K, L, d) whose later slots are zero. */
export function writeCache(cache: tf.Tensor4D, next: tf.Tensor4D, position: tf.Scalar): tf.Tensor4D {
  const slot = tf.reshape(tf.cast(tf.oneHot(tf.reshape(position, [1]), cache.shape[2]), "float32"), [1, 1, -1, 1]);
  return tf.add(cache, tf.mul(next, slot)) as tf.Tensor4D;
}

/** Keys or values of the prompt (B, K, T, d) with zeros up to `length` slots. */
export function padCache(x: tf.Tensor4D, length: number): tf.Tensor4D {
  return tf.pad(x, [[0, 0], [0, 0], [0, length - x.shape[2]], [0, 0]]) as tf.Tensor4D;
}
