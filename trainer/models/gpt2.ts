/**
 * GPT-2: learned positions, LayerNorm, one fused matrix for queries, keys and values, GELU in its tanh form.
 * Source: Radford et al. 2019; names of transformers' modeling_gpt2, whose Conv1D files hold matrices as [in, out].
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { createDecoder } from "./decoder";
import { geluTanh, layerNorm, linear, param, splitHeads } from "./linear";
import type { DecoderModel, Weights } from "./model";

const size = z.number().int().positive();

export const gpt2ConfigSchema = z.looseObject({
  model_type: z.literal("gpt2"),
  vocab_size: size,
  n_positions: size.default(1024),
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: z.enum(["gelu_new", "gelu_pytorch_tanh"]).default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
});
export type Gpt2Config = z.infer<typeof gpt2ConfigSchema>;

export function createGpt2(config: Gpt2Config): DecoderModel {
  const { n_embd: width, n_layer: layers, n_head: heads, n_positions: positionCount, layer_norm_epsilon: epsilon } = config;
  const inner = config.n_inner ?? 4 * width;
  const headSize = width / heads;
  const layerPath = (layer: number) => `transformer.h.${layer}`;

  const linearModules = (): Record<string, [number, number]> =>
    Object.fromEntries(
      [...Array(layers).keys()].flatMap((layer): [string, [number, number]][] => [
        [`${layerPath(layer)}.attn.c_attn`, [3 * width, width]],
        [`${layerPath(layer)}.attn.c_proj`, [width, width]],
        [`${layerPath(layer)}.mlp.c_fc`, [inner, width]],
        [`${layerPath(layer)}.mlp.c_proj`, [width, inner]],
      ]),
    );
  const norm = (weights: Weights, path: string, x: tf.Tensor2D) =>
    layerNorm(x, param(weights.base, `${path}.weight`), param(weights.base, `${path}.bias`), epsilon);

  return createDecoder({
    family: config.model_type,
    vocabSize: config.vocab_size,
    hiddenSize: width,
    numLayers: layers,
    freshNorm: 1,
    maxPositions: positionCount,
    keyHeads: heads,
    headSize,
    queryScale: 1 / Math.sqrt(headSize),
    scoreCap: null,
    logitCap: null,
    windows: Array.from({ length: layers }, () => null),
    linearModules,
    storedTransposed: (name) => name.endsWith(".weight") && name.slice(0, -".weight".length) in linearModules(),
    parameterShapes() {
      const shapes: Record<string, number[]> = {
        "transformer.wte.weight": [config.vocab_size, width],
        "transformer.wpe.weight": [positionCount, width],
      };
      for (const [path, shape] of Object.entries(linearModules())) {
        shapes[`${path}.weight`] = shape;
        shapes[`${path}.bias`] = [shape[0]];
      }
      const norms = [...Array(layers).keys()].flatMap((layer) => [`${layerPath(layer)}.ln_1`, `${layerPath(layer)}.ln_2`]);
      for (const path of [...norms, "transformer.ln_f"]) for (const part of ["weight", "bias"]) shapes[`${path}.${part}`] = [width];
      if (!config.tie_word_embeddings) shapes["lm_head.weight"] = [config.vocab_size, width];
      return shapes;
    },
    head: (base) => (base["lm_head.weight"] ?? param(base, "transformer.wte.weight")) as tf.Tensor2D,
    begin(weights, ids, positions) {
      const tokens = tf.gather(param(weights.base, "transformer.wte.weight"), ids);
      const places = tf.gather(param(weights.base, "transformer.wpe.weight"), tf.cast(positions, "int32"));
      return {
        states: tf.add(tokens, places) as tf.Tensor2D,
        layer(index) {
          const path = layerPath(index);
          return {
            project(x, batch, time) {
              const fused = linear(weights, `${path}.attn.c_attn`, norm(weights, `${path}.ln_1`, x));
              const [q, k, v] = tf.split(fused, 3, -1).map((part) => splitHeads(part as tf.Tensor2D, batch, time, heads)) as [
                tf.Tensor4D,
                tf.Tensor4D,
                tf.Tensor4D,
              ];
              return { q, k, v };
            },
            finish(x, attended) {
              const mixed = tf.add(x, linear(weights, `${path}.attn.c_proj`, tf.reshape(attended, [-1, width]))) as tf.Tensor2D;
              const fed = geluTanh(linear(weights, `${path}.mlp.c_fc`, norm(weights, `${path}.ln_2`, mixed)));
              return tf.add(mixed, linear(weights, `${path}.mlp.c_proj`, fed as tf.Tensor2D)) as tf.Tensor2D;
            },
          };
        },
      };
    },
    finalNorm: (weights, x) => norm(weights, "transformer.ln_f", x),
  });
}
