/** Reads the golden files: values made by the reference implementations, see tests/golden/README.md. */
import { readFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { readSafetensors } from "../../trainer/checkpoint/safetensors";
import type { Adapter, Params } from "../../trainer/models/model";

export const GOLDEN = path.join(import.meta.dirname, "../golden");

export const goldenPath = (...parts: string[]) => path.join(GOLDEN, ...parts);

export function readGolden<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(goldenPath(...parts), "utf8")) as T;
}

/** Largest absolute difference; Infinity when the lengths differ or a value is no number. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) most = Math.max(most, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)));
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}

/** PEFT's state dict ("...lora_A.default.weight") as an adapter of r 8, alpha 16. */
export function readAdapterStart(file: string): Adapter {
  const params: Params = {};
  for (const [name, { shape, values }] of Object.entries(readSafetensors(goldenPath("training", file)))) {
    params[name.replace("base_model.model.", "").replace(".default.weight", "")] = tf.tensor(values, shape);
  }
  return { params, scaling: 2 };
}
