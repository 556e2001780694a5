/** LoRA adapters as trees of their own: making, merging. Source: Hu et al. 2022; PEFT's initialisation and scaling. */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { LoraConfig } from "../../domain/run";
import { param } from "./linear";
import type { Adapter, Model, Params } from "./model";

/** alpha / r, or alpha / sqrt(r) when rank-stabilised (Kalajdzievski 2023). */
export function loraScaling({ r, loraAlpha, useRslora }: Pick<LoraConfig, "r" | "loraAlpha" | "useRslora">): number {
  return loraAlpha / (useRslora ? Math.sqrt(r) : r);
}

/** Module paths that `targetModules` names: the last part of the path, or every linear layer. Throws on names that match nothing. */
export function loraTargets(model: Model, targetModules: LoraConfig["targetModules"]): string[] {
  const paths = Object.keys(model.linearModules());
  if (targetModules === "all-linear") return paths;
  for (const name of targetModules) {
    if (paths.some((path) => path === name || path.endsWith(`.${name}`))) continue;
    const known = [...new Set(paths.map((path) => path.slice(path.lastIndexOf(".") + 1)))];
    throw new Error(`lora.targetModules: the model has no linear layer "${name}" (it has ${known.join(", ")})`);
  }
  return paths.filter((path) => targetModules.some((name) => path === name || path.endsWith(`.${name}`)));
}

/** A ~ U(-1/sqrt(in), 1/sqrt(in)) (kaiming uniform with a = sqrt 5), B = 0: the model is unchanged at the start. */
export function initAdapter(model: Model, config: LoraConfig, seed: number): Adapter {
  const modules = model.linearModules();
  const params: Params = {};
  for (const path of loraTargets(model, config.targetModules)) {
    const [out, width] = modules[path] ?? [0, 0];
    const random = createRandom(seed, `lora:${path}`);
    const bound = 1 / Math.sqrt(width);
    params[`${path}.lora_A`] = tf.tensor2d(Float32Array.from({ length: config.r * width }, () => (2 * random.next() - 1) * bound), [config.r, width]);
    params[`${path}.lora_B`] = tf.zeros([out, config.r]);
  }
  return { params, scaling: loraScaling(config) };
}

/** The base with W + scaling * B A where the adapter has a pair; other tensors are shared, not copied. */
export function mergeAdapter(base: Params, adapter: Adapter): Params {
  const merged: Params = { ...base };
  for (const name of Object.keys(adapter.params)) {
    if (!name.endsWith(".lora_A")) continue;
    const path = name.slice(0, -".lora_A".length);
    merged[`${path}.weight`] = tf.tidy(() => {
      const a = param(adapter.params, name) as tf.Tensor2D;
      const b = param(adapter.params, `${path}.lora_B`) as tf.Tensor2D;
      return tf.add(param(base, `${path}.weight`), tf.mul(tf.matMul(b, a), adapter.scaling));
    });
  }
  return merged;
}
