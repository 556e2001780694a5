/**
 * `npm run bench -- train`: steps of fine-tuning, reward models and preference optimisation, and loading, beside PyTorch,
 * transformers and peft; WebAssembly beside the native library run operation by operation.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Bench, type BenchRow, limitRow } from "../report";
import { type Comparison, compareAll } from "./compare";
import { measureInTurns, startHone } from "./pair";
import { prepareWork, type Work } from "./work";

const small = { rows: 8, prompt: 1, completion: 64 };
const large = { rows: 8, prompt: 1, completion: 256 };
const pairs = { rows: 8, prompt: 64, completion: 64 };
const quick = { warm: 5, rounds: 8, steps: 5 };
const slow = { warm: 2, rounds: 5, steps: 2 };
const preference = { warm: 3, rounds: 5, steps: 3 };

const SFT_FULL: Work = { kind: "sft", model: "GPT .87M", ...small };
const COMPARISONS: readonly Comparison[] = [
  { name: "SFT step, full, GPT .87M x 512 tokens", work: SFT_FULL, ...quick, bar: 1.2, memoryBar: 1.5 },
  { name: "SFT step, LoRA, GPT .87M x 512 tokens", work: { ...SFT_FULL, lora: true }, ...quick, bar: 1.2, memoryBar: 1.5 },
  { name: "SFT step, full, GPT 10.9M x 2048 tokens", work: { kind: "sft", model: "GPT 10.9M", ...large }, ...slow, bar: 1.2, memoryBar: 1.5 },
  { name: "SFT step, LoRA, GPT 10.9M x 2048 tokens", work: { kind: "sft", model: "GPT 10.9M", lora: true, ...large }, ...slow, bar: 1.2, memoryBar: 1.5 },
  { name: "reward model step, LoRA, Llama 4.6M, 8 pairs x 128", work: { kind: "reward", model: "Llama 4.6M", lora: true, ...pairs }, ...preference, bar: 1.2, memoryBar: null },
  { name: "DPO step, LoRA, Llama 4.6M, 8 pairs x 128", work: { kind: "dpo", model: "Llama 4.6M", lora: true, precomputed: false, ...pairs }, ...preference, bar: 1.2, memoryBar: null },
  { name: "DPO step, reference computed ahead on both sides", work: { kind: "dpo", model: "Llama 4.6M", lora: true, precomputed: true, ...pairs }, ...preference, bar: 1.2 },
  { name: "load 135M, stored as bfloat16, and read it once", work: { kind: "load", model: "Llama 135M", dtype: "BF16" }, warm: 1, rounds: 5, steps: 1, bar: 1, memoryBar: null },
  { name: "load 135M, stored as float32, and read it once", work: { kind: "load", model: "Llama 135M" }, warm: 1, rounds: 5, steps: 1, bar: 1, memoryBar: null },
];

/** WebAssembly against the native library run eagerly, in turns. */
async function compareWasm(rounds: number): Promise<BenchRow> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "hone-bench-"));
  try {
    const file = await prepareWork(folder, SFT_FULL);
    const [wasm, eager] = await measureInTurns([startHone(file, "wasm"), startHone(file, "eager")], { warm: 2, rounds, steps: 1 });
    const ratio = (wasm?.median ?? Number.NaN) / (eager?.median ?? Number.NaN);
    return { name: "SFT step, full, GPT .87M: WebAssembly beside the native library run eagerly", unit: "ms", hone: wasm?.median ?? Number.NaN, reference: eager?.median ?? Number.NaN, ratio, bar: 4, holds: ratio <= 4 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const trainBench: Bench = {
  name: "train",
  description: "steps of SFT, reward models and DPO, and loading a model, beside PyTorch, transformers and peft; the WebAssembly engine",
  async run({ size }) {
    const { compared, ...result } = await compareAll(COMPARISONS, size);
    const median = (index: number) => compared.get(COMPARISONS[index]?.name ?? "")?.hone.median ?? Number.NaN;
    result.rows.push(
      limitRow("LoRA / full, GPT .87M", "ratio", median(1) / median(0), 1),
      limitRow("LoRA / full, GPT 10.9M", "ratio", median(3) / median(2), 1),
      await compareWasm(size ?? 8),
    );
    return result;
  },
};
