/** LoRA adapters as trees of their own: making, merging. Source: Hu et al. 2022; PEFT's initialisation and scaling. */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { LoraConfig } from "../../domain/run";
import { param } from "./linear";
import type { Adapter, AdapterDropout, Model, Params } from "./model";

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
    params[`${path}.lora_A`] = tf.tensor2d(
      Float32Array.from({ length: config.r * width }, () => (2 * random.next() - 1) * bound),
      [config.r, width],
    );
    params[`${path}.lora_B`] = tf.zeros([out, config.r]);
  }
  return { params, scaling: loraScaling(config) };
}

/** What decides the dropout of one micro-batch (2) int32, or null where there is none. The caller frees it. */
export function dropoutSeed(rate: number, seed: number, step: number, part = 0): tf.Tensor | null {
  return rate === 0 ? null : tf.tensor1d([createRandom(seed, `dropout:${step}:${part}`).int(2 ** 30), 0], "int32");
}

/** The dropout that a seed stands for inside a step. */
export const toDropout = (rate: number, seed: tf.Tensor | null): AdapterDropout | undefined => (seed === null ? undefined : { rate, seed });

/** W + sign * scaling * B A for the module at `path`, or null where the adapter has no pair for it. */
export function mergedWeight(weight: tf.Tensor, adapter: Adapter, path: string, sign: 1 | -1 = 1): tf.Tensor | null {
  if (!adapter.params[`${path}.lora_A`]) return null;
  return tf.tidy(() => {
    const a = param(adapter.params, `${path}.lora_A`) as tf.Tensor2D;
    const b = param(adapter.params, `${path}.lora_B`) as tf.Tensor2D;
    return tf.add(weight, tf.mul(tf.matMul(b, a), sign * adapter.scaling));
  });
}

function withAdapter(base: Params, adapter: Adapter, sign: 1 | -1): Params {
  const out: Params = { ...base };
  for (const name of Object.keys(adapter.params)) {
    if (!name.endsWith(".lora_A")) continue;
    const path = name.slice(0, -".lora_A".length);
    out[`${path}.weight`] = mergedWeight(param(base, `${path}.weight`), adapter, path, sign) as tf.Tensor;
  }
  return out;
}

/** The base with W + scaling * B A where the adapter has a pair; other tensors are shared, not copied. */
export const mergeAdapter = (base: Params, adapter: Adapter): Params => withAdapter(base, adapter, 1);

/** What `mergeAdapter` made `merged` of, but for the rounding of float32. */
export const unmergeAdapter = (merged: Params, adapter: Adapter): Params => withAdapter(merged, adapter, -1);
