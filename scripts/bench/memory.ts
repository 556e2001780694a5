/** The memory of training runs, measured beside what the start form says before they start. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { estimateMemory, IDLE_ENGINE, shapeOfConfig } from "../../domain/memory-estimate";
import { type RunConfig, runConfigSchema } from "../../domain/run";
import { countParameters, createModel } from "../../trainer/models/create-model";
import type { Bench, BenchRow } from "./report";

/** `run` is a config without what defaults. */
export type MemoryCase = {
  name: string;
  model: Record<string, unknown>;
  run: { kind: RunConfig["kind"]; method?: string; [field: string]: unknown };
  /** Share of each row's tokens that are the completion's. */
  completionShare?: number;
};

const llama = (hidden: number, layers: number, heads: number, inner: number, vocabulary: number) => ({
  model_type: "llama",
  vocab_size: vocabulary,
  hidden_size: hidden,
  intermediate_size: inner,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: heads / 2,
  tie_word_embeddings: true,
});
const gpt2 = (width: number, layers: number, heads: number, vocabulary: number, positions = 1024) => ({
  model_type: "gpt2",
  vocab_size: vocabulary,
  n_positions: positions,
  n_embd: width,
  n_layer: layers,
  n_head: heads,
});
const t5 = (width: number, layers: number, heads: number, inner: number, vocabulary: number) => ({
  model_type: "t5",
  vocab_size: vocabulary,
  d_model: width,
  d_kv: width / heads,
  d_ff: inner,
  num_layers: layers,
  num_heads: heads,
  feed_forward_proj: "gated-gelu",
  tie_word_embeddings: true,
});

const MODELS = {
  "GPT-2 0.9M": gpt2(128, 4, 4, 512, 512),
  "Llama 4.6M": llama(256, 6, 8, 688, 1024),
  "GPT-2 10.9M": gpt2(384, 6, 6, 512),
  "Llama 30M": llama(512, 8, 8, 1408, 8192),
  "T5 8M": t5(256, 4, 4, 512, 1024),
};

const one = (model: keyof typeof MODELS, what: string, run: MemoryCase["run"], more: Partial<MemoryCase> = {}): MemoryCase => ({
  name: `${model}, ${what}`,
  model: MODELS[model],
  run,
  ...more,
});
const sft = (method: string, batchSize: number, maxLength: number, more: object = {}) => ({
  kind: "sft" as const,
  method,
  batchSize,
  maxLength,
  measureQuantization: false,
  ...more,
});

const CASES: readonly MemoryCase[] = [
  one("GPT-2 0.9M", "full 8 x 128", sft("full", 8, 128)),
  one("GPT-2 0.9M", "LoRA 16 x 256", sft("lora", 16, 256)),
  one("Llama 4.6M", "full 8 x 256", sft("full", 8, 256)),
  one("Llama 4.6M", "LoRA 16 x 128", sft("lora", 16, 128)),
  one("Llama 4.6M", "LoRA 4 x 512", sft("lora", 4, 512)),
  one("Llama 4.6M", "QLoRA 8 x 128", sft("qlora", 8, 128)),
  one("Llama 4.6M", "head 16 x 256", sft("head", 16, 256)),
  one("GPT-2 10.9M", "full 8 x 256", sft("full", 8, 256)),
  one("GPT-2 10.9M", "full 8 x 256, layers again", sft("full", 8, 256, { gradientCheckpointing: true })),
  one("GPT-2 10.9M", "LoRA 8 x 256, layers again", sft("lora", 8, 256, { gradientCheckpointing: true })),
  one("Llama 30M", "full 4 x 128", sft("full", 4, 128)),
  one("Llama 30M", "LoRA 8 x 256", sft("lora", 8, 256)),
  one("Llama 30M", "QLoRA 4 x 128", sft("qlora", 4, 128)),
  one("Llama 30M", "LoRA 8 x 256, base in bf16", sft("lora", 8, 256, { baseStorage: "bf16" })),
  one("Llama 30M", "QLoRA 4 x 128, embeddings in bf16", sft("qlora", 4, 128, { baseStorage: "bf16" })),
  one("GPT-2 10.9M", "full 8 x 256, products in bf16", sft("full", 8, 256, { precision: "bf16" })),
  one("T5 8M", "LoRA 8 x 128", sft("lora", 8, 128)),
  one("T5 8M", "full 8 x 256", sft("full", 8, 256)),
  one("Llama 4.6M", "reward model 8 pairs x 256", { kind: "reward", batchSize: 8, maxLength: 256 }),
  one("Llama 4.6M", "DPO 8 pairs x 128", { kind: "preference", batchSize: 8, maxLength: 128 }),
  one("GPT-2 10.9M", "DPO 4 pairs x 256", { kind: "preference", batchSize: 4, maxLength: 256 }),
  one("Llama 4.6M", "PPO 16 x (64 + 32)", {
    kind: "ppo",
    iterations: 2,
    rolloutBatchSize: 16,
    numPpoEpochs: 1,
    responseLength: 32,
    maxPromptLength: 64,
  }),
  one("Llama 4.6M", "full 16 x 256", sft("full", 16, 256)),
  one("Llama 4.6M", "full 32 x 256, 8 at once", sft("full", 32, 256, { microBatchSize: 8 })),
  one("GPT-2 10.9M", "LoRA 16 x 128", sft("lora", 16, 128)),
  one("Llama 30M", "reward model 4 pairs x 128, 4 bits", { kind: "reward", batchSize: 4, maxLength: 128, quantizeBase: true }),
  one("Llama 30M", "LoRA 8 x 256, layers again", sft("lora", 8, 256, { gradientCheckpointing: true })),
  one("T5 8M", "DPO 8 pairs x 128", { kind: "preference", batchSize: 8, maxLength: 128 }),
  one("Llama 4.6M", "PPO 32 x (64 + 64), own value network", {
    kind: "ppo",
    iterations: 2,
    rolloutBatchSize: 32,
    numPpoEpochs: 1,
    responseLength: 64,
    maxPromptLength: 64,
    valueNetwork: "reward",
  }),
  one("GPT-2 0.9M", "PPO 64 x (192 + 80)", { kind: "ppo", iterations: 2, numPpoEpochs: 1 }),
];

type Measured = { idle: number; loaded: number; peak: number; seconds: number | null };

async function measureCase(wanted: MemoryCase): Promise<Measured> {
  const script = fileURLToPath(new URL("memory-run.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--import", "tsx", script, JSON.stringify(wanted)], {
    maxBuffer: 2 ** 24,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Measured;
}

const MIB = 2 ** 20;

/** The estimate has to be within a fifth of what was measured, in either direction. */
function ratioRow(name: string, measured: number, estimated: number): BenchRow {
  const ratio = estimated / measured;
  return { name, unit: "MiB", hone: estimated / MIB, reference: measured / MIB, ratio, bar: 1.2, holds: Math.max(ratio, 1 / ratio) <= 1.2 };
}

async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const wanted of CASES) {
    const { idle, peak } = await measureCase(wanted);
    const shape = shapeOfConfig(wanted.model, countParameters(createModel(wanted.model)));
    const { bytes, parts } = estimateMemory(runConfigSchema.parse(wanted.run), shape, { completionShare: wanted.completionShare ?? 0.5 });
    const engine = parts.find(({ part }) => part === "engine")?.bytes ?? 0;
    rows.push(ratioRow(wanted.name, peak, bytes), {
      ...ratioRow(`${wanted.name}, above the idle engine`, peak - idle, bytes - Math.min(engine, IDLE_ENGINE)),
      bar: null,
      holds: null,
    });
  }
  return rows;
}

export const memoryBench: Bench = {
  name: "memory",
  description: "peak memory of short training runs in processes of their own; the column Hone is what the start form says",
  async run() {
    if (process.platform !== "linux")
      return { rows: [], versions: { node: process.versions.node }, notes: ["Peaks of memory are read from /proc, which only Linux has."] };
    return { rows: await run(), versions: { node: process.versions.node } };
  },
};
