/**
 * T5 v1.1 and FLAN-T5: relative position buckets, gated GELU, RMSNorm before each block, no scaling of scores.
 * Source: Raffel et al. 2020; Shazeer 2020; names of transformers' modeling_t5.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { attend, embed, geluTanh, hasMatrix, HIDDEN, linear, matMulWeight, param, rmsNorm, splitHeads, writeCache } from "./linear";
import type { EncoderDecoderModel, KvCache, Weights } from "./model";
import { recomputed } from "./recompute";

export const t5ConfigSchema = z.looseObject({
  model_type: z.literal("t5"),
  vocab_size: z.number().int().positive(),
  d_model: z.number().int().positive(),
  d_kv: z.number().int().positive(),
  d_ff: z.number().int().positive(),
  num_layers: z.number().int().positive(),
  num_decoder_layers: z.number().int().positive().optional(),
  num_heads: z.number().int().positive(),
  relative_attention_num_buckets: z.number().int().positive().default(32),
  relative_attention_max_distance: z.number().int().positive().default(128),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  feed_forward_proj: z.enum(["gated-gelu", "relu"]).default("relu"),
  decoder_start_token_id: z.number().int().min(0).default(0),
  tie_word_embeddings: z.boolean().default(true),
});
export type T5Config = z.infer<typeof t5ConfigSchema>;

/** The bucket of `distance` = key position - query position. */
export function relativeBucket(distance: number, bidirectional: boolean, buckets: number, maxDistance: number): number {
  const half = bidirectional ? buckets / 2 : buckets;
  const offset = bidirectional && distance > 0 ? half : 0;
  const size = bidirectional ? Math.abs(distance) : Math.max(0, -distance);
  const exact = half / 2;
  if (size < exact) return offset + size;
  // float32 logarithms, as the reference computes them: bucket edges depend on their rounding.
  const ratio = Math.fround(Math.fround(Math.log(Math.fround(size / exact))) / Math.fround(Math.log(maxDistance / exact)));
  return offset + Math.min(half - 1, exact + Math.floor(Math.fround(ratio * (half - exact))));
}

export function createT5(config: T5Config): EncoderDecoderModel {
  const { d_model: width, d_kv: headSize, d_ff: inner, num_heads: heads, num_layers: encoderLayers, layer_norm_epsilon: epsilon } = config;
  const decoderLayers = config.num_decoder_layers ?? encoderLayers;
  const gated = config.feed_forward_proj === "gated-gelu";
  const { relative_attention_num_buckets: buckets, relative_attention_max_distance: maxDistance } = config;

  const attentionModules = (path: string): [string, [number, number]][] => [
    [`${path}.q`, [heads * headSize, width]],
    [`${path}.k`, [heads * headSize, width]],
    [`${path}.v`, [heads * headSize, width]],
    [`${path}.o`, [width, heads * headSize]],
  ];
  const feedForwardModules = (path: string): [string, [number, number]][] => [
    ...(gated ? ["wi_0", "wi_1"] : ["wi"]).map((name): [string, [number, number]] => [`${path}.DenseReluDense.${name}`, [inner, width]]),
    [`${path}.DenseReluDense.wo`, [width, inner]],
  ];
  const linearModules = (): Record<string, [number, number]> =>
    Object.fromEntries([
      ...[...Array(encoderLayers).keys()].flatMap((i) => [
        ...attentionModules(`encoder.block.${i}.layer.0.SelfAttention`),
        ...feedForwardModules(`encoder.block.${i}.layer.1`),
      ]),
      ...[...Array(decoderLayers).keys()].flatMap((i) => [
        ...attentionModules(`decoder.block.${i}.layer.0.SelfAttention`),
        ...attentionModules(`decoder.block.${i}.layer.1.EncDecAttention`),
        ...feedForwardModules(`decoder.block.${i}.layer.2`),
      ]),
    ]);

  const norm = (weights: Weights, path: string, x: tf.Tensor2D) => rmsNorm(x, param(weights.base, `${path}.weight`), epsilon);
  const embedIds = (weights: Weights, ids: tf.Tensor) => embed(weights.base, "shared.weight", tf.reshape(ids, [-1]) as tf.Tensor1D);
  const biasWeights = (weights: Weights, stack: "encoder" | "decoder") =>
    param(weights.base, `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`);
  const bucketTable = (queries: number, keys: number, bidirectional: boolean) =>
    tf.tensor1d(
      Int32Array.from({ length: queries * keys }, (_, i) =>
        relativeBucket((i % keys) - Math.floor(i / keys), bidirectional, buckets, maxDistance),
      ),
      "int32",
    );
  /** (1, H, T, S) */
  const positionBias = (weights: Weights, stack: "encoder" | "decoder", queries: number, keys: number) => {
    const values = tf.gather(biasWeights(weights, stack), bucketTable(queries, keys, stack === "encoder"));
    return tf.expandDims(tf.transpose(tf.reshape(values, [queries, keys, heads]), [2, 0, 1]), 0);
  };
  const paddingBias = (mask: tf.Tensor2D) =>
    tf.mul(tf.sub(1, tf.reshape(tf.cast(mask, "float32"), [mask.shape[0], 1, 1, mask.shape[1]])), HIDDEN);
  const feedForward = (weights: Weights, path: string, x: tf.Tensor2D): tf.Tensor2D => {
    const normed = norm(weights, `${path}.layer_norm`, x);
    const dense = `${path}.DenseReluDense`;
    const hidden = gated
      ? tf.mul(geluTanh(linear(weights, `${dense}.wi_0`, normed)), linear(weights, `${dense}.wi_1`, normed))
      : tf.relu(linear(weights, `${dense}.wi`, normed));
    return tf.add(x, linear(weights, `${dense}.wo`, hidden as tf.Tensor2D)) as tf.Tensor2D;
  };
  /** Residual attention block; `x` (B * T, D). */
  const attention = (weights: Weights, path: string, x: tf.Tensor2D, attended: tf.Tensor3D): tf.Tensor2D =>
    tf.add(x, linear(weights, `${path}.o`, tf.reshape(attended, [-1, heads * headSize]) as tf.Tensor2D)) as tf.Tensor2D;
  const headsOf = (weights: Weights, path: string, x: tf.Tensor2D, batch: number, time: number) =>
    splitHeads(linear(weights, path, x), batch, time, heads);
  /** The self-attention block at `path` over whole rows. */
  const selfAttention = (weights: Weights, path: string, x: tf.Tensor2D, bias: tf.Tensor, batch: number, time: number): tf.Tensor2D => {
    const normed = norm(weights, `${path}.layer_norm`, x);
    const [q, k, v] = ["q", "k", "v"].map((name) => headsOf(weights, `${path}.SelfAttention.${name}`, normed, batch, time)) as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    return attention(weights, `${path}.SelfAttention`, x, attend(q, { k, v }, bias, 1));
  };

  return {
    kind: "encoder-decoder",
    family: config.model_type,
    freshNorm: 1,
    storedTransposed: () => false,
    vocabSize: config.vocab_size,
    hiddenSize: width,
    numLayers: encoderLayers + decoderLayers,
    numHeads: heads,
    decoderStartTokenId: config.decoder_start_token_id,
    linearModules,
    parameterShapes() {
      const shapes: Record<string, number[]> = { "shared.weight": [config.vocab_size, width] };
      for (const [path, shape] of Object.entries(linearModules())) shapes[`${path}.weight`] = shape;
      for (const [stack, layers, parts] of [
        ["encoder", encoderLayers, 2],
        ["decoder", decoderLayers, 3],
      ] as const) {
        shapes[`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`] = [buckets, heads];
        for (let i = 0; i < layers; i++)
          for (let part = 0; part < parts; part++) shapes[`${stack}.block.${i}.layer.${part}.layer_norm.weight`] = [width];
        shapes[`${stack}.final_layer_norm.weight`] = [width];
      }
      if (!config.tie_word_embeddings) shapes["lm_head.weight"] = [config.vocab_size, width];
      return shapes;
    },
    encode(weights, source) {
      const [rows, time] = source.inputIds.shape;
      const bias = tf.add(positionBias(weights, "encoder", time, time), paddingBias(source.attentionMask));
      let x = embedIds(weights, source.inputIds);
      for (let i = 0; i < encoderLayers; i++) {
        x = recomputed(weights, `encoder.block.${i}.layer`, { inputs: [x, bias], constants: [] }, (own, [states, ownBias]) => {
          const mixed = selfAttention(own, `encoder.block.${i}.layer.0`, states as tf.Tensor2D, ownBias as tf.Tensor, rows, time);
          return feedForward(own, `encoder.block.${i}.layer.1`, mixed);
        });
      }
      return tf.reshape(norm(weights, "encoder.final_layer_norm", x), [rows, time, width]);
    },
    forward(weights, source, encoded, target) {
      const [rows, time] = target.inputIds.shape;
      const sourceTime = source.inputIds.shape[1];
      const memory = tf.reshape(encoded, [-1, width]) as tf.Tensor2D;
      const causal = tf.tensor2d(
        Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? HIDDEN : 0)),
        [time, time],
      );
      const bias = tf.add(tf.add(positionBias(weights, "decoder", time, time), causal), paddingBias(target.attentionMask));
      const crossBias = paddingBias(source.attentionMask);
      let x = embedIds(weights, target.inputIds);
      for (let i = 0; i < decoderLayers; i++) {
        x = recomputed(
          weights,
          `decoder.block.${i}.layer`,
          { inputs: [x, memory, bias], constants: [crossBias] },
          (own, [states, ownMemory, ownBias], [ownCrossBias]) => {
            const mixed = selfAttention(own, `decoder.block.${i}.layer.0`, states as tf.Tensor2D, ownBias as tf.Tensor, rows, time);
            const cross = `decoder.block.${i}.layer.1.EncDecAttention`;
            const query = headsOf(own, `${cross}.q`, norm(own, `decoder.block.${i}.layer.1.layer_norm`, mixed), rows, time);
            const keys = headsOf(own, `${cross}.k`, ownMemory as tf.Tensor2D, rows, sourceTime);
            const values = headsOf(own, `${cross}.v`, ownMemory as tf.Tensor2D, rows, sourceTime);
            return feedForward(
              own,
              `decoder.block.${i}.layer.2`,
              attention(own, cross, mixed, attend(query, { k: keys, v: values }, ownCrossBias as tf.Tensor, 1)),
            );
          },
        );
      }
      return tf.reshape(norm(weights, "decoder.final_layer_norm", x), [rows, time, width]);
    },
    logits(weights, hidden) {
      const { base } = weights;
      const flat = tf.reshape(hidden, [-1, width]) as tf.Tensor2D;
      // A tied head scales the states by d_model^-1/2; one of its own does not.
      const out = hasMatrix(base, "lm_head.weight")
        ? matMulWeight({ base }, "lm_head.weight", flat)
        : matMulWeight({ base }, "shared.weight", tf.mul(flat, width ** -0.5) as tf.Tensor2D);
      return tf.reshape(out, [...hidden.shape.slice(0, -1), config.vocab_size]);
    },
    prefill(weights, source, cacheLength) {
      const [rows, time] = source.inputIds.shape;
      const memory = tf.reshape(this.encode(weights, source), [-1, width]) as tf.Tensor2D;
      const cache: KvCache = {};
      for (let i = 0; i < decoderLayers; i++) {
        cache[`${i}.self.k`] = tf.zeros([rows, heads, cacheLength, headSize]);
        cache[`${i}.self.v`] = tf.zeros([rows, heads, cacheLength, headSize]);
        for (const name of ["k", "v"])
          cache[`${i}.cross.${name}`] = headsOf(weights, `decoder.block.${i}.layer.1.EncDecAttention.${name}`, memory, rows, time);
      }
      return { cache };
    },
    decode(weights, { inputIds, position, sourceMask }, cache) {
      const rows = inputIds.shape[0];
      const slots = param(cache, "0.self.k").shape[2] as number;
      const table = tf.reshape(bucketTable(slots, slots, false), [slots, slots]);
      const row = tf.reshape(tf.gather(table, tf.reshape(position, [1]) as tf.Tensor1D), [-1]) as tf.Tensor1D;
      const later = tf.mul(tf.cast(tf.greater(tf.range(0, slots, 1, "int32"), position), "float32"), HIDDEN);
      const bias = tf.add(tf.reshape(tf.transpose(tf.gather(biasWeights(weights, "decoder"), row), [1, 0]), [1, heads, 1, slots]), later);
      const crossBias = paddingBias(sourceMask);
      const next: KvCache = {};
      let x = embedIds(weights, inputIds);
      for (let i = 0; i < decoderLayers; i++) {
        const self = `decoder.block.${i}.layer.0.SelfAttention`;
        const normed = norm(weights, `decoder.block.${i}.layer.0.layer_norm`, x);
        const [q, k, v] = ["q", "k", "v"].map((name) => headsOf(weights, `${self}.${name}`, normed, rows, 1)) as [
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor4D,
        ];
        const keys = writeCache(param(cache, `${i}.self.k`) as tf.Tensor4D, k, position);
        const values = writeCache(param(cache, `${i}.self.v`) as tf.Tensor4D, v, position);
        next[`${i}.self.k`] = keys;
        next[`${i}.self.v`] = values;
        x = attention(weights, self, x, attend(q, { k: keys, v: values }, bias, 1));
        const cross = `decoder.block.${i}.layer.1.EncDecAttention`;
        const crossKeys = param(cache, `${i}.cross.k`) as tf.Tensor4D;
        const crossValues = param(cache, `${i}.cross.v`) as tf.Tensor4D;
        next[`${i}.cross.k`] = crossKeys;
        next[`${i}.cross.v`] = crossValues;
        const query = headsOf(weights, `${cross}.q`, norm(weights, `decoder.block.${i}.layer.1.layer_norm`, x), rows, 1);
        x = attention(weights, cross, x, attend(query, { k: crossKeys, v: crossValues }, crossBias, 1));
        x = feedForward(weights, `decoder.block.${i}.layer.2`, x);
      }
      return { hidden: norm(weights, "decoder.final_layer_norm", x), cache: next };
    },
  };
}
