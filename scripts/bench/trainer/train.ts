/**
 * `npm run bench -- train`: steps of fine-tuning, reward models and preference optimisation, and loading, beside PyTorch,
 * transformers and peft; WebAssembly beside the native library run operation by operation.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Bench, BenchRow } from "../report";
import { type Comparison, compareAll } from "./compare";
import { type Measured, measureInTurns, type Rounds, startHone } from "./pair";
import { prepareWork, type Work } from "./work";

const small = { rows: 8, prompt: 1, completion: 64 };
const large = { rows: 8, prompt: 1, completion: 256 };
const pairs = { rows: 8, prompt: 64, completion: 64 };
const quick = { warm: 5, rounds: 8, steps: 5 };
const slow = { warm: 2, rounds: 5, steps: 2 };
const preference = { warm: 3, rounds: 5, steps: 3 };

const SFT_FULL: Work = { kind: "sft", model: "GPT .87M", ...small };
const SFT_LARGE: Work = { kind: "sft", model: "GPT 10.9M", ...large };
const COMPARISONS: readonly Comparison[] = [
  { name: "SFT step, full, GPT .87M x 512 tokens", work: SFT_FULL, ...quick, bar: 1.2, memoryBar: 1.5 },
  { name: "SFT step, LoRA, GPT .87M x 512 tokens", work: { ...SFT_FULL, lora: true }, ...quick, bar: 1.2, memoryBar: 1.5 },
  { name: "SFT step, full, GPT 10.9M x 2048 tokens", work: SFT_LARGE, ...slow, bar: 1.2, memoryBar: 1.5 },
  { name: "SFT step, LoRA, GPT 10.9M x 2048 tokens", work: { ...SFT_LARGE, lora: true }, ...slow, bar: 1.2, memoryBar: 1.5 },
  {
    name: "reward model step, LoRA, Llama 4.6M, 8 pairs x 128",
    work: { kind: "reward", model: "Llama 4.6M", lora: true, ...pairs },
    ...preference,
    bar: 1.2,
    memoryBar: null,
  },
  {
    name: "DPO step, LoRA, Llama 4.6M, 8 pairs x 128",
    work: { kind: "dpo", model: "Llama 4.6M", lora: true, precomputed: false, ...pairs },
    ...preference,
    bar: 1.2,
    memoryBar: null,
  },
  {
    name: "DPO step, reference computed ahead on both sides",
    work: { kind: "dpo", model: "Llama 4.6M", lora: true, precomputed: true, ...pairs },
    ...preference,
    bar: 1.2,
  },
  {
    name: "load 135M, stored as bfloat16, and read it once",
    work: { kind: "load", model: "Llama 135M", dtype: "BF16" },
    warm: 1,
    rounds: 5,
    steps: 1,
    bar: 1,
    memoryBar: null,
  },
  {
    name: "load 135M, stored as float32, and read it once",
    work: { kind: "load", model: "Llama 135M" },
    warm: 1,
    rounds: 5,
    steps: 1,
    bar: 1,
    memoryBar: null,
  },
];

type Run = { work: Work; engine: "graph" | "eager" | "wasm" };

/** One way of Hone beside another, in turns. */
async function compareOwn(name: string, [first, second]: [Run, Run], rounds: Rounds, bar: number): Promise<BenchRow> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "hone-bench-"));
  try {
    const files = [
      await prepareWork(path.join(folder, "first"), first.work),
      await prepareWork(path.join(folder, "second"), second.work),
    ] as const;
    const [own, beside] = (await measureInTurns([startHone(files[0], first.engine), startHone(files[1], second.engine)], rounds)) as [
      Measured,
      Measured,
    ];
    const ratio = own.median / beside.median;
    return { name, unit: "ms", hone: own.median, reference: beside.median, ratio, bar, holds: ratio <= bar };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const trainBench: Bench = {
  name: "train",
  description: "steps of SFT, reward models and DPO, and loading a model, beside PyTorch, transformers and peft; the WebAssembly engine",
  async run({ size }) {
    const { compared: _compared, ...result } = await compareAll(COMPARISONS, size);
    const loraBesideFull = (work: Work): [Run, Run] => [
      { work: { ...work, lora: true }, engine: "graph" },
      { work, engine: "graph" },
    ];
    result.rows.push(
      await compareOwn("SFT step, GPT .87M: LoRA beside full", loraBesideFull(SFT_FULL), quick, 1),
      await compareOwn("SFT step, GPT 10.9M: LoRA beside full", loraBesideFull(SFT_LARGE), slow, 1),
      await compareOwn(
        "SFT step, full, GPT .87M: WebAssembly beside the native library run eagerly",
        [
          { work: SFT_FULL, engine: "wasm" },
          { work: SFT_FULL, engine: "eager" },
        ],
        { warm: 2, rounds: size ?? 8, steps: 1 },
        4,
      ),
    );
    return result;
  },
};
