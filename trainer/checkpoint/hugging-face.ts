/** Model folders in the Hugging Face layout: config.json, model.safetensors (or a sharded index), tokenizer files. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { countParameters, createModel } from "../models/create-model";
import type { Model, Params } from "../models/model";
import { type HostTensor, openSafetensors, type SafetensorsFile, type StoredDtype, writeSafetensors } from "./safetensors";

export type LoadedModel = { config: Record<string, unknown>; model: Model; params: Params };

/** Wins over the template in tokenizer_config.json; beside an adapter, over its base's. */
export const CHAT_TEMPLATE_FILE = "chat_template.jinja";

const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  CHAT_TEMPLATE_FILE,
  "special_tokens_map.json",
  "generation_config.json",
];

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

/** The tensors that the model computes with, made of one that is stored; more than one where it is quantised. */
export type PrepareTensor = (name: string, stored: HostTensor) => Promise<Params>;

/** Names under which files hold a parameter: T5's shared embedding under its stacks', a bare model's without its prefix. */
function storedNames(name: string): string[] {
  if (name === "shared.weight") return [name, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
  return [name, name.replace(/^(model|transformer)\./, "")];
}

/** Buffers and copies that files of older versions hold beside the parameters. */
const NO_PARAMETER =
  /(\.rotary_emb\.inv_freq|\.attn\.(masked_)?bias|(encoder|decoder)\.embed_tokens\.weight|EncDecAttention\.relative_attention_bias\.weight)$/;

type OpenModelFolder = {
  config: Record<string, unknown>;
  model: Model;
  /** Where each parameter lies; only headers were read so far. */
  places: { name: string; stored: string; file: SafetensorsFile; transposed: boolean }[];
  close(): void;
};

/**
 * Config and headers of a folder. Throws naming a missing tensor, a wrong shape, a tensor that the architecture has no
 * place for, or an unsupported architecture.
 */
async function openModelFolder(folder: string): Promise<OpenModelFolder> {
  const config = await readJson(path.join(folder, "config.json"));
  const files: SafetensorsFile[] = [];
  const close = () => {
    for (const file of files) file.close();
  };
  try {
    for (const file of await weightFiles(folder)) files.push(openSafetensors(file));
    const fileOf = new Map(files.flatMap((file) => [...file.shapes.keys()].map((name): [string, SafetensorsFile] => [name, file])));
    // Files may tie the head whatever the config says: the tensor's presence decides.
    const model = createModel({ ...config, tie_word_embeddings: !fileOf.has("lm_head.weight") });
    const places = Object.entries(model.parameterShapes()).map(([name, shape]) => {
      const stored = storedNames(name).find((candidate) => fileOf.has(candidate));
      const file = stored === undefined ? undefined : fileOf.get(stored);
      if (stored === undefined || !file) throw new Error(`${folder}: tensor ${name} is missing`);
      const transposed = model.storedTransposed(name);
      const expected = transposed ? [...shape].reverse() : shape;
      const found = file.shapes.get(stored) ?? [];
      if (found.join() !== expected.join())
        throw new Error(`${folder}: tensor ${name} has shape [${found}], config.json asks for [${expected}]`);
      return { name, stored, file, transposed };
    });
    const used = new Set(places.map(({ stored }) => stored));
    const left = [...fileOf.keys()].find((name) => !used.has(name) && !NO_PARAMETER.test(name));
    if (left !== undefined) throw new Error(`${folder}: tensor ${left} has no place in a model of config.json's kind`);
    return { config, model, places, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Whether the folder can be loaded, by its config and headers alone: its parameters are counted. Throws as loading does. */
export async function checkModelFolder(folder: string): Promise<{ model: Model; parameters: number }> {
  const { model, close } = await openModelFolder(folder);
  close();
  return { model, parameters: countParameters(model) };
}

/**
 * Loads config and weights, tensor by tensor, so that little more memory is needed than the model takes. Throws as
 * `openModelFolder` does, and on a tensor that is stored as no float.
 */
export async function readModelFolder(
  folder: string,
  prepareFor?: (model: Model) => PrepareTensor | null | Promise<PrepareTensor | null>,
): Promise<LoadedModel> {
  const { config, model, places, close } = await openModelFolder(folder);
  try {
    const prepare = (await prepareFor?.(model)) ?? null;
    const params: Params = {};
    for (const { name, stored, file, transposed } of places) {
      if (prepare === null) {
        params[name] = toTensor(file, stored, transposed);
        continue;
      }
      const tensor = file.read(stored);
      const prepared = await prepare(name, transposed ? transpose(tensor) : tensor);
      for (const made of Object.values(prepared)) upload(made);
      Object.assign(params, prepared);
    }
    return { config, model, params };
  } finally {
    close();
  }
}

/** A stored tensor as it is, or turned. */
function toTensor(file: SafetensorsFile, stored: string, transposed: boolean): tf.Tensor {
  return tf.tidy(() => {
    const uploaded = file.upload(stored);
    if (uploaded) return transposed ? tf.transpose(uploaded) : uploaded;
    const { values, shape } = file.read(stored);
    const made = transposed ? tf.transpose(tf.tensor2d(values, shape as [number, number])) : tf.tensor(values, shape);
    upload(made);
    return made;
  });
}

/** Hands the values to the engine now, not when they are first used: until then they would lie in this process as well. */
function upload(tensor: tf.Tensor): void {
  tf.tidy(() => {
    tf.slice(tf.reshape(tensor, [-1]), [0], [1]);
  });
}

/** Rows and columns of a matrix exchanged. */
function transpose({ shape, values }: HostTensor): HostTensor {
  const [rows = 0, columns = 0] = shape;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column] ?? 0;
  return { shape: [columns, rows], values: out };
}

/** Values of named tensors in this process's memory. */
export async function toHostTensors(params: Params): Promise<Record<string, HostTensor>> {
  const out: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(params)) out[name] = { shape: tensor.shape, values: (await tensor.data()) as Float32Array };
  return out;
}

/** Writes config, weights and the tokenizer files of `tokenizerFolder`; returns the sha256 of the weights. */
export async function writeModelFolder(
  folder: string,
  {
    config,
    params,
    tokenizerFolder,
    dtype = "F32",
  }: { config: Record<string, unknown>; params: Params; tokenizerFolder: string; dtype?: StoredDtype },
): Promise<string> {
  const names: Record<StoredDtype, string> = { F32: "float32", F16: "float16", BF16: "bfloat16" };
  await writeFile(path.join(folder, "config.json"), `${JSON.stringify({ ...config, dtype: names[dtype] }, null, 2)}\n`);
  await copyTokenizer(tokenizerFolder, folder);
  const model = createModel(config);
  const tensors = Object.entries(await toHostTensors(params)).map(([name, tensor]) => [
    name,
    model.storedTransposed(name) ? transpose(tensor) : tensor,
  ]);
  return writeSafetensors(path.join(folder, "model.safetensors"), Object.fromEntries(tensors), dtype);
}

export async function copyTokenizer(from: string, to: string): Promise<void> {
  if (path.resolve(from) === path.resolve(to)) return;
  for (const name of TOKENIZER_FILES) if (existsSync(path.join(from, name))) await copyFile(path.join(from, name), path.join(to, name));
}
