/** Adapters as PEFT reads and writes them: adapter_config.json and adapter_model.safetensors. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { LoraConfig } from "../../domain/run";
import { loraScaling } from "../models/lora";
import type { Adapter, Model, Params } from "../models/model";
import { readJson, toHostTensors } from "./hugging-face";
import { readSafetensors, writeSafetensors } from "./safetensors";

const PREFIX = "base_model.model.";

/** What PEFT offers beside plain LoRA; each value here is its "off". */
const off = {
  use_dora: z.literal(false, "DoRA adapters are not supported").default(false),
  bias: z.literal("none", "adapters that train biases are not supported").default("none"),
  lora_bias: z.literal(false, "adapters with biases of their own are not supported").default(false),
  layer_replication: z.null("replicated layers are not supported").optional(),
  rank_pattern: z.strictObject({}, "ranks that differ by module are not supported").default({}),
  alpha_pattern: z.strictObject({}, "alphas that differ by module are not supported").default({}),
  trainable_token_indices: z.null("single trained tokens are not supported").optional(),
};

const adapterConfigSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  ...off,
});

/** What PEFT has no word for, in a file of its own beside the others: PEFT warns of keys that it does not know. */
const OWN_FILE = "hone.json";
const ownSchema = z.strictObject({ baseQuantization: z.enum(["none", "nf4"]).default("none") });

type AdapterConfig = { r: number; scaling: number; overNf4: boolean };

/** Throws naming the field of adapter_config.json that is wrong or not supported. */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const parsed = adapterConfigSchema.safeParse(await readJson(path.join(folder, "adapter_config.json")));
  if (!parsed.success) throw new Error(`${folder}/adapter_config.json: ${z.prettifyError(parsed.error)}`);
  const own = ownSchema.safeParse(existsSync(path.join(folder, OWN_FILE)) ? await readJson(path.join(folder, OWN_FILE)) : {});
  if (!own.success) throw new Error(`${folder}/${OWN_FILE}: ${z.prettifyError(own.error)}`);
  const { r, lora_alpha: loraAlpha, use_rslora: useRslora } = parsed.data;
  return { r, scaling: loraScaling({ r, loraAlpha, useRslora }), overNf4: own.data.baseQuantization === "nf4" };
}

/** "base_model.model.x.lora_A.weight" (or ".lora_A.default.weight") to "x.lora_A"; heads keep their name. */
function toOwnName(name: string): string {
  const bare = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const match = /^(.*\.lora_[AB])(\.\w+)?\.weight$/.exec(bare);
  return match?.[1] ?? bare;
}

export type AdapterFolder = {
  adapter: Adapter;
  /** Whole tensors saved beside it (modules_to_save), such as "score.weight". */
  heads: Params;
  /** Trained over a base in NF4. */
  overNf4: boolean;
};

/** Throws on a module that the model lacks, on a wrong shape and on a pair with one half missing, naming it. */
export async function readAdapterFolder(folder: string, model: Model): Promise<AdapterFolder> {
  const { r, scaling, overNf4 } = await readAdapterConfig(folder);
  const modules = model.linearModules();
  const params: Params = {};
  const heads: Params = {};
  for (const [stored, { shape, values }] of Object.entries(readSafetensors(path.join(folder, "adapter_model.safetensors")))) {
    const name = toOwnName(stored);
    const match = /^(.*)\.lora_([AB])$/.exec(name);
    if (!match) {
      heads[name] = tf.tensor(values, shape);
      continue;
    }
    const module = modules[match[1] ?? ""];
    if (!module) throw new Error(`${folder}: the base model has no linear layer "${match[1]}"`);
    const expected = match[2] === "A" ? [r, module[1]] : [module[0], r];
    if (shape.join() !== expected.join()) throw new Error(`${folder}: ${stored} has shape [${shape}], [${expected}] was expected`);
    params[name] = tf.tensor(values, shape);
  }
  for (const name of Object.keys(params)) {
    const other = name.replace(/_[AB]$/, (half) => (half === "_A" ? "_B" : "_A"));
    if (!params[other]) throw new Error(`${folder}: tensor ${other} is missing`);
  }
  return { adapter: { params, scaling }, heads, overNf4 };
}

const modulePaths = (params: Params) =>
  Object.keys(params).flatMap((name) => (name.endsWith(".lora_A") ? [name.slice(0, -".lora_A".length)] : []));

/** Parts of the module paths that name the targets: "q_proj", "v_proj"; whole paths where a name would hit others too. */
function targetNames(model: Model, params: Params): string[] {
  const paths = modulePaths(params);
  const names = [...new Set(paths.map((module) => module.slice(module.lastIndexOf(".") + 1)))].sort();
  const hit = Object.keys(model.linearModules()).filter((module) => names.some((name) => module.endsWith(`.${name}`)));
  return hit.length === paths.length ? names : paths;
}

export type AdapterToWrite = {
  config: LoraConfig & { loraDropout?: number };
  model: Model;
  /** Whether the base is held in NF4. */
  overNf4: boolean;
  /** LoRA matrices, and whole tensors such as "score.weight". */
  params: Params;
  /** What PEFT calls base_model_name_or_path. */
  baseName: string;
  taskType: "CAUSAL_LM" | "SEQ_2_SEQ_LM" | "SEQ_CLS";
};

/** Writes the files; returns the sha256 of the tensors. */
export async function writeAdapterFolder(
  folder: string,
  { config, model, overNf4, params, baseName, taskType }: AdapterToWrite,
): Promise<string> {
  const heads = Object.keys(params).filter((name) => !/\.lora_[AB]$/.test(name));
  const json = {
    peft_type: "LORA",
    task_type: taskType,
    base_model_name_or_path: baseName,
    r: config.r,
    lora_alpha: config.loraAlpha,
    lora_dropout: config.loraDropout ?? 0,
    use_rslora: config.useRslora,
    use_dora: false,
    target_modules: targetNames(model, params),
    modules_to_save: heads.length > 0 ? [...new Set(heads.map((name) => name.slice(0, name.lastIndexOf("."))))] : null,
    // Conv1D layers hold [in, out], which PEFT has to be told.
    fan_in_fan_out: modulePaths(params).some((module) => model.storedTransposed(`${module}.weight`)),
    bias: "none",
    inference_mode: true,
    init_lora_weights: true,
  };
  await writeFile(path.join(folder, "adapter_config.json"), `${JSON.stringify(json, null, 2)}\n`);
  if (overNf4) await writeFile(path.join(folder, OWN_FILE), `${JSON.stringify({ baseQuantization: "nf4" })}\n`);
  const named = Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`${PREFIX}${name}${/\.lora_[AB]$/.test(name) ? ".weight" : ""}`, tensor]),
  );
  return writeSafetensors(path.join(folder, "adapter_model.safetensors"), await toHostTensors(named));
}
