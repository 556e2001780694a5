/** What a run will take, before it starts: steps exactly, time from past runs, memory roughly. */
import { PERTURBATIONS } from "./metrics/perturbations";
import type { RunConfig, SweepConfig } from "./run";
import { plannedTrials, planTrials, rungSizes, rungSteps, trialConfig } from "./sweep";

/** Sizes out of a model folder's config.json and its weight files. */
export type ModelShape = { parameters: number; hiddenSize: number; layers: number; vocabSize: number };

/** What the run works on. */
export type RunWork = {
  /** Training rows of the dataset version; 0 when there is none. */
  trainRows: number;
  /** Prompts of the chosen split of the project. */
  prompts: number;
  /** Mean completions of a preference row, 2 for pairs. */
  completionsPerRow: number;
};

/** Optimiser steps, PPO iterations, or completions; null where nothing is there to work on. */
export function estimateSteps(config: RunConfig, work: RunWork): number | null {
  switch (config.kind) {
    case "sft": {
      if (config.maxSteps !== null) return config.maxSteps;
      // How many sequences rows are packed into depends on their lengths, and mixing on the tasks' sizes.
      if (config.packing || config.mixing.temperature !== 1 || config.mixing.limit !== null || config.tasks.length > 0) return null;
      const perEpoch = Math.ceil(work.trainRows / (config.batchSize * config.gradientAccumulationSteps));
      return perEpoch === 0 ? null : Math.ceil(perEpoch * config.epochs);
    }
    case "reward":
    case "preference": {
      if (config.maxSteps !== null) return config.maxSteps;
      const perEpoch = Math.ceil(work.trainRows / config.batchSize);
      return perEpoch === 0 ? null : Math.ceil(perEpoch * config.epochs);
    }
    case "ppo":
      return config.iterations;
    case "evaluation": {
      const prompts = Math.min(config.maxPrompts, work.prompts);
      // At most: a prompt that a perturbation leaves as it is is not asked again.
      return prompts === 0 ? null : prompts * (config.holistic ? 1 + PERTURBATIONS.length : 1);
    }
    case "benchmark":
      // Which rows there are is known to the worker, whose folder holds them.
      return null;
    case "sample": {
      const prompts = Math.min(config.maxPrompts, work.prompts);
      return prompts === 0 ? null : prompts * config.completionsPerPrompt;
    }
    case "sweep":
      return plannedTrials(config);
    default:
      return config satisfies never;
  }
}

/** Steps of all trials of a sweep together; null where those of one cannot be known. */
export function estimateSweepSteps(sweep: SweepConfig, work: RunWork): number | null {
  const settings = planTrials(sweep);
  if (sweep.strategy === "halving")
    return rungSizes(sweep, settings.length).reduce((sum, size, rung) => sum + size * rungSteps(sweep, rung), 0);
  const each = settings.map((setting) => estimateSteps(trialConfig(sweep, setting, 0), work));
  return each.some((steps) => steps === null) ? null : each.reduce<number>((sum, steps) => sum + (steps ?? 0), 0);
}

/** Sequences that one step works through: what its time is proportional to. */
export function sequencesPerStep(config: RunConfig, work: Pick<RunWork, "completionsPerRow">): number {
  switch (config.kind) {
    case "sft":
      return config.batchSize * config.gradientAccumulationSteps;
    case "reward":
      return config.batchSize * work.completionsPerRow;
    case "preference":
      // KTO runs as many mismatched completions forward only.
      return 2 * config.batchSize * (config.loss === "kto" ? 4 / 3 : 1);
    case "ppo":
      // Generation counts as one pass, then each PPO epoch goes over the rollout forward and back.
      return config.rolloutBatchSize * (1 + config.numPpoEpochs);
    case "evaluation":
    case "benchmark":
    case "sample":
    case "sweep":
      return 1;
    default:
      return config satisfies never;
  }
}

/** What a run of this kind counts its steps in. */
export const STEP_UNITS = {
  sft: "steps",
  reward: "steps",
  preference: "steps",
  ppo: "iterations",
  evaluation: "completions",
  benchmark: "requests",
  sample: "completions",
  sweep: "trials",
} as const satisfies Record<RunConfig["kind"], string>;

/** A past run's pace: seconds a step, and the sequences that a step of it had. */
export type PastPace = { secondsPerStep: number; sequencesPerStep: number };

/**
 * Seconds the run will take at the median pace of past runs of its kind, and the range of their paces;
 * null without any.
 */
export function estimateSeconds(
  config: RunConfig,
  work: RunWork,
  steps: number,
  past: readonly PastPace[],
): { seconds: number; low: number; high: number; runs: number } | null {
  const own = sequencesPerStep(config, work);
  const times = past.map(({ secondsPerStep, sequencesPerStep: theirs }) => (secondsPerStep / theirs) * own * steps).sort((a, b) => a - b);
  const low = times[0];
  const high = times.at(-1);
  if (low === undefined || high === undefined) return null;
  const middle = (times.length - 1) / 2;
  const seconds = ((times[Math.floor(middle)] ?? low) + (times[Math.ceil(middle)] ?? high)) / 2;
  return { seconds, low, high, runs: times.length };
}

const FLOAT = 4;
/** Bytes a value in NF4 with its scales: 4 bits, 8 bits for 64 values, 4 bytes for 16,384. */
const NF4 = 0.516;

/**
 * Bytes at the peak, roughly: weights in 32 bit; gradient and two Adam moments of what is trained; and
 * the activations of one batch, about 16 hidden vectors a layer and token (Korthikanti et al. 2022, without
 * attention matrices) and three copies of the logits. Real use differs by what the engine keeps.
 */
export function estimateMemory(config: RunConfig, shape: ModelShape): number {
  const weights = shape.parameters * FLOAT;
  // Embeddings stay as they are; a head of its own is rare among models that need this.
  const embeddings = shape.vocabSize * shape.hiddenSize;
  const quantized = embeddings * FLOAT + (shape.parameters - embeddings) * NF4;
  const activations = (rows: number, tokens: number, kept: number) =>
    rows * tokens * FLOAT * (16 * shape.hiddenSize * (kept === 0 ? 1 : shape.layers) + 3 * shape.vocabSize);
  // Two matrices a linear layer, about seven linear layers a block.
  const adapter = (r: number) => shape.layers * 7 * 2 * shape.hiddenSize * r;
  const optimiser = (trained: number) => trained * FLOAT * 4;
  switch (config.kind) {
    case "sft":
      // A head is a handful of vectors on features that are read without a gradient.
      if (config.method === "head") return weights + activations(config.batchSize, config.maxLength, 0);
      if (config.method === "qlora") {
        const trained = optimiser(adapter(config.lora.r)) + activations(config.batchSize, config.maxLength, 1);
        return Math.max(quantized + trained, config.measureQuantization ? weights + activations(config.batchSize, config.maxLength, 0) : 0);
      }
      return (
        weights +
        optimiser(config.method === "full" ? shape.parameters : adapter(config.lora.r)) +
        activations(config.batchSize, config.maxLength, 1)
      );
    case "reward":
      return (
        (config.quantizeBase ? quantized : weights) +
        optimiser(adapter(config.lora.r)) +
        activations(2 * config.batchSize, config.maxLength, 1)
      );
    case "preference":
      // Logits at the completions' tokens only, which the activations' three copies of all more than cover.
      return weights + optimiser(adapter(config.lora.r)) + activations(2 * config.batchSize, config.maxLength, 1);
    case "ppo": {
      const rows = Math.ceil(config.rolloutBatchSize / config.numMiniBatches);
      const networks = config.method === "ppo" && config.valueNetwork === "reward" ? 2 : 1;
      // Policy and reward model may stand on different weights.
      return (
        (config.quantizeBase ? 2 * quantized : 2 * weights) +
        networks * (optimiser(adapter(config.lora.r)) + activations(rows, config.maxPromptLength + config.responseLength, 1))
      );
    }
    case "benchmark":
      // Prompts with examples fill what the model reads; small models read less.
      return weights + activations(config.batchSize, 1024, 0);
    case "evaluation":
    case "sample": {
      const cache = config.batchSize * config.sampling.maxNewTokens * 2 * shape.layers * shape.hiddenSize * FLOAT;
      return weights + cache + activations(config.batchSize, 1, 0);
    }
    case "sweep":
      return estimateMemory(config.trial, shape);
    default:
      return config satisfies never;
  }
}
