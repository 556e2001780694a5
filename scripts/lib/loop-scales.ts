/** How much of each stage the loop runs: smoke shows that it works, demo that it helps, full with less noise. */
import type { Split } from "../../domain/prompt";
import { PREFERENCE_LOSSES } from "../../domain/run";

export type LoopScale = "smoke" | "demo" | "full";

const ONLINE = ["ppo", "grpo", "rloo"] as const;
/** What can train the loop's policy: against the reward model, or by the votes themselves. */
export const LOOP_METHODS = [...ONLINE, ...PREFERENCE_LOSSES] as const;
export type LoopMethod = (typeof LOOP_METHODS)[number];

type Stage = Record<string, unknown>;
type Scale = {
  prompts: Record<Split, number>;
  /** Prompts of each split that are sampled and judged; all of them are there for SFT, PPO and evaluation. */
  judged: Record<Split, number>;
  sft: Stage;
  sample: Stage;
  reward: Stage;
  ppo: Stage;
  preference: Stage;
  evaluation: Stage;
};

/** The policy's run at a scale. */
export function policyConfig(method: LoopMethod, { ppo, preference }: Scale): Stage {
  const online = ONLINE.find((known) => known === method);
  if (online === undefined) return { ...preference, loss: method, ...(method === "robust" ? { labelSmoothing: 0.1 } : {}) };
  return { ...ppo, method, groupSize: method === "rloo" ? 4 : 8, ...(method === "grpo" ? { klCoef: 0.04 } : {}) };
}

const SAMPLING = { temperature: 1, maxNewTokens: 80 };
/** Held-out texts are drawn a little sharper than rollouts, as a product would serve them. */
const SERVED = { temperature: 0.7, maxNewTokens: 80 };

const common = {
  // The demo's base is small enough to be trained whole.
  sft: { kind: "sft", method: "full", learningRate: 7e-4, batchSize: 16, evalSteps: 1000 },
  sample: { completionsPerPrompt: 4, batchSize: 64, sampling: SAMPLING },
  reward: { kind: "reward", learningRate: 1e-3, batchSize: 16, evalSteps: 1000 },
  // One pass over each rollout, for time: the clip fraction stays below 1 %, and the gain was there with one.
  ppo: { kind: "ppo", numPpoEpochs: 1, numMiniBatches: 4, maxPromptLength: 128, evalSteps: 10, saveSteps: 10 },
  preference: { kind: "preference", evalSteps: 1000, saveSteps: 1000 },
  evaluation: { batchSize: 64, sampling: SERVED },
};

export const LOOP_SCALES: Record<LoopScale, Scale> = {
  smoke: {
    prompts: { train: 24, validation: 6, test: 12 },
    judged: { train: 24, validation: 6, test: 12 },
    sft: { ...common.sft, batchSize: 8, maxSteps: 8 },
    sample: { ...common.sample, completionsPerPrompt: 3, batchSize: 32 },
    reward: { ...common.reward, batchSize: 8, maxSteps: 6 },
    ppo: { ...common.ppo, iterations: 2, rolloutBatchSize: 16, numPpoEpochs: 1, numMiniBatches: 1 },
    preference: { ...common.preference, batchSize: 8, maxSteps: 6 },
    evaluation: { ...common.evaluation, batchSize: 16 },
  },
  demo: {
    prompts: { train: 1600, validation: 32, test: 320 },
    judged: { train: 560, validation: 32, test: 80 },
    sft: { ...common.sft, epochs: 2 },
    sample: common.sample,
    reward: { ...common.reward, epochs: 2 },
    ppo: { ...common.ppo, iterations: 26 },
    preference: { ...common.preference, epochs: 2 },
    evaluation: { ...common.evaluation, maxPrompts: 320 },
  },
  full: {
    prompts: { train: 4000, validation: 100, test: 500 },
    judged: { train: 1600, validation: 100, test: 300 },
    sft: { ...common.sft, epochs: 3 },
    sample: common.sample,
    reward: { ...common.reward, epochs: 2 },
    ppo: { ...common.ppo, iterations: 80 },
    preference: { ...common.preference, epochs: 2 },
    evaluation: { ...common.evaluation, maxPrompts: 500 },
  },
};
