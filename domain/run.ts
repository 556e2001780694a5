/** A run: kind, strict config, and the states it moves through. The field names are TRL's where TRL has one. */
import { z } from "zod";
import { samplingSchema } from "./completion";

export const runKindSchema = z.enum(["sft", "reward", "ppo", "evaluation", "sample"]);
export type RunKind = z.infer<typeof runKindSchema>;

export const RUN_STATES = ["queued", "running", "paused", "succeeded", "failed", "cancelled"] as const;
export const runStateSchema = z.enum(RUN_STATES);
export type RunState = z.infer<typeof runStateSchema>;

/** Allowed transitions; running -> queued is a run whose worker died and that another will resume. */
export const RUN_TRANSITIONS: Record<RunState, readonly RunState[]> = {
  queued: ["running", "paused", "cancelled", "failed"],
  running: ["paused", "succeeded", "failed", "cancelled", "queued"],
  paused: ["queued", "cancelled"],
  succeeded: [],
  failed: ["queued"],
  cancelled: [],
};

export const loraConfigSchema = z.strictObject({
  r: z.number().int().min(1).max(256).default(16),
  loraAlpha: z.number().positive().default(32),
  useRslora: z.boolean().default(false),
  /** Module names, or "all-linear". */
  targetModules: z.union([z.literal("all-linear"), z.array(z.string().min(1)).min(1)]).default("all-linear"),
});
export type LoraConfig = z.infer<typeof loraConfigSchema>;

/** Where the loss is on fixed data, so that dropout is of use: SFT and reward models. */
const droppingLoraSchema = loraConfigSchema.extend({
  /** Share of a linear layer's inputs that its adapter does not see in a training step. */
  loraDropout: z.number().min(0).lt(1).default(0),
});

/** Hold the frozen base in NF4 (QLoRA): about an eighth of its memory, some quality, slower steps. */
const quantizeBase = z.boolean().default(false);

const optimiserFields = {
  learningRate: z.number().positive().max(1),
  lrSchedule: z.enum(["constant", "linear", "cosine"]).default("linear"),
  warmupSteps: z.number().int().min(0).default(0),
  weightDecay: z.number().min(0).default(0),
  maxGradNorm: z.number().positive().nullable().default(1),
  adamBeta1: z.number().min(0).lt(1).default(0.9),
  adamBeta2: z.number().min(0).lt(1).default(0.999),
  adamEpsilon: z.number().positive().default(1e-8),
};

const commonFields = {
  seed: z.number().int().min(0).default(1),
  /** Steps between checkpoints. */
  saveSteps: z.number().int().min(1).default(50),
  /** Steps between validation passes and sample tables; 0 turns them off. */
  evalSteps: z.number().int().min(0).default(25),
};

export const sftConfigSchema = z.strictObject({
  kind: z.literal("sft"),
  ...commonFields,
  ...optimiserFields,
  learningRate: optimiserFields.learningRate.default(1e-3),
  method: z.enum(["full", "lora", "qlora"]).default("lora"),
  lora: droppingLoraSchema.default(() => droppingLoraSchema.parse({})),
  /** QLoRA: the base's validation loss before and after quantisation. Loads it once as it is, which needs that memory. */
  measureQuantization: z.boolean().default(true),
  epochs: z.number().positive().default(2),
  maxSteps: z.number().int().min(1).nullable().default(null),
  batchSize: z.number().int().min(1).default(16),
  gradientAccumulationSteps: z.number().int().min(1).default(1),
  maxLength: z.number().int().min(8).default(256),
});

export const rewardConfigSchema = z.strictObject({
  kind: z.literal("reward"),
  ...commonFields,
  ...optimiserFields,
  learningRate: optimiserFields.learningRate.default(1e-3),
  lora: droppingLoraSchema.default(() => droppingLoraSchema.parse({})),
  quantizeBase,
  epochs: z.number().positive().default(3),
  maxSteps: z.number().int().min(1).nullable().default(null),
  batchSize: z.number().int().min(1).default(16),
  maxLength: z.number().int().min(8).default(256),
  /** lambda of mean((c + r)^2); 0 is off (TRL center_rewards_coefficient). */
  centerRewardsCoefficient: z.number().min(0).default(0.01),
  /** Subtract the vote's margin (0..3) times this inside the sigmoid; 0 ignores margins. */
  marginScale: z.number().min(0).default(0),
});

/** The defaults suit LoRA on models of a few million parameters, as measured on the demo; TRL's are a preset. */
export const ppoConfigSchema = z.strictObject({
  kind: z.literal("ppo"),
  ...commonFields,
  ...optimiserFields,
  learningRate: optimiserFields.learningRate.default(1e-3),
  lrSchedule: optimiserFields.lrSchedule.default("constant"),
  adamEpsilon: optimiserFields.adamEpsilon.default(1e-5),
  saveSteps: commonFields.saveSteps.default(5),
  evalSteps: commonFields.evalSteps.default(5),
  lora: loraConfigSchema.default(() => loraConfigSchema.parse({})),
  quantizeBase,
  /** PPO iterations: one rollout batch and its updates each. */
  iterations: z.number().int().min(1).default(30),
  rolloutBatchSize: z.number().int().min(1).default(64),
  numPpoEpochs: z.number().int().min(1).default(2),
  numMiniBatches: z.number().int().min(1).default(2),
  responseLength: z.number().int().min(1).default(80),
  maxPromptLength: z.number().int().min(1).default(192),
  temperature: z.number().positive().default(1),
  gamma: z.number().min(0).max(1).default(1),
  lam: z.number().min(0).max(1).default(0.95),
  cliprange: z.number().positive().default(0.2),
  cliprangeValue: z.number().positive().default(0.2),
  vfCoef: z.number().min(0).default(0.1),
  klCoef: z.number().min(0).default(0.1),
  klEstimator: z.enum(["k1", "k3"]).default("k1"),
  /** Adaptive controller (Ziegler et al. 2019); fixed when null. */
  adaptiveKl: z.strictObject({ target: z.number().positive(), horizon: z.number().positive() }).nullable().default(null),
  whitenRewards: z.boolean().default(false),
  missingEosPenalty: z.number().min(0).nullable().default(1),
  /** Scale the reward model to mean 0, std 1 on reference samples before the first rollout. */
  normalizeRewards: z.boolean().default(true),
});

export const evaluationConfigSchema = z.strictObject({
  kind: z.literal("evaluation"),
  seed: commonFields.seed,
  split: z.enum(["validation", "test"]).default("test"),
  maxPrompts: z.number().int().min(1).default(200),
  sampling: samplingSchema.default(() => samplingSchema.parse({ maxNewTokens: 80 })),
  batchSize: z.number().int().min(1).default(32),
  /** Demo prompts only: the hidden taste by which simulated annotators judge, as a score. */
  goldTaste: z.enum(["faithful", "concise", "detailed"]).nullable().default(null),
});

export const sampleConfigSchema = z.strictObject({
  kind: z.literal("sample"),
  seed: commonFields.seed,
  split: z.enum(["train", "validation", "test"]).default("train"),
  maxPrompts: z.number().int().min(1).default(100),
  completionsPerPrompt: z.number().int().min(1).max(9).default(2),
  /** Make items of the sampled completions, ready for the annotators. */
  createItems: z.boolean().default(true),
  sampling: samplingSchema.default(() => samplingSchema.parse({ maxNewTokens: 80 })),
  batchSize: z.number().int().min(1).default(32),
});

export const runConfigSchema = z.discriminatedUnion("kind", [
  sftConfigSchema,
  rewardConfigSchema,
  ppoConfigSchema,
  evaluationConfigSchema,
  sampleConfigSchema,
]);
export type RunConfig = z.infer<typeof runConfigSchema>;
export type SftConfig = z.infer<typeof sftConfigSchema>;
export type RewardConfig = z.infer<typeof rewardConfigSchema>;
export type PpoConfig = z.infer<typeof ppoConfigSchema>;
export type EvaluationConfig = z.infer<typeof evaluationConfigSchema>;
export type SampleConfig = z.infer<typeof sampleConfigSchema>;

/** What a run tells the world as it goes; stored in order, one sequence number each. */
export type RunEvent =
  | { kind: "metric"; step: number; values: Record<string, number> }
  | { kind: "sample"; step: number; rows: SampleRow[] }
  | { kind: "log"; level: "info" | "warning" | "error"; message: string }
  | { kind: "state"; from: RunState | null; to: RunState; reason: string }
  | { kind: "checkpoint"; step: number; checkpointId: string; final: boolean };

export type SampleRow = {
  prompt: string;
  completion: string;
  reference: string | null;
  score: number | null;
  kl: number | null;
};
