/**
 * Loads a checkpoint by its chain of folders, oldest first: a whole model, then the adapters that were trained on
 * top of one another. Adapters on the way are merged into the base in memory, tensor by tensor as it is read; a reward
 * model at the end stays apart, so that it can share its base with the policy that grew from the same checkpoint; so
 * does a head.
 *
 * An adapter that was trained over an NF4 base belongs to what NF4 made of that base: it is merged into the dequantised
 * matrices, or stays beside the quantised ones where it is only used.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { CheckpointKind } from "../../domain/checkpoint";
import { SCORE_NAME } from "../algorithms/reward-model";
import { fitsBf16, packBf16 } from "../models/bf16";
import { param } from "../models/linear";
import { mergedWeight } from "../models/lora";
import type { Adapter, Model, Params } from "../models/model";
import { fitsNf4, quantizeMatrix, roundToNf4 } from "../models/nf4";
import { readTokenizer, type Tokenizer } from "../tokenizer/tokenizer";
import { type Head, readHeadFolder } from "./head-folder";
import { CHAT_TEMPLATE_FILE, type PrepareTensor, readModelFolder } from "./hugging-face";
import { type AdapterFolder, readAdapterConfig, readAdapterFolder } from "./peft";

export type ChainLink = { kind: CheckpointKind; folder: string };

export type LoadedCheckpoint = {
  model: Model;
  config: Record<string, unknown>;
  tokenizer: Tokenizer;
  /** Where config.json and the tokenizer files are. */
  baseFolder: string;
  /** The template that an adapter of the chain brought with it; null for the base's own. */
  chatTemplate: string | null;
  /** Base with the chain's adapters merged in. */
  params: Params;
  /** Whether linear layers are held in NF4. */
  quantized: boolean;
  storage: Storage;
  /** The last adapter, where it stayed beside a quantised base. */
  adapter: Adapter | null;
  /** Of a chain that ends in a reward model. */
  reward: { adapter: Adapter; score: tf.Tensor } | null;
  /** Of a chain that ends in a head. */
  head: Head | null;
};

export type Storage = "f32" | "bf16";

export type LoadOptions = {
  /** Hold linear layers in NF4: the base that QLoRA trains over. */
  quantize?: boolean;
  /** How matrices that are not in NF4 are held: of a frozen base, bf16 takes half the memory. */
  storage?: Storage;
  /** The weights are only read: an adapter over an NF4 base may stay beside it, which takes an eighth of the memory. */
  readOnly?: boolean;
  /** A checkpoint in memory whose base is taken where it is the same. */
  shared?: LoadedCheckpoint & { chain: readonly ChainLink[] };
};

/** The part of a chain that makes the parameters: all but a reward model or a head at its end. */
const modelLinks = (chain: readonly ChainLink[]) => chain.filter(({ kind }) => kind !== "reward" && kind !== "head");
const foldersOf = (links: readonly ChainLink[]) => links.map(({ folder }) => folder).join("\n");

/** Where PEFT finds the model below an adapter: the folder's own name in the file store. */
export const baseNameOf = (chain: readonly ChainLink[]) => chain[chain.length - 1]?.folder.split("/").slice(-2).join("/") ?? "";

/** The chat template that the newest of some adapters was trained with, where it has one of its own. */
function readChatTemplate(links: readonly ChainLink[]): string | null {
  const file = links.map(({ folder }) => path.join(folder, CHAT_TEMPLATE_FILE)).findLast(existsSync);
  return file === undefined ? null : readFileSync(file, "utf8");
}

export async function loadCheckpoint(
  chain: readonly ChainLink[],
  { quantize = false, storage = "f32", readOnly = false, shared }: LoadOptions = {},
): Promise<LoadedCheckpoint> {
  const links = modelLinks(chain);
  const [base, ...adapters] = links;
  const last = chain[chain.length - 1];
  if (base?.kind !== "base" || !last) throw new Error("A checkpoint's chain must begin with a whole model");
  const overNf4 = (last.kind === "adapter" || last.kind === "reward") && (await readAdapterConfig(last.folder)).overNf4;
  const apart = readOnly && last.kind === "adapter" && overNf4;
  const quantized = quantize || apart || (last.kind === "reward" && overNf4);
  const sharable =
    shared &&
    !apart &&
    shared.adapter === null &&
    shared.quantized === quantized &&
    shared.storage === storage &&
    foldersOf(modelLinks(shared.chain)) === foldersOf(links);
  const chatTemplate = readChatTemplate(last.kind === "head" ? [...adapters, last] : adapters);
  const loaded = sharable
    ? shared
    : {
        ...(await loadBase(base.folder, apart ? adapters.slice(0, -1) : adapters, quantized, storage)),
        tokenizer: await readTokenizer(base.folder, chatTemplate),
        baseFolder: base.folder,
      };
  const end = apart || last.kind === "reward" ? await readAdapterFolder(last.folder, loaded.model) : null;
  const reward = last.kind === "reward" && end ? { adapter: end.adapter, score: param(end.heads, SCORE_NAME) } : null;
  const head = last.kind === "head" ? await readHeadFolder(last.folder, loaded.model.hiddenSize) : null;
  if (apart && end && Object.keys(end.heads).length > 0)
    throw new Error(`${last.folder}: ${Object.keys(end.heads)[0]} beside an adapter over an NF4 base is not supported`);
  return {
    model: loaded.model,
    config: loaded.config,
    tokenizer: loaded.tokenizer,
    baseFolder: loaded.baseFolder,
    chatTemplate,
    params: loaded.params,
    quantized,
    storage,
    adapter: apart && end ? end.adapter : null,
    reward,
    head,
  };
}

async function loadBase(
  folder: string,
  links: readonly ChainLink[],
  quantized: boolean,
  storage: Storage,
): Promise<Pick<LoadedCheckpoint, "model" | "config" | "params">> {
  // Adapters are small: all of them are in memory before the base is read.
  const adapters: AdapterFolder[] = [];
  const loaded = await readModelFolder(folder, async (model) => {
    for (const link of links) adapters.push(await readAdapterFolder(link.folder, model));
    for (const [i, { heads }] of adapters.entries()) {
      const unknown = Object.keys(heads).find((name) => !(name in model.parameterShapes()));
      if (unknown !== undefined) throw new Error(`${links[i]?.folder}: the base model has no tensor ${unknown}`);
    }
    const asStored = adapters.length === 0 && !quantized && storage === "f32";
    return asStored ? null : prepareMerged(model, adapters, quantized, storage);
  });
  for (const { adapter, heads } of adapters) tf.dispose([...Object.values(adapter.params), ...Object.values(heads)]);
  return loaded;
}

/** Merges `adapters` into a tensor in their order, and quantises it where it is a linear layer's. */
export function prepareMerged(model: Model, adapters: readonly AdapterFolder[], quantized: boolean, storage: Storage): PrepareTensor {
  const modules = model.linearModules();
  return async (name, stored) => {
    const path = name.replace(/\.weight$/, "");
    const linear = name.endsWith(".weight") && path in modules && fitsNf4(stored.shape);
    let { values } = stored;
    const take = async (tensor: tf.Tensor): Promise<void> => {
      values = (await tensor.data()) as Float32Array;
    };
    for (const { adapter, heads, overNf4 } of adapters) {
      if (overNf4 && linear) values = roundToNf4(values);
      const whole = heads[name];
      if (whole) await take(whole);
      const weight = adapter.params[`${path}.lora_A`] ? tf.tensor(values, stored.shape) : null;
      const merged = weight && mergedWeight(weight, adapter, path);
      if (merged) await take(merged);
      tf.dispose([weight, merged].filter((tensor) => tensor !== null));
    }
    const shape = stored.shape as [number, number];
    if (quantized && linear) return quantizeMatrix(name, values, shape);
    return storage === "bf16" && isPackable(name, stored.shape)
      ? packBf16(name, values, shape)
      : { [name]: tf.tensor(values, stored.shape) };
  };
}

/** Matrices that models read through `matMulWeight` and `embed`; T5's bias of positions is small and read by itself. */
const isPackable = (name: string, shape: readonly number[]) => fitsBf16(shape) && !name.includes("relative_attention_bias");

/** Frees the tensors of several checkpoints, shared ones once. */
export function disposeCheckpoints(...checkpoints: LoadedCheckpoint[]): void {
  const tensors = new Set<tf.Tensor>();
  for (const { params, adapter, reward, head } of checkpoints) {
    if (head) tensors.add(head.weight);
    for (const tensor of Object.values(params)) tensors.add(tensor);
    for (const tensor of Object.values(adapter?.params ?? {})) tensors.add(tensor);
    if (reward) for (const tensor of [reward.score, ...Object.values(reward.adapter.params)]) tensors.add(tensor);
  }
  tf.dispose([...tensors]);
}
