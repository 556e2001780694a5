/**
 * The decoder that Llama, SmolLM2, Mistral, Qwen and Gemma share: RMSNorm, rotary positions, grouped-query attention, a
 * gated feed-forward. What sets them apart is facts (rope-decoder-configs.ts), and nothing here asks for a family.
 * Source: Touvron et al. 2023; Jiang et al. 2023; Gemma Team 2024, 2024, 2025; Yang et al. 2024, 2025.
 */
import * as tf from "@tensorflow/tfjs-core";
import { createDecoder, type DecoderLayer } from "./decoder";
import { gatedSilu, geluTanh, linear, param, rmsNorm, splitHeads } from "./linear";
import type { DecoderModel, Weights } from "./model";
import { type Rotation, rotate, rotationAt } from "./rope";

export type RopeDecoderFacts = {
  family: string;
  vocabSize: number;
  width: number;
  inner: number;
  heads: number;
  keyHeads: number;
  headSize: number;
  epsilon: number;
  bias: { queryKeyValue: boolean; output: boolean; feedForward: boolean };
  activation: "silu" | "gelu-tanh";
  /** 0 where norms multiply by 1 + w (Gemma). */
  freshNorm: 0 | 1;
  /** Norms of each head's queries and keys before they are turned (Qwen3, Gemma 3). */
  queryKeyNorm: boolean;
  /** Norms also behind attention and feed-forward (Gemma 2 and 3). */
  sandwichNorms: boolean;
  embeddingScale: number;
  queryScale: number;
  scoreCap: number | null;
  logitCap: number | null;
  tied: boolean;
  layers: { window: number | null; frequencies: number[] }[];
};

export function createRopeDecoder(facts: RopeDecoderFacts): DecoderModel {
  const { width, inner, heads, keyHeads, headSize, epsilon, layers, sandwichNorms, queryKeyNorm } = facts;
  const layerPath = (layer: number) => `model.layers.${layer}`;
  const indices = [...layers.keys()];

  const linearModules = (): Record<string, [number, number]> =>
    Object.fromEntries(
      indices.flatMap((layer): [string, [number, number]][] => [
        [`${layerPath(layer)}.self_attn.q_proj`, [heads * headSize, width]],
        [`${layerPath(layer)}.self_attn.k_proj`, [keyHeads * headSize, width]],
        [`${layerPath(layer)}.self_attn.v_proj`, [keyHeads * headSize, width]],
        [`${layerPath(layer)}.self_attn.o_proj`, [width, heads * headSize]],
        [`${layerPath(layer)}.mlp.gate_proj`, [inner, width]],
        [`${layerPath(layer)}.mlp.up_proj`, [inner, width]],
        [`${layerPath(layer)}.mlp.down_proj`, [width, inner]],
      ]),
    );
  const hasBias = (path: string) =>
    path.includes(".mlp.") ? facts.bias.feedForward : path.endsWith("o_proj") ? facts.bias.output : facts.bias.queryKeyValue;
  const layerNorms = [
    "input_layernorm",
    "post_attention_layernorm",
    ...(sandwichNorms ? ["pre_feedforward_layernorm", "post_feedforward_layernorm"] : []),
  ];

  const norm = (weights: Weights, path: string, x: tf.Tensor2D) => {
    const weight = param(weights.base, `${path}.weight`);
    return rmsNorm(x, facts.freshNorm === 0 ? tf.add(weight, 1) : weight, epsilon);
  };
  /** (N, count * d) -> (N, count, d), each head normed where the family does so. */
  const toHeads = (weights: Weights, path: string, x: tf.Tensor2D, count: number): tf.Tensor3D => {
    const normed = queryKeyNorm ? norm(weights, path, tf.reshape(x, [-1, headSize])) : x;
    return tf.reshape(normed, [-1, count, headSize]);
  };

  const createLayer = (weights: Weights, layer: number, rotation: Rotation): DecoderLayer => {
    const path = layerPath(layer);
    const attention = `${path}.self_attn`;
    return {
      project(x, batch, time) {
        const normed = norm(weights, `${path}.input_layernorm`, x);
        const q = toHeads(weights, `${attention}.q_norm`, linear(weights, `${attention}.q_proj`, normed), heads);
        const k = toHeads(weights, `${attention}.k_norm`, linear(weights, `${attention}.k_proj`, normed), keyHeads);
        // Queries and keys turn together: half the operations.
        const [rotatedQ, rotatedK] = tf.split(rotate(tf.concat([q, k], 1), rotation), [heads, keyHeads], 1) as [tf.Tensor, tf.Tensor];
        return {
          q: splitHeads(rotatedQ as tf.Tensor2D, batch, time, heads),
          k: splitHeads(rotatedK as tf.Tensor2D, batch, time, keyHeads),
          v: splitHeads(linear(weights, `${attention}.v_proj`, normed), batch, time, keyHeads),
        };
      },
      finish(x, attended) {
        const output = linear(weights, `${attention}.o_proj`, tf.reshape(attended, [-1, heads * headSize]));
        const mixed = tf.add(x, sandwichNorms ? norm(weights, `${path}.post_attention_layernorm`, output) : output) as tf.Tensor2D;
        const normed = norm(weights, `${path}.${sandwichNorms ? "pre_feedforward" : "post_attention"}_layernorm`, mixed);
        const gate = linear(weights, `${path}.mlp.gate_proj`, normed);
        const up = linear(weights, `${path}.mlp.up_proj`, normed);
        const gated = facts.activation === "silu" ? gatedSilu(gate, up) : (tf.mul(geluTanh(gate), up) as tf.Tensor2D);
        const fed = linear(weights, `${path}.mlp.down_proj`, gated);
        return tf.add(mixed, sandwichNorms ? norm(weights, `${path}.post_feedforward_layernorm`, fed) : fed) as tf.Tensor2D;
      },
    };
  };

  return createDecoder({
    ...facts,
    hiddenSize: width,
    numLayers: layers.length,
    maxPositions: null,
    windows: layers.map(({ window }) => window),
    linearModules,
    storedTransposed: () => false,
    parameterShapes() {
      const shapes: Record<string, number[]> = { "model.embed_tokens.weight": [facts.vocabSize, width] };
      for (const [path, shape] of Object.entries(linearModules())) {
        shapes[`${path}.weight`] = shape;
        if (hasBias(path)) shapes[`${path}.bias`] = [shape[0]];
      }
      for (const layer of indices) {
        for (const name of layerNorms) shapes[`${layerPath(layer)}.${name}.weight`] = [width];
        if (queryKeyNorm) for (const name of ["q_norm", "k_norm"]) shapes[`${layerPath(layer)}.self_attn.${name}.weight`] = [headSize];
      }
      shapes["model.norm.weight"] = [width];
      if (!facts.tied) shapes["lm_head.weight"] = [facts.vocabSize, width];
      return shapes;
    },
    head: (base) => (base["lm_head.weight"] ?? param(base, "model.embed_tokens.weight")) as tf.Tensor2D,
    begin(weights, ids, positions) {
      const embedded = tf.gather(param(weights.base, "model.embed_tokens.weight"), ids) as tf.Tensor2D;
      // Layers of one kind share their cosines.
      const rotations = new Map<string, Rotation>();
      return {
        states: facts.embeddingScale === 1 ? embedded : tf.mul(embedded, facts.embeddingScale),
        layer(index) {
          const frequencies = layers[index]?.frequencies ?? [];
          const key = frequencies.join();
          const rotation = rotations.get(key) ?? rotationAt(positions, frequencies);
          rotations.set(key, rotation);
          return createLayer(weights, index, rotation);
        },
      };
    },
    finalNorm: (weights, x) => norm(weights, "model.norm", x),
  });
}
