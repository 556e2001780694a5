/** Starting points for the start form: a name, what it is for, and what it changes of the defaults. */
import { type RunConfig, type RunKind, runConfigSchema } from "./run";

export type RunPreset = { name: string; purpose: string; changes: Record<string, unknown> };

export const RUN_PRESETS: Readonly<Record<RunKind, readonly RunPreset[]>> = {
  sweep: [],
  sft: [
    { name: "Default", purpose: "LoRA, two epochs", changes: {} },
    { name: "Quick look", purpose: "Does it learn at all: 50 steps", changes: { maxSteps: 50, evalSteps: 10, saveSteps: 25 } },
    { name: "QLoRA", purpose: "The base in 4 bits, for models that are large for the memory at hand", changes: { method: "qlora" } },
    { name: "Full fine-tuning", purpose: "All weights, a little lower learning rate", changes: { method: "full", learningRate: 7e-4 } },
    {
      name: "Feature extraction",
      purpose: "A classifier of the rows' labels on a frozen base",
      changes: { method: "head", epochs: 30, learningRate: 1e-2, evalSteps: 50 },
    },
    {
      name: "Stop in time",
      purpose: "Ends when validation stops improving, keeps the best step",
      changes: { epochs: 10, earlyStoppingPatience: 3, keepBest: true },
    },
    {
      name: "Before and after",
      purpose: "Reports each task before and after, beside two-shot prompting",
      changes: { reportRows: 40, reportShots: 2 },
    },
    {
      name: "From scratch",
      purpose: "The same with random weights: what pretraining is worth",
      changes: { method: "full", initialisation: "random", learningRate: 1e-3 },
    },
  ],
  reward: [
    { name: "Default", purpose: "Three epochs, centred rewards", changes: {} },
    { name: "Quick look", purpose: "Does it learn at all: 50 steps", changes: { maxSteps: 50, evalSteps: 10, saveSteps: 25 } },
    { name: "With margins", purpose: "Much better counts more than slightly better", changes: { marginScale: 0.3 } },
    {
      name: "With ratings",
      purpose: "Rated completions teach their levels of five, beside comparisons",
      changes: { ratingLoss: "ordinal" },
    },
  ],
  preference: [
    { name: "DPO", purpose: "Two epochs, beta 0.1", changes: {} },
    { name: "Quick look", purpose: "Does it learn at all: 50 steps", changes: { maxSteps: 50, evalSteps: 10, saveSteps: 25 } },
    { name: "Noisy votes", purpose: "Robust DPO, one vote in ten taken to be wrong", changes: { loss: "robust", labelSmoothing: 0.1 } },
    { name: "IPO", purpose: "Squared loss with a target: no drift on certain votes", changes: { loss: "ipo" } },
    { name: "KTO", purpose: "Each completion by itself as good or bad", changes: { loss: "kto" } },
    { name: "ORPO", purpose: "Fine-tuning and preferences in one, from a base model", changes: { loss: "orpo" } },
    {
      name: "As TRL",
      purpose: "The defaults of trl 1.12, for models of billions of parameters",
      changes: { learningRate: 1e-6, epochs: 3, batchSize: 8 },
    },
  ],
  ppo: [
    { name: "Default", purpose: "30 iterations, fixed KL coefficient", changes: {} },
    { name: "Quick look", purpose: "Five small iterations", changes: { iterations: 5, rolloutBatchSize: 16, saveSteps: 5, evalSteps: 1 } },
    { name: "GRPO", purpose: "Eight completions a prompt against one another, KL in the loss", changes: { method: "grpo", klCoef: 0.04 } },
    { name: "RLOO", purpose: "Four completions a prompt, each against the mean of the others", changes: { method: "rloo", groupSize: 4 } },
    {
      name: "Careful",
      purpose: "Own value network, bounded updates, ends when it strays",
      changes: { valueNetwork: "reward", dualClip: 3, targetKl: 0.05, maxKl: 20 },
    },
    {
      name: "Adaptive KL",
      purpose: "The coefficient follows a target of 6 (Ziegler et al. 2019)",
      changes: { adaptiveKl: { target: 6, horizon: 10000 }, klCoef: 0.15 },
    },
    {
      name: "As TRL",
      purpose: "The defaults of trl 1.12, for models of billions of parameters",
      changes: {
        learningRate: 3e-6,
        numPpoEpochs: 4,
        numMiniBatches: 1,
        klCoef: 0.05,
        temperature: 0.7,
        responseLength: 53,
        missingEosPenalty: null,
        normalizeRewards: false,
      },
    },
  ],
  evaluation: [
    { name: "Default", purpose: "200 test prompts", changes: {} },
    { name: "Greedy", purpose: "Temperature 0: no chance in the completions", changes: { sampling: { temperature: 0 } } },
    { name: "Quick look", purpose: "32 validation prompts", changes: { split: "validation", maxPrompts: 32 } },
  ],
  benchmark: [
    { name: "GLUE", purpose: "Nine tasks of understanding sentences", changes: { tasks: ["glue"] } },
    { name: "SuperGLUE", purpose: "Eight harder tasks and two diagnostics", changes: { tasks: ["super_glue"] } },
    { name: "MMLU", purpose: "57 subjects, 5 examples each", changes: { tasks: ["mmlu"] } },
    { name: "HELM core", purpose: "Questions, summaries, sentiment, toxicity and MMLU", changes: { tasks: ["helm"] } },
    { name: "Quick look", purpose: "20 rows of every GLUE and SuperGLUE task", changes: { tasks: ["glue", "super_glue"], limit: 20 } },
  ],
  sample: [
    { name: "Pairs", purpose: "Two completions a prompt, ready to be judged", changes: {} },
    { name: "Rankings", purpose: "Four completions a prompt", changes: { completionsPerPrompt: 4 } },
  ],
};

/** The defaults of a kind with a preset's changes. */
export function presetConfig(kind: RunKind, preset: RunPreset | undefined): RunConfig {
  return runConfigSchema.parse({ kind, ...preset?.changes });
}
