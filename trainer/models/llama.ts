/**
 * The Llama decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU.
 * Source: Touvron et al. 2023; names and conventions of transformers' modeling_llama (rotate_half).
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { attend, gatedSilu, HIDDEN, linear, param, rmsNorm, sameSegment, splitHeads, writeCache } from "./linear";
import type { DecoderModel, KvCache, TokenBatch, Weights } from "./model";

const ropeSchema = z.looseObject({
  rope_theta: z.number().positive().optional(),
  rope_type: z.string().optional(),
  /** The older name of rope_type. */
  type: z.string().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
});

/** The fields of config.json that decide the computation; files of transformers 4 and 5 are both read. */
export const llamaConfigSchema = z.looseObject({
  model_type: z.literal("llama"),
  vocab_size: z.number().int().positive(),
  hidden_size: z.number().int().positive(),
  intermediate_size: z.number().int().positive(),
  num_hidden_layers: z.number().int().positive(),
  num_attention_heads: z.number().int().positive(),
  num_key_value_heads: z.number().int().positive().optional(),
  head_dim: z.number().int().positive().nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: z.number().int().positive().default(2048),
  hidden_act: z.literal("silu").default("silu"),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  rope_theta: z.number().positive().optional(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
});
export type LlamaConfig = z.infer<typeof llamaConfigSchema>;

/** Inverse frequencies (head size / 2), with Llama 3's scaling where the config asks for it. Throws on others. */
export function ropeFrequencies(config: LlamaConfig): number[] {
  const rope = config.rope_parameters ?? config.rope_scaling ?? {};
  const theta = config.rope_parameters?.rope_theta ?? config.rope_theta ?? 10000;
  const size = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  const frequencies = Array.from({ length: size / 2 }, (_, i) => 1 / theta ** ((2 * i) / size));
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return frequencies;
  if (type !== "llama3") throw new Error(`config.json: rope_type "${type}" is not supported (default and llama3 are)`);
  const { factor = 8, low_freq_factor: low = 1, high_freq_factor: high = 4, original_max_position_embeddings: original = 8192 } = rope;
  return frequencies.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

type Rotation = { cos: tf.Tensor; sin: tf.Tensor };

/** cos and sin of position times frequency for positions (N): (N, 1, d / 2). */
function rotationAt(positions: tf.Tensor1D, frequencies: number[]): Rotation {
  const angles = tf.mul(tf.reshape(tf.cast(positions, "float32"), [-1, 1, 1]), tf.tensor3d([[frequencies]]));
  return { cos: tf.cos(angles), sin: tf.sin(angles) };
}

/** Rotates (N, heads, d): the two halves of the last axis are the two coordinates. */
function rotate(x: tf.Tensor3D, { cos, sin }: Rotation): tf.Tensor3D {
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat([tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))], -1) as tf.Tensor3D;
}

export function createLlama(config: LlamaConfig): DecoderModel {
  const heads = config.num_attention_heads;
  const keyHeads = config.num_key_value_heads ?? heads;
  const headSize = config.head_dim ?? config.hidden_size / heads;
  const { hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, rms_norm_eps: epsilon } = config;
  const scale = 1 / Math.sqrt(headSize);
  const frequencies = ropeFrequencies(config);
  const layerPath = (layer: number) => `model.layers.${layer}`;

  const linearModules = (): Record<string, [number, number]> =>
    Object.fromEntries(
      [...Array(layers).keys()].flatMap((layer): [string, [number, number]][] => [
        [`${layerPath(layer)}.self_attn.q_proj`, [heads * headSize, width]],
        [`${layerPath(layer)}.self_attn.k_proj`, [keyHeads * headSize, width]],
        [`${layerPath(layer)}.self_attn.v_proj`, [keyHeads * headSize, width]],
        [`${layerPath(layer)}.self_attn.o_proj`, [width, heads * headSize]],
        [`${layerPath(layer)}.mlp.gate_proj`, [inner, width]],
        [`${layerPath(layer)}.mlp.up_proj`, [inner, width]],
        [`${layerPath(layer)}.mlp.down_proj`, [width, inner]],
      ]),
    );

  /** Rotated queries, keys and values of one layer: (B, H, T, d), (B, K, T, d) twice. */
  const project = (weights: Weights, layer: number, x: tf.Tensor2D, batch: number, time: number, rotation: Rotation) => {
    const path = `${layerPath(layer)}.self_attn`;
    const normed = rmsNorm(x, param(weights.base, `${layerPath(layer)}.input_layernorm.weight`), epsilon);
    const q = tf.reshape(linear(weights, `${path}.q_proj`, normed), [-1, heads, headSize]) as tf.Tensor3D;
    const k = tf.reshape(linear(weights, `${path}.k_proj`, normed), [-1, keyHeads, headSize]) as tf.Tensor3D;
    // Queries and keys turn together: half the operations.
    const [rotatedQ, rotatedK] = tf.split(rotate(tf.concat([q, k], 1), rotation), [heads, keyHeads], 1) as [tf.Tensor, tf.Tensor];
    return {
      q: splitHeads(rotatedQ as tf.Tensor2D, batch, time, heads),
      k: splitHeads(rotatedK as tf.Tensor2D, batch, time, keyHeads),
      v: splitHeads(linear(weights, `${path}.v_proj`, normed), batch, time, keyHeads),
    };
  };
  /** What follows attention in a layer: output projection, then the gated feed-forward, both residual. */
  const finish = (weights: Weights, layer: number, x: tf.Tensor2D, attended: tf.Tensor): tf.Tensor2D => {
    const path = layerPath(layer);
    const mixed = tf.add(x, linear(weights, `${path}.self_attn.o_proj`, tf.reshape(attended, [-1, heads * headSize]) as tf.Tensor2D)) as tf.Tensor2D;
    const normed = rmsNorm(mixed, param(weights.base, `${path}.post_attention_layernorm.weight`), epsilon);
    const gate = linear(weights, `${path}.mlp.gate_proj`, normed);
    const gated = gatedSilu(gate, linear(weights, `${path}.mlp.up_proj`, normed));
    return tf.add(mixed, linear(weights, `${path}.mlp.down_proj`, gated)) as tf.Tensor2D;
  };
  const embed = (weights: Weights, ids: tf.Tensor) =>
    tf.gather(param(weights.base, "model.embed_tokens.weight"), tf.reshape(ids, [-1]) as tf.Tensor1D) as tf.Tensor2D;
  const finalNorm = (weights: Weights, x: tf.Tensor2D) => rmsNorm(x, param(weights.base, "model.norm.weight"), epsilon);

  /** All positions at once; `keep` sees each layer's keys and values. */
  const run = (weights: Weights, batch: TokenBatch, keep?: (layer: number, k: tf.Tensor4D, v: tf.Tensor4D) => void): tf.Tensor2D => {
    const [rows, time] = batch.inputIds.shape;
    const mask = tf.cast(batch.attentionMask, "float32");
    const positions = batch.packed ? batch.packed.positionIds : tf.sub(tf.cumsum(mask, 1), mask);
    const rotation = rotationAt(tf.reshape(positions, [-1]) as tf.Tensor1D, frequencies);
    const causal = tf.tensor2d(Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? HIDDEN : 0)), [time, time]);
    const visible = batch.packed ? sameSegment(batch.packed.segmentIds) : tf.reshape(mask, [rows, 1, 1, time]);
    const bias = tf.add(causal, tf.mul(tf.sub(1, visible), HIDDEN));
    let x = embed(weights, batch.inputIds);
    for (let layer = 0; layer < layers; layer++) {
      const { q, k, v } = project(weights, layer, x, rows, time, rotation);
      keep?.(layer, k, v);
      x = finish(weights, layer, x, attend(q, [{ k, v }], bias, scale));
    }
    return finalNorm(weights, x);
  };

  return {
    family: "llama",
    vocabSize: config.vocab_size,
    hiddenSize: width,
    numLayers: layers,
    linearModules,
    parameterShapes() {
      const shapes: Record<string, number[]> = { "model.embed_tokens.weight": [config.vocab_size, width] };
      for (const [path, shape] of Object.entries(linearModules())) {
        shapes[`${path}.weight`] = shape;
        if (path.includes(".mlp.") ? config.mlp_bias : config.attention_bias) shapes[`${path}.bias`] = [shape[0]];
      }
      for (let layer = 0; layer < layers; layer++) {
        shapes[`${layerPath(layer)}.input_layernorm.weight`] = [width];
        shapes[`${layerPath(layer)}.post_attention_layernorm.weight`] = [width];
      }
      shapes["model.norm.weight"] = [width];
      if (!config.tie_word_embeddings) shapes["lm_head.weight"] = [config.vocab_size, width];
      return shapes;
    },
    forward(weights, batch) {
      const [rows, time] = batch.inputIds.shape;
      return tf.reshape(run(weights, batch), [rows, time, width]);
    },
    logits(weights, hidden) {
      const head = weights.base["lm_head.weight"] ?? param(weights.base, "model.embed_tokens.weight");
      const flat = tf.reshape(hidden, [-1, width]) as tf.Tensor2D;
      return tf.reshape(tf.matMul(flat, head as tf.Tensor2D, false, true), [...hidden.shape.slice(0, -1), config.vocab_size]);
    },
    prefill(weights, batch, cacheLength) {
      const cache: KvCache = {};
      const [rows, time] = batch.inputIds.shape;
      const hidden = run(weights, batch, (layer, k, v) => {
        cache[`${layer}.prompt.k`] = k;
        cache[`${layer}.prompt.v`] = v;
        for (const name of ["k", "v"]) cache[`${layer}.${name}`] = tf.zeros([rows, keyHeads, cacheLength - time, headSize]);
      });
      const last = tf.slice(tf.reshape(hidden, [rows, time, width]), [0, time - 1, 0], [rows, 1, width]);
      return { hidden: tf.reshape(last, [rows, width]), cache };
    },
    decode(weights, { inputIds, position, positionIds, cacheMask }, cache) {
      const rows = inputIds.shape[0];
      const rotation = rotationAt(positionIds, frequencies);
      const bias = tf.mul(tf.sub(1, tf.reshape(tf.cast(cacheMask, "float32"), [rows, 1, 1, -1])), HIDDEN);
      const slot = tf.sub(position, tf.scalar(param(cache, "0.prompt.k").shape[2] as number, "int32")) as tf.Scalar;
      const next: KvCache = {};
      let x = embed(weights, inputIds);
      for (let layer = 0; layer < layers; layer++) {
        const { q, k, v } = project(weights, layer, x, rows, 1, rotation);
        const prompt = { k: param(cache, `${layer}.prompt.k`) as tf.Tensor4D, v: param(cache, `${layer}.prompt.v`) as tf.Tensor4D };
        const own = { k: writeCache(param(cache, `${layer}.k`) as tf.Tensor4D, k, slot), v: writeCache(param(cache, `${layer}.v`) as tf.Tensor4D, v, slot) };
        Object.assign(next, { [`${layer}.prompt.k`]: prompt.k, [`${layer}.prompt.v`]: prompt.v, [`${layer}.k`]: own.k, [`${layer}.v`]: own.v });
        x = finish(weights, layer, x, attend(q, [prompt, own], bias, scale));
      }
      return { hidden: finalNorm(weights, x), cache: next };
    },
  };
}
