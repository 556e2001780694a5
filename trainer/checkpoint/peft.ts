/** Adapters as PEFT reads and writes them: adapter_config.json and adapter_model.safetensors. */
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

const adapterConfigSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  use_rslora: z.boolean().default(false),
  use_dora: z.literal(false, "DoRA adapters are not supported").default(false),
  fan_in_fan_out: z.boolean().default(false),
  bias: z.literal("none", "adapters that train biases are not supported").default("none"),
});

/** "base_model.model.x.lora_A.weight" (or ".lora_A.default.weight") to "x.lora_A"; heads keep their name. */
function toOwnName(name: string): string {
  const bare = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  const match = /^(.*\.lora_[AB])(\.\w+)?\.weight$/.exec(bare);
  return match?.[1] ?? bare;
}

/**
 * An adapter and the whole tensors saved beside it (modules_to_save, such as "score.weight"). Throws on a module
 * that the model lacks and on a wrong shape, naming it.
 */
export async function readAdapterFolder(folder: string, model: Model): Promise<{ adapter: Adapter; heads: Params; r: number }> {
  const parsed = adapterConfigSchema.safeParse(await readJson(path.join(folder, "adapter_config.json")));
  if (!parsed.success) throw new Error(`${folder}/adapter_config.json: ${z.prettifyError(parsed.error)}`);
  const { r, lora_alpha: loraAlpha, use_rslora: useRslora } = parsed.data;
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
  return { adapter: { params, scaling: loraScaling({ r, loraAlpha, useRslora }) }, heads, r };
}

/** Parts of the module paths that name the targets: "q_proj", "v_proj". */
function targetNames(params: Params): string[] {
  const paths = Object.keys(params).flatMap((name) => (name.endsWith(".lora_A") ? [name.slice(0, -".lora_A".length)] : []));
  return [...new Set(paths.map((module) => module.slice(module.lastIndexOf(".") + 1)))].sort();
}

export type AdapterToWrite = {
  config: LoraConfig;
  /** LoRA matrices, and whole tensors such as "score.weight". */
  params: Params;
  /** What PEFT calls base_model_name_or_path. */
  baseName: string;
  taskType: "CAUSAL_LM" | "SEQ_2_SEQ_LM" | "SEQ_CLS";
};

/** Writes the two files; returns the sha256 of the tensors. */
export async function writeAdapterFolder(folder: string, { config, params, baseName, taskType }: AdapterToWrite): Promise<string> {
  const heads = Object.keys(params).filter((name) => !/\.lora_[AB]$/.test(name));
  const json = {
    peft_type: "LORA",
    task_type: taskType,
    base_model_name_or_path: baseName,
    r: config.r,
    lora_alpha: config.loraAlpha,
    lora_dropout: 0,
    use_rslora: config.useRslora,
    use_dora: false,
    target_modules: targetNames(params),
    modules_to_save: heads.length > 0 ? [...new Set(heads.map((name) => name.slice(0, name.lastIndexOf("."))))] : null,
    fan_in_fan_out: false,
    bias: "none",
    inference_mode: true,
    init_lora_weights: true,
  };
  await writeFile(path.join(folder, "adapter_config.json"), `${JSON.stringify(json, null, 2)}\n`);
  const named = Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`${PREFIX}${name}${/\.lora_[AB]$/.test(name) ? ".weight" : ""}`, tensor]),
  );
  return writeSafetensors(path.join(folder, "adapter_model.safetensors"), toHostTensors(named));
}
