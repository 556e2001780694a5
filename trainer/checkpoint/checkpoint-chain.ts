/**
 * Loads a checkpoint by its chain of folders, oldest first: a whole model, then the adapters that were trained on
 * top of one another. Adapters on the way are merged into the base in memory; a reward model at the end stays apart,
 * so that it can share its base with the policy that grew from the same checkpoint; so does a head.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { CheckpointKind } from "../../domain/checkpoint";
import { SCORE_NAME } from "../algorithms/reward-model";
import { param } from "../models/linear";
import { mergeAdapter } from "../models/lora";
import type { Adapter, Model, Params } from "../models/model";
import { readTokenizer, type Tokenizer } from "../tokenizer/tokenizer";
import { type Head, readHeadFolder } from "./head-folder";
import { CHAT_TEMPLATE_FILE, readModelFolder } from "./hugging-face";
import { readAdapterFolder } from "./peft";

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
  /** Of a chain that ends in a reward model. */
  reward: { adapter: Adapter; score: tf.Tensor } | null;
  /** Of a chain that ends in a head. */
  head: Head | null;
};

/** The part of a chain that makes the parameters: all but a reward model or a head at its end. */
const modelLinks = (chain: readonly ChainLink[]) => chain.filter(({ kind }) => kind !== "reward" && kind !== "head");

/** Where PEFT finds the model below an adapter: the folder's own name in the file store. */
export const baseNameOf = (chain: readonly ChainLink[]) => chain[chain.length - 1]?.folder.split("/").slice(-2).join("/") ?? "";

/** The chat template that the newest of some adapters was trained with, where it has one of its own. */
function readChatTemplate(links: readonly ChainLink[]): string | null {
  const file = links.map(({ folder }) => path.join(folder, CHAT_TEMPLATE_FILE)).findLast(existsSync);
  return file === undefined ? null : readFileSync(file, "utf8");
}

export async function loadCheckpoint(chain: readonly ChainLink[], shared?: LoadedCheckpoint & { chain: readonly ChainLink[] }): Promise<LoadedCheckpoint> {
  const [base, ...adapters] = modelLinks(chain);
  if (base?.kind !== "base") throw new Error("A checkpoint's chain must begin with a whole model");
  const sameModel = shared && modelLinks(shared.chain).map(({ folder }) => folder).join("\n") === modelLinks(chain).map(({ folder }) => folder).join("\n");
  const last = chain[chain.length - 1];
  const chatTemplate = readChatTemplate(last?.kind === "head" ? [...adapters, last] : adapters);
  const loaded = sameModel ? shared : { ...(await readModelFolder(base.folder)), tokenizer: await readTokenizer(base.folder, chatTemplate), baseFolder: base.folder };
  let params = loaded.params;
  if (!sameModel) {
    for (const { folder } of adapters) {
      const { adapter } = await readAdapterFolder(folder, loaded.model);
      const merged = mergeAdapter(params, adapter);
      for (const [name, tensor] of Object.entries(params)) if (merged[name] !== tensor) tensor.dispose();
      tf.dispose(Object.values(adapter.params));
      params = merged;
    }
  }
  let reward: LoadedCheckpoint["reward"] = null;
  if (last?.kind === "reward") {
    const { adapter, heads } = await readAdapterFolder(last.folder, loaded.model);
    reward = { adapter, score: param(heads, SCORE_NAME) };
  }
  const head = last?.kind === "head" ? await readHeadFolder(last.folder, loaded.model.hiddenSize) : null;
  return { model: loaded.model, config: loaded.config, tokenizer: loaded.tokenizer, baseFolder: loaded.baseFolder, chatTemplate, params, reward, head };
}

/** Frees the tensors of several checkpoints, shared ones once. */
export function disposeCheckpoints(...checkpoints: LoadedCheckpoint[]): void {
  const tensors = new Set<tf.Tensor>();
  for (const { params, reward, head } of checkpoints) {
    if (head) tensors.add(head.weight);
    for (const tensor of Object.values(params)) tensors.add(tensor);
    if (reward) for (const tensor of [reward.score, ...Object.values(reward.adapter.params)]) tensors.add(tensor);
  }
  tf.dispose([...tensors]);
}
