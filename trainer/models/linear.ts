/** Linear layers with LoRA beside them. Everything is (N, in) -> (N, out): matrix products of two matrices only. */
import * as tf from "@tensorflow/tfjs-core";
import { seededUniform } from "../engine/ops";
import { gatherPacked, isPacked, matMulMixed, matMulPacked } from "./bf16";
import type { AdapterDropout, Params, Weights } from "./model";
import { isQuantized, matMulNf4 } from "./nf4";

/** A parameter by name. Throws naming it when it is missing. */
export function param(params: Params, name: string): tf.Tensor {
  const tensor = params[name];
  if (!tensor) throw new Error(`The model has no tensor "${name}"`);
  return tensor;
}

/** x W^T for the matrix `name` as it is held: NF4, bf16 or float32. x (N, in) -> (N, out). */
export function matMulWeight({ base, bf16 }: Pick<Weights, "base" | "bf16">, name: string, x: tf.Tensor2D): tf.Tensor2D {
  if (isQuantized(base, name)) return matMulNf4(base, name, x);
  if (isPacked(base, name)) return matMulPacked(base, name, x);
  const weight = param(base, name) as tf.Tensor2D;
  return bf16 ? matMulMixed(x, weight) : tf.matMul(x, weight, false, true);
}

/** Rows of the matrix `name`, (N) -> (N, D). */
export const embed = (base: Params, name: string, ids: tf.Tensor1D): tf.Tensor2D =>
  isPacked(base, name) ? gatherPacked(base, name, ids) : (tf.gather(param(base, name), ids) as tf.Tensor2D);

/** Whether a matrix is there, however it is held. */
export const hasMatrix = (base: Params, name: string): boolean => name in base || isPacked(base, name);

/**
 * y = x W^T + b + scaling * (dropout(x) A^T) B^T for the module at `path`; bias and adapter where they exist, W in
 * float32 or NF4. x (N, in), W [out, in], A [r, in], B [out, r].
 * Source: Hu et al. 2022; Dettmers et al. 2023.
 */
export function linear(weights: Weights, path: string, x: tf.Tensor2D): tf.Tensor2D {
  const { base, adapter } = weights;
  const name = `${path}.weight`;
  let y: tf.Tensor = matMulWeight(weights, name, x);
  const bias = base[`${path}.bias`];
  if (bias) y = tf.add(y, bias);
  const a = adapter?.params[`${path}.lora_A`];
  const b = adapter?.params[`${path}.lora_B`];
  if (adapter && a && b) {
    const low = tf.matMul(adapter.dropout ? dropout(x, adapter.dropout, path) : x, a as tf.Tensor2D, false, true);
    // Scaling the small matrix saves a pass over the large result, there and back.
    y = tf.add(y, tf.matMul(low, tf.mul(b, adapter.scaling) as tf.Tensor2D, false, true));
  }
  return y as tf.Tensor2D;
}

/** x with a share `rate` of its values 0 and the others divided by 1 - rate; which ones, seed and module decide. */
function dropout(x: tf.Tensor2D, { rate, seed }: AdapterDropout, path: string): tf.Tensor2D {
  let place = 0;
  for (const char of path) place = (Math.imul(place, 31) + char.charCodeAt(0)) & 0xfffff;
  const own = tf.add(seed, tf.tensor1d([0, place], "int32"));
  const kept = tf.cast(tf.greaterEqual(seededUniform(own, x.shape), rate), "float32");
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate))) as tf.Tensor2D;
}

/**
 * x / sqrt(mean(x^2) + eps) * weight over the last axis. x (N, D), weight (D). The gradient is written out: half as many
 * passes over the states as that of its parts, r (g - y mean(g y)) for y = x r and g = dy weight.
 * Source: Zhang & Sennrich 2019.
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor, epsilon: number): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [states, scale, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(states), -1, true), epsilon));
    const normed = tf.mul(states, inverse);
    save([normed, inverse, scale]);
    return {
      value: tf.mul(normed, scale),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r, w] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const g = tf.mul(dy, w);
        return [tf.mul(r, tf.sub(g, tf.mul(y, tf.mean(tf.mul(g, y), -1, true)))), tf.sum(tf.mul(dy, y), 0)];
      },
    };
  });
  return op(x, weight) as tf.Tensor2D;
}

/**
 * silu(gate) * up, the gate of Llama's feed-forward, (N, F) each, with its gradient written out as in `rmsNorm`.
 * Source: Shazeer 2020 (SwiGLU).
 */
export function gatedSilu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [a, b, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const sigmoid = tf.sigmoid(a);
    const silu = tf.mul(a, sigmoid);
    save([sigmoid, silu, b]);
    return {
      value: tf.mul(silu, b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [s, y, u] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        // silu' = s + silu (1 - s)
        return [tf.mul(tf.mul(dy, u), tf.add(s, tf.sub(y, tf.mul(y, s)))), tf.mul(dy, y)];
      },
    };
  });
  return op(gate, up) as tf.Tensor2D;
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias over the last axis. x (N, D), weight and bias (D). The gradient is
 * written out as in `rmsNorm`: r (g - mean(g) - y mean(g y)) for y = (x - mean) r and g = dy weight.
 * Source: Ba et al. 2016.
 */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [states, scale, shift, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const centred = tf.sub(states, tf.mean(states, -1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const normed = tf.mul(centred, inverse);
    save([normed, inverse, scale]);
    return {
      value: tf.add(tf.mul(normed, scale), shift),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r, w] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const g = tf.mul(dy, w);
        const own = tf.sub(tf.sub(g, tf.mean(g, -1, true)), tf.mul(y, tf.mean(tf.mul(g, y), -1, true)));
        return [tf.mul(r, own), tf.sum(tf.mul(dy, y), 0), tf.sum(dy, 0)];
      },
    };
  });
  return op(x, weight, bias) as tf.Tensor2D;
}

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): "gelu_new", "gelu_pytorch_tanh". Source: Hendrycks & Gimpel 2016. */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  const cubic = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(cubic), 1));
}

/** cap * tanh(x / cap); null leaves x. Source: Gemma Team 2024. */
export const softCap = (x: tf.Tensor, cap: number | null): tf.Tensor => (cap === null ? x : tf.mul(tf.tanh(tf.div(x, cap)), cap));

/** Additive mask value for places that must not be seen; a row of only these stays finite. */
export const HIDDEN = -1e9;

/** 1 where query and key are of one row of a packed sequence: (B, T) to (B, 1, T, T). */
export function sameSegment(segmentIds: tf.Tensor2D): tf.Tensor4D {
  const [rows, time] = segmentIds.shape;
  return tf.cast(tf.equal(tf.reshape(segmentIds, [rows, 1, time, 1]), tf.reshape(segmentIds, [rows, 1, 1, time])), "float32");
}

/** Keys and values side by side: (B, K, S, d) each. */
export type KeyValues = { k: tf.Tensor4D; v: tf.Tensor4D };

/**
 * Attention for grouped queries without repeating keys: q (B, H, T, d) over keys and values of S slots; H is a multiple of
 * K, bias broadcastable to (B, H, T, S), scores soft-capped before it is added. Returns (B, T, H * d).
 */
export function attend(q: tf.Tensor4D, { k, v }: KeyValues, bias: tf.Tensor, scale: number, cap: number | null = null): tf.Tensor3D {
  const [batch, heads, time, size] = q.shape;
  const [, keyHeads, slots] = k.shape;
  // Scaling the queries instead of the scores: T * d numbers instead of T * S.
  const scaled = scale === 1 ? q : tf.mul(q, scale);
  const grouped = tf.reshape(scaled, [batch, keyHeads, (heads / keyHeads) * time, size]) as tf.Tensor4D;
  const scores = tf.reshape(tf.matMul(grouped, k, false, true), [batch, heads, time, slots]);
  const weights = tf.reshape(tf.softmax(tf.add(softCap(scores, cap), bias)), [
    batch,
    keyHeads,
    (heads / keyHeads) * time,
    slots,
  ]) as tf.Tensor4D;
  const mixed = tf.matMul(weights, v);
  if (time === 1) return tf.reshape(mixed, [batch, 1, heads * size]);
  return tf.reshape(tf.transpose(tf.reshape(mixed, [batch, heads, time, size]), [0, 2, 1, 3]), [batch, time, heads * size]);
}

/** (B * T, H * d) -> (B, H, T, d) */
export function splitHeads(x: tf.Tensor2D, batch: number, time: number, heads: number): tf.Tensor4D {
  // Of one token the two layouts are the same numbers in the same order.
  if (time === 1) return tf.reshape(x, [batch, heads, 1, -1]) as tf.Tensor4D;
  return tf.transpose(tf.reshape(x, [batch, time, heads, -1]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** Puts `next` (B, K, 1, d) into slot `position` of a cache (B, K, L, d) whose later slots are zero. */
export function writeCache(cache: tf.Tensor4D, next: tf.Tensor4D, position: tf.Scalar): tf.Tensor4D {
  const slot = tf.reshape(tf.cast(tf.oneHot(tf.reshape(position, [1]), cache.shape[2]), "float32"), [1, 1, -1, 1]);
  return tf.add(cache, tf.mul(next, slot)) as tf.Tensor4D;
}
