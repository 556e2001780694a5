/** Model folders in the Hugging Face layout: config.json, model.safetensors (or a sharded index), tokenizer files. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { createModel } from "../models/create-model";
import type { Model, Params } from "../models/model";
import { type HostTensor, readSafetensors, type StoredDtype, writeSafetensors } from "./safetensors";

export type LoadedModel = { config: Record<string, unknown>; model: Model; params: Params };

/** Wins over the template in tokenizer_config.json; beside an adapter, over its base's. */
export const CHAT_TEMPLATE_FILE = "chat_template.jinja";

const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", CHAT_TEMPLATE_FILE, "special_tokens_map.json", "generation_config.json"];

export async function readJson(file: string): Promise<Record<string, unknown>> {
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`${file} is not JSON`, { cause });
  }
}

/** The safetensors files of a folder. Throws when there are none. */
export async function weightFiles(folder: string): Promise<string[]> {
  const index = path.join(folder, "model.safetensors.index.json");
  if (existsSync(index)) {
    const { weight_map: map } = (await readJson(index)) as { weight_map?: Record<string, string> };
    if (!map) throw new Error(`${index} has no weight_map`);
    return [...new Set(Object.values(map))].sort().map((name) => path.join(folder, name));
  }
  const file = path.join(folder, "model.safetensors");
  if (!existsSync(file)) throw new Error(`${folder} has no model.safetensors`);
  return [file];
}

/** Loads config and weights. Throws naming a missing tensor, a wrong shape or an unsupported architecture. */
export async function readModelFolder(folder: string): Promise<LoadedModel> {
  const config = await readJson(path.join(folder, "config.json"));
  const stored = new Map<string, HostTensor>();
  for (const file of await weightFiles(folder)) for (const [name, tensor] of Object.entries(readSafetensors(file))) stored.set(name, tensor);
  // Files may tie the head whatever the config says: the tensor's presence decides.
  const tied = { ...config, tie_word_embeddings: !stored.has("lm_head.weight") };
  const model = createModel(tied);
  const params: Params = {};
  for (const [name, shape] of Object.entries(model.parameterShapes())) {
    // T5 files may hold the shared embedding under its stacks' names only.
    const tensor = stored.get(name) ?? (name === "shared.weight" ? (stored.get("encoder.embed_tokens.weight") ?? stored.get("decoder.embed_tokens.weight")) : undefined);
    if (!tensor) throw new Error(`${folder}: tensor ${name} is missing`);
    if (tensor.shape.join() !== shape.join()) throw new Error(`${folder}: tensor ${name} has shape [${tensor.shape}], config.json asks for [${shape}]`);
    params[name] = tf.tensor(tensor.values, shape);
  }
  return { config, model, params };
}

/** Values of named tensors in this process's memory. */
export function toHostTensors(params: Params): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(params).map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.dataSync() as Float32Array }]));
}

/** Writes config, weights and the tokenizer files of `tokenizerFolder`; returns the sha256 of the weights. */
export async function writeModelFolder(
  folder: string,
  { config, params, tokenizerFolder, dtype = "F32" }: { config: Record<string, unknown>; params: Params; tokenizerFolder: string; dtype?: StoredDtype },
): Promise<string> {
  const names: Record<StoredDtype, string> = { F32: "float32", F16: "float16", BF16: "bfloat16" };
  await writeFile(path.join(folder, "config.json"), `${JSON.stringify({ ...config, dtype: names[dtype] }, null, 2)}\n`);
  await copyTokenizer(tokenizerFolder, folder);
  return writeSafetensors(path.join(folder, "model.safetensors"), toHostTensors(params), dtype);
}

export async function copyTokenizer(from: string, to: string): Promise<void> {
  if (path.resolve(from) === path.resolve(to)) return;
  for (const name of TOKENIZER_FILES) if (existsSync(path.join(from, name))) await copyFile(path.join(from, name), path.join(to, name));
}
