/** `npm run bench -- generate`: sampling with a key-value cache beside transformers' generate. */
import type { Bench } from "../report";
import { type Comparison, compareAll } from "./compare";

const batch = { rows: 16, prompt: 64, completion: 64 };
const COMPARISONS: readonly Comparison[] = [
  {
    name: "Llama 4.6M, 16 x (64 + 64)",
    work: { kind: "generate", model: "Llama 4.6M", ...batch },
    warm: 2,
    rounds: 8,
    steps: 1,
    unit: "ms a token",
    perStep: 64,
    bar: 1,
    memoryBar: null,
  },
  {
    name: "GPT-2 .96M, 16 x (64 + 64)",
    work: { kind: "generate", model: "GPT-2 .96M", ...batch },
    warm: 2,
    rounds: 8,
    steps: 1,
    unit: "ms a token",
    perStep: 64,
    bar: 1,
    memoryBar: null,
  },
  {
    name: "Llama 135M, 1 x (64 + 32)",
    work: { kind: "generate", model: "Llama 135M", rows: 1, prompt: 64, completion: 32 },
    warm: 2,
    rounds: 4,
    steps: 1,
    unit: "ms a token",
    perStep: 32,
    bar: 1,
    memoryBar: null,
  },
];

export const generateBench: Bench = {
  name: "generate",
  description: "sampling with a key-value cache beside transformers",
  async run({ size }) {
    const { compared: _compared, ...result } = await compareAll(COMPARISONS, size);
    return result;
  },
};
