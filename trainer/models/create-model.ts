/** From a Hugging Face config.json to the model's functions, and fresh weights for pretraining. */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { createRandom } from "../../domain/random";
import { createGpt2, gpt2ConfigSchema } from "./gpt2";
import type { Model, Params } from "./model";
import { createRopeDecoder } from "./rope-decoder";
import { ROPE_DECODERS } from "./rope-decoder-configs";
import { createT5, t5ConfigSchema } from "./t5";

/** Values of config.json's model_type. */
export const SUPPORTED_FAMILIES: readonly string[] = ["gpt2", "t5", ...Object.keys(ROPE_DECODERS)].sort();

const models = new Map<string, Model>();

/**
 * The functions of a config.json; the same config gives the same object, so that graphs made for it serve every
 * checkpoint of its shape. Throws naming the architecture, or the field of config.json, that is not supported.
 */
export function createModel(config: Record<string, unknown>): Model {
  const key = JSON.stringify(config);
  const model = models.get(key) ?? buildModel(config);
  models.set(key, model);
  return model;
}

function buildModel(config: Record<string, unknown>): Model {
  const read = <T>(schema: z.ZodType<T>): T => {
    const result = schema.safeParse(config);
    if (result.success) return result.data;
    throw new Error(`config.json: ${z.prettifyError(result.error)}`);
  };
  const type = String(config.model_type);
  if (type === "gpt2") return createGpt2(read(gpt2ConfigSchema));
  if (type === "t5") return createT5(read(t5ConfigSchema));
  const facts = Object.hasOwn(ROPE_DECODERS, type) ? ROPE_DECODERS[type] : undefined;
  if (!facts) throw new Error(`config.json: model_type "${type}" is not supported (${SUPPORTED_FAMILIES.join(", ")} are)`);
  return createRopeDecoder(facts(read));
}

/**
 * Fresh parameters: norms do nothing, biases 0; T5's matrices with Mesh TensorFlow's deviations (query (d * d_kv)^-1/2, others
 * fan_in^-1/2, embeddings 1), decoders' N(0, 0.02) with output projections divided by sqrt(2 layers) (Radford et al. 2019).
 */
export function initParams(model: Model, seed: number): Params {
  const params: Params = {};
  for (const [name, shape] of Object.entries(model.parameterShapes())) {
    if (shape.length === 1) {
      params[name] = name.endsWith(".bias") ? tf.zeros(shape) : tf.fill(shape, model.freshNorm);
      continue;
    }
    const random = createRandom(seed, name);
    const deviation = initialDeviation(model, name, shape);
    const size = shape.reduce((product, length) => product * length, 1);
    params[name] = tf.tensor(
      Float32Array.from({ length: size }, () => random.normal() * deviation),
      shape,
    );
  }
  return params;
}

function initialDeviation(model: Model, name: string, shape: number[]): number {
  switch (model.kind) {
    case "decoder":
      return /(o_proj|down_proj|c_proj)\.weight$/.test(name) ? 0.02 / Math.sqrt(2 * model.numLayers) : 0.02;
    case "encoder-decoder":
      if (name === "shared.weight") return 1;
      if (name.endsWith("Attention.q.weight")) return ((shape[1] ?? 1) * ((shape[0] ?? 1) / model.numHeads)) ** -0.5;
      return (name.includes("relative_attention_bias") ? model.hiddenSize : (shape[1] ?? 1)) ** -0.5;
    default:
      return model satisfies never;
  }
}
