/** What the trainer's benchmarks measure: models of random weights, rows of random ids, and the work on them that both sides do. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../../domain/random";
import { loraConfigSchema } from "../../../domain/run";
import { initScore, SCORE_NAME } from "../../../trainer/algorithms/reward-model";
import { writeModelFolder } from "../../../trainer/checkpoint/hugging-face";
import { writeAdapterFolder } from "../../../trainer/checkpoint/peft";
import type { StoredDtype } from "../../../trainer/checkpoint/safetensors";
import { loadEngine } from "../../../trainer/engine/engine";
import { seededUniform } from "../../../trainer/engine/ops";
import { createModel } from "../../../trainer/models/create-model";
import { initAdapter } from "../../../trainer/models/lora";
import type { Model } from "../../../trainer/models/model";

export const PAD = 0;
export const EOS = 1;
const FIRST_ID = 4;

const ids = { pad_token_id: PAD, eos_token_id: EOS, bos_token_id: 2 };
const gpt2 = (vocab: number, positions: number, width: number, layers: number, heads: number, tied: boolean) => ({
  architectures: ["GPT2LMHeadModel"],
  model_type: "gpt2",
  vocab_size: vocab,
  n_positions: positions,
  n_embd: width,
  n_layer: layers,
  n_head: heads,
  resid_pdrop: 0,
  embd_pdrop: 0,
  attn_pdrop: 0,
  tie_word_embeddings: tied,
  ...ids,
});
const llama = (vocab: number, width: number, layers: number, heads: number, keyHeads: number, inner: number) => ({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: vocab,
  hidden_size: width,
  intermediate_size: inner,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: keyHeads,
  head_dim: width / heads,
  hidden_act: "silu",
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  max_position_embeddings: 2048,
  tie_word_embeddings: true,
  ...ids,
});

export const MODELS = {
  "GPT .87M": gpt2(256, 64, 128, 4, 4, false),
  "GPT 10.9M": gpt2(256, 256, 384, 6, 6, false),
  "GPT-2 .96M": gpt2(1024, 256, 128, 4, 4, true),
  "Llama 4.6M": llama(1024, 256, 6, 8, 4, 688),
  /** The shape of SmolLM2-135M. */
  "Llama 135M": llama(49_152, 576, 30, 9, 3, 1536),
  /** The shape of Qwen2.5-0.5B. */
  "Qwen 494M": { ...llama(151_936, 896, 24, 14, 2, 4864), architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" },
} as const;
export type ModelName = keyof typeof MODELS;

/** Length of prompts and completions, in tokens; all rows of a work are as long. */
type Lengths = { rows: number; prompt: number; completion: number };

/** `bf16`: a frozen base in 16 bits, products in 16 bits. */
export type Work = { model: ModelName; dtype?: StoredDtype; lora?: boolean; bf16?: boolean } & (
  | ({ kind: "sft" } & Lengths)
  /** Rows are pairs. */
  | ({ kind: "reward" } & Lengths)
  /** `precomputed`: the reference's log-probabilities are computed once, before the steps, on both sides. */
  | ({ kind: "dpo"; precomputed: boolean } & Lengths)
  | ({ kind: "ppo"; value: "head" | "network" } & Lengths)
  | ({ kind: "generate" } & Lengths)
  | { kind: "load" }
);

/** What both sides read: the work, with folders and rows of ids. */
export type PreparedWork = Work & {
  device: "cpu" | "cuda";
  folder: string;
  adapter: string | null;
  score: string | null;
  prompts: number[][];
  completions: number[][];
};

/** LoRA as PEFT targets it by default in these families. */
export const LORA = loraConfigSchema.parse({ r: 8, loraAlpha: 16, targetModules: ["c_attn", "q_proj", "v_proj"] });
const loraOf = (model: ModelName) => ({ ...LORA, targetModules: MODELS[model].model_type === "gpt2" ? ["c_attn"] : ["q_proj", "v_proj"] });

/** Made on the device, one by one: a model of billions of weights is there in seconds. Norms are 1, biases 0. */
export function* randomWeights(model: Model): Generator<[name: string, values: tf.Tensor]> {
  for (const [i, [name, shape]] of Object.entries(model.parameterShapes()).entries())
    yield [
      name,
      shape.length > 1
        ? tf.tidy(() => tf.mul(tf.sub(seededUniform(tf.tensor1d([1, i], "int32"), shape), 0.5), 0.07))
        : name.endsWith("bias")
          ? tf.zeros(shape)
          : tf.ones(shape),
    ];
}

/** Writes model, adapter and rows of `work` into `folder`, and work.json, which the two sides are given. Returns its path. */
export async function prepareWork(folder: string, work: Work): Promise<string> {
  const device = (await loadEngine()).device === "cuda" ? "cuda" : "cpu";
  await mkdir(folder, { recursive: true });
  const config = MODELS[work.model];
  const model = createModel(config);
  const params = Object.fromEntries(randomWeights(model));
  await writeModelFolder(folder, { config, params, tokenizerFolder: folder, dtype: work.dtype ?? "F32" });
  tf.dispose(Object.values(params));
  const prepared: PreparedWork = { ...work, device, folder, adapter: null, score: null, prompts: [], completions: [] };
  const score = work.kind === "reward" || work.kind === "ppo" ? initScore(model.kind === "decoder" ? model.hiddenSize : 0, 1) : null;
  if (score) {
    prepared.score = path.join(folder, "score.json");
    await writeFile(prepared.score, JSON.stringify(Array.from(score.dataSync())));
  }
  if (work.lora || work.kind === "ppo") {
    const adapter = initAdapter(model, loraOf(work.model), 1);
    const isReward = work.kind === "reward" && score !== null;
    prepared.adapter = path.join(folder, "adapter");
    await mkdir(prepared.adapter);
    await writeAdapterFolder(prepared.adapter, {
      config: loraOf(work.model),
      model,
      overNf4: false,
      params: isReward ? { ...adapter.params, [SCORE_NAME]: score } : adapter.params,
      baseName: folder,
      taskType: isReward ? "SEQ_CLS" : "CAUSAL_LM",
    });
    tf.dispose(Object.values(adapter.params));
  }
  score?.dispose();
  if (work.kind !== "load") {
    const random = createRandom(2, "bench-rows");
    const row = (length: number) => Array.from({ length }, () => FIRST_ID + random.int(config.vocab_size - FIRST_ID));
    prepared.prompts = Array.from({ length: work.rows }, () => row(work.prompt));
    const paired = work.kind === "reward" || work.kind === "dpo";
    prepared.completions = Array.from({ length: (paired ? 2 : 1) * work.rows }, () => row(work.completion));
  }
  const file = path.join(folder, "work.json");
  await writeFile(file, JSON.stringify(prepared));
  return file;
}
