/** `npm run bench -- ppo`: whole iterations (sampling, scores, log-probabilities, four epochs of updates) beside trl's PPOTrainer. */
import type { Bench } from "../report";
import { type Comparison, compareAll } from "./compare";

const rollout = { rows: 16, prompt: 48, completion: 32 };
const rounds = { warm: 2, rounds: 5, steps: 1 };
const COMPARISONS: readonly Comparison[] = [
  {
    name: "PPO iteration, LoRA, Llama 4.6M, 16 x (48 + 32), 4 epochs; value head (trl: a value model, its only way)",
    work: { kind: "ppo", model: "Llama 4.6M", value: "head", ...rollout },
    ...rounds,
    bar: 1,
    memoryBar: null,
  },
  {
    name: "the same with a value network of its own (Hone: LoRA, trl: full)",
    work: { kind: "ppo", model: "Llama 4.6M", value: "network", ...rollout },
    ...rounds,
    bar: 1,
    memoryBar: null,
  },
];

export const ppoBench: Bench = {
  name: "ppo",
  description: "one iteration of PPO beside trl",
  async run({ size }) {
    const { compared: _compared, ...result } = await compareAll(COMPARISONS, size);
    return result;
  },
};
