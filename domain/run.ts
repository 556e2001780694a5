/** A run: kind, strict config, and the states it moves through. The field names are TRL's where TRL has one. */
import { z } from "zod";
import { samplingSchema } from "./completion";
import type { TaskReport } from "./task-report";
import { findSuite, findTask, SUITES } from "./tasks/registry";

export const runKindSchema = z.enum(["sft", "reward", "preference", "ppo", "evaluation", "benchmark", "sample", "judge", "score", "sweep"]);
export type RunKind = z.infer<typeof runKindSchema>;

export const RUN_STATES = ["queued", "running", "paused", "succeeded", "failed", "cancelled"] as const;
export const runStateSchema = z.enum(RUN_STATES);
export type RunState = z.infer<typeof runStateSchema>;

/** Allowed transitions; running -> queued is a run whose worker died and that another will resume. */
export const RUN_TRANSITIONS: Record<RunState, readonly RunState[]> = {
  queued: ["running", "paused", "cancelled", "failed"],
  running: ["paused", "succeeded", "failed", "cancelled", "queued"],
  paused: ["queued", "cancelled"],
  // A run on an endpoint may ask again for what failed.
  succeeded: ["queued"],
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

/** What a training step keeps in memory at once, and how exactly it computes. */
const memoryFields = {
  /** Layers are computed again in the backward pass instead of being kept: far less memory, a third to a half more time. */
  gradientCheckpointing: z.boolean().default(false),
  /** Products of linear layers in bfloat16, sums, trained weights and loss in float32: faster where the processor has it. */
  precision: z.enum(["f32", "bf16"]).default("f32"),
  /** How the frozen base of an adapter is held: in bf16 it takes half the memory, and of a base in NF4 its embeddings do. */
  baseStorage: z.enum(["f32", "bf16"]).default("f32"),
};

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

const sftFields = {
  /** Where the weights start: the checkpoint's own, or fresh ones of its shape, against which transfer learning is measured. */
  initialisation: z.enum(["pretrained", "random"]).default("pretrained"),
  /** What the head of method "head" predicts: the label's class, or its number. */
  head: z.enum(["classification", "regression"]).default("classification"),
  /** QLoRA: the base's validation loss before and after quantisation. Loads it once as it is, which needs that memory. */
  measureQuantization: z.boolean().default(true),
  epochs: z.number().positive().default(2),
  maxSteps: z.number().int().min(1).nullable().default(null),
  batchSize: z.number().int().min(1).default(16),
  gradientAccumulationSteps: z.number().int().min(1).default(1),
  maxLength: z.number().int().min(8).default(256),
  /** What becomes of a row longer than maxLength: left out, or cut on this side. */
  truncation: z.enum(["drop", "left", "right"]).default("drop"),
  paddingSide: z.enum(["right", "left"]).default("right"),
  /** Several rows in one sequence of maxLength tokens; none sees another. */
  packing: z.boolean().default(false),
  /** Rows whose gradient is computed at once: the whole batch, a number, or as many as fit into the memory. */
  microBatchSize: z
    .union([z.literal("auto"), z.number().int().min(1)])
    .nullable()
    .default(null),
  /** How a conversation becomes text: the model's own chat template, a known instruction template, or `customTemplate`. */
  template: z.enum(["model", "alpaca", "chatml", "plain", "custom"]).default("model"),
  /** Jinja with `messages` and `add_generation_prompt`, as in tokenizer_config.json. */
  customTemplate: z.string().min(1).nullable().default(null),
  /** Train on these tasks only; empty trains on all. Validation covers every task of the dataset version. */
  tasks: z.array(z.string().min(1)).default([]),
  /** Rates of the tasks (Raffel et al. 2020, section 3.5.2): sizes capped at `limit`, to the power of 1 / temperature. */
  mixing: z
    .strictObject({ temperature: z.number().min(1).default(1), limit: z.number().int().min(1).nullable().default(null) })
    .default({ temperature: 1, limit: null }),
  /** Validations without an improvement by more than the threshold after which the run ends; null never does. */
  earlyStoppingPatience: z.number().int().min(1).nullable().default(null),
  earlyStoppingThreshold: z.number().min(0).default(0),
  /** The result is the step of the lowest validation loss instead of the last one. */
  keepBest: z.boolean().default(false),
  /** Held-out rows of each task that are answered before and after the run, for its report; 0 leaves it out. */
  reportRows: z.number().int().min(0).max(500).default(0),
  /** Examples in the prompt of the few-shot column of that report; 0 leaves it out. */
  reportShots: z.number().int().min(0).max(16).default(0),
};

/** What one field alone cannot say. */
function checkSftConfig(
  config: { [K in keyof typeof sftFields]: z.infer<(typeof sftFields)[K]> } & { method: string; evalSteps: number; baseStorage: string },
  ctx: z.RefinementCtx,
): void {
  const refuse = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if (config.initialisation === "random" && config.method !== "full")
    refuse("initialisation", "Fresh weights need full fine-tuning: an adapter or a head would be all that learns");
  if ((config.template === "custom") !== (config.customTemplate !== null))
    refuse("customTemplate", config.template === "custom" ? "Enter the template" : "Only for the template Custom");
  if (config.baseStorage === "bf16" && config.method === "full")
    refuse("baseStorage", "Full fine-tuning trains the base, which has to be float32");
  if (config.packing && config.method === "head") refuse("packing", "A head reads one row a sequence");
  if (config.packing && config.paddingSide === "left") refuse("paddingSide", "Packed sequences are padded on the right");
  if (config.evalSteps === 0 && config.earlyStoppingPatience !== null)
    refuse("earlyStoppingPatience", "Early stopping needs validation; it is turned off");
  if (config.evalSteps === 0 && config.keepBest) refuse("keepBest", "Choosing the best step needs validation; it is turned off");
  if (config.reportShots > 0 && config.reportRows === 0) refuse("reportShots", "The report has no rows");
}

export const sftConfigSchema = z
  .strictObject({
    kind: z.literal("sft"),
    ...commonFields,
    ...memoryFields,
    ...optimiserFields,
    learningRate: optimiserFields.learningRate.default(1e-3),
    /** "head" trains a new head on the features of a frozen base (feature extraction). */
    method: z.enum(["full", "lora", "qlora", "head"]).default("lora"),
    lora: droppingLoraSchema.default(() => droppingLoraSchema.parse({})),
    ...sftFields,
  })
  .superRefine(checkSftConfig);

export const rewardConfigSchema = z.strictObject({
  kind: z.literal("reward"),
  ...commonFields,
  ...memoryFields,
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
  /** What rated rows teach: their order alone, their ratings as numbers, or as levels. */
  ratingLoss: z.enum(["ranking", "regression", "ordinal"]).default("ranking"),
  /** Weight of a rated row against a compared one. */
  ratingWeight: z.number().min(0).default(1),
  /** Ordinal: levels of the scale. */
  ratingLevels: z.number().int().min(2).max(100).default(5),
});

export const PREFERENCE_LOSSES = ["dpo", "ipo", "hinge", "robust", "kto", "orpo"] as const;

/** Preference optimisation without a reward model. The learning rate suits LoRA on small models; TRL's is a preset. */
export const preferenceConfigSchema = z.strictObject({
  kind: z.literal("preference"),
  ...commonFields,
  ...memoryFields,
  ...optimiserFields,
  learningRate: optimiserFields.learningRate.default(5e-4),
  lora: loraConfigSchema.default(() => loraConfigSchema.parse({})),
  loss: z.enum(PREFERENCE_LOSSES).default("dpo"),
  /** How far the policy may stray from the reference: small strays far. ORPO: weight of the odds ratio. */
  beta: z.number().positive().default(0.1),
  /** Share of votes taken to be wrong: conservative DPO with the loss dpo, unbiased with robust. */
  labelSmoothing: z.number().min(0).lt(0.5).default(0),
  /** KTO: weights of preferred and of other completions. */
  desirableWeight: z.number().min(0).default(1),
  undesirableWeight: z.number().min(0).default(1),
  epochs: z.number().positive().default(2),
  maxSteps: z.number().int().min(1).nullable().default(null),
  batchSize: z.number().int().min(1).default(16),
  maxLength: z.number().int().min(8).default(256),
});

/** The defaults suit LoRA on models of a few million parameters, as measured on the demo; TRL's are a preset. */
export const ppoConfigSchema = z
  .strictObject({
    kind: z.literal("ppo"),
    /** GRPO and RLOO compare completions of one prompt and have no value function. */
    method: z.enum(["ppo", "grpo", "rloo"]).default("ppo"),
    /** Completions of one prompt in a rollout, for GRPO and RLOO. */
    groupSize: z.number().int().min(2).default(8),
    /** GRPO: mean over all tokens of a minibatch (DAPO), or within each completion first (the paper). */
    lossAggregation: z.enum(["token", "sequence"]).default("token"),
    ...commonFields,
    ...memoryFields,
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
    /** Bounds the loss of tokens with a negative advantage at this times the advantage (Ye et al. 2020); 3 is usual. */
    dualClip: z.number().gt(1).nullable().default(null),
    vfCoef: z.number().min(0).default(0.1),
    /** PPO: a linear head on the policy's hidden states, or a network that starts from the reward model. */
    valueNetwork: z.enum(["head", "reward"]).default("head"),
    klCoef: z.number().min(0).default(0.1),
    klEstimator: z.enum(["k1", "k3"]).default("k1"),
    /** Adaptive controller (Ziegler et al. 2019); fixed when null. */
    adaptiveKl: z.strictObject({ target: z.number().positive(), horizon: z.number().positive() }).nullable().default(null),
    whitenRewards: z.boolean().default(false),
    missingEosPenalty: z.number().min(0).nullable().default(1),
    /** Scale the reward model to mean 0, std 1 on reference samples before the first rollout. */
    normalizeRewards: z.boolean().default(true),
    /** Ends the updates of an iteration whose approxkl is above 1.5 times this. */
    targetKl: z.number().positive().nullable().default(null),
    /** End the run, with its result, where the mean KL of a completion or the mean length passes these. */
    maxKl: z.number().positive().nullable().default(null),
    maxMeanLength: z.number().positive().nullable().default(null),
  })
  .refine(({ method, groupSize, rolloutBatchSize }) => method === "ppo" || rolloutBatchSize % groupSize === 0, {
    path: ["groupSize"],
    message: "The rollout batch has to be a multiple of the completions a prompt",
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
  /** HELM's seven metrics too: samples up to four more answers a prompt, to changed prompts. */
  holistic: z.boolean().default(false),
});

export const benchmarkConfigSchema = z.strictObject({
  kind: z.literal("benchmark"),
  seed: commonFields.seed,
  /** Names of suites and tasks (domain/tasks/registry.ts). */
  tasks: z
    .array(
      z.string().refine((name) => findSuite(name) !== undefined || findTask(name) !== undefined, {
        error: ({ input }) => `There is no task or suite "${String(input)}"; suites are ${SUITES.map(({ name }) => name).join(", ")}`,
      }),
    )
    .min(1, "Enter a suite or a task")
    .default(["glue"]),
  /** Examples before each item; each task's own number when null. */
  shots: z.number().int().min(0).max(64).nullable().default(null),
  /** The first rows of each task; all when null. */
  limit: z.number().int().min(1).nullable().default(null),
  batchSize: z.number().int().min(1).default(16),
  /** "hub": what the folder does not have is fetched from the Hugging Face hub. */
  files: z.enum(["folder", "hub"]).default("folder"),
  /** Commits of the hub's data sets, owner/name@commit; of the others the newest, which a run puts here when it begins. */
  revisions: z
    .array(
      z.string().regex(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/, "owner/name@ and a commit of 40 digits, as in the hub's history of the data set"),
    )
    .default([]),
  /** Below benchmarks/ in the worker's data folder; null: benchmarks/ itself where it has the task, else the samples. */
  dataFolder: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/, "Letters, digits, -, _ and . between slashes")
    .refine((folder) => !folder.split("/").includes(".."), "Must stay below the benchmarks folder")
    .nullable()
    .default(null),
});

/** Of runs that ask an endpoint. */
const requestFields = {
  /** Tries of one request before it counts as failed. */
  maxTries: z.number().int().min(1).max(20).default(6),
  /** US dollars; the run pauses before it could cost more. */
  maxCost: z.number().positive().nullable().default(null),
};

export const sampleConfigSchema = z.strictObject({
  kind: z.literal("sample"),
  seed: commonFields.seed,
  split: z.enum(["train", "validation", "test"]).default("train"),
  maxPrompts: z.number().int().min(1).default(100),
  /** Just these prompts, of any split. */
  promptIds: z.array(z.uuid()).min(1).max(5000).optional(),
  completionsPerPrompt: z.number().int().min(1).max(9).default(2),
  /** Leave out prompts that have as many completions of this model already. */
  onlyMissing: z.boolean().default(false),
  /** Make items of the sampled completions, ready for the annotators. */
  createItems: z.boolean().default(true),
  sampling: samplingSchema.default(() => samplingSchema.parse({ maxNewTokens: 80 })),
  batchSize: z.number().int().min(1).default(32),
  ...requestFields,
});

export const judgeConfigSchema = z.strictObject({
  kind: z.literal("judge"),
  seed: commonFields.seed,
  /** The models whose completions are compared; the start refuses a run without them. */
  firstModelId: z.uuid("Choose a model").nullable().default(null),
  secondModelId: z.uuid("Choose a model").nullable().default(null),
  split: z.enum(["train", "validation", "test"]).default("test"),
  /** The newest completion of each model for a prompt, or the pairs that people have voted on. */
  pairs: z.enum(["newest", "voted"]).default("newest"),
  maxPairs: z.number().int().min(1).default(200),
  /** Tell the judge the project's guidelines, and the prompt's reference answer. */
  useGuidelines: z.boolean().default(true),
  useReference: z.boolean().default(false),
  temperature: z.number().min(0).max(5).default(0),
  maxNewTokens: z.number().int().min(16).max(4096).default(512),
  ...requestFields,
});

/** Stores what a reward checkpoint (the run's base) gives completions that it has not scored yet. */
export const scoreConfigSchema = z.strictObject({
  kind: z.literal("score"),
  /** Nothing is drawn; every run has one. */
  seed: commonFields.seed,
  split: z.enum(["all", "train", "validation", "test"]).default("all"),
  /** Leave out what nobody has judged. */
  judgedOnly: z.boolean().default(false),
  batchSize: z.number().int().min(1).default(32),
});

/** Runs that a sweep may have as its trials. */
export const trialConfigSchema = z.discriminatedUnion("kind", [
  sftConfigSchema,
  rewardConfigSchema,
  preferenceConfigSchema,
  ppoConfigSchema,
]);
export type TrialConfig = z.infer<typeof trialConfigSchema>;

const TRIAL_KINDS: readonly string[] = ["sft", "reward", "preference", "ppo"] satisfies TrialConfig["kind"][];
export const isTrialKind = (kind: RunKind): kind is TrialConfig["kind"] => TRIAL_KINDS.includes(kind);

const sweepValueSchema = z.union([z.number(), z.string(), z.boolean(), z.null()]);
export type SweepValue = z.infer<typeof sweepValueSchema>;

/** A field of the trials' config, by its dotted path, and where to look for it. */
export const sweepParameterSchema = z.union([
  z.strictObject({ path: z.string().min(1), values: z.array(sweepValueSchema).min(1).max(50) }),
  z.strictObject({ path: z.string().min(1), min: z.number(), max: z.number(), scale: z.enum(["linear", "log"]) }),
]);
export type SweepParameter = z.infer<typeof sweepParameterSchema>;

/** A run of runs: its children are ordinary runs in the queue. */
export const sweepConfigSchema = z.strictObject({
  kind: z.literal("sweep"),
  seed: commonFields.seed,
  /** What every trial has, but for the parameters. */
  trial: trialConfigSchema,
  strategy: z.enum(["grid", "random", "halving"]).default("random"),
  parameters: z.array(sweepParameterSchema).min(1).max(12),
  /** Settings that are tried; a grid tries all of them. */
  trials: z.number().int().min(2).max(200).default(8),
  /** What is compared: the best value that a trial reports. */
  metric: z.string().min(1).default("loss/validation"),
  direction: z.enum(["min", "max"]).default("min"),
  /** Halving: one in `eta` goes on with `eta` times the steps. */
  eta: z.number().int().min(2).max(8).default(3),
  /** Halving: steps of the first rung. */
  minSteps: z.number().int().min(1).default(20),
});
export type SweepConfig = z.infer<typeof sweepConfigSchema>;

export const runConfigSchema = z.discriminatedUnion("kind", [
  sftConfigSchema,
  rewardConfigSchema,
  preferenceConfigSchema,
  ppoConfigSchema,
  evaluationConfigSchema,
  benchmarkConfigSchema,
  sampleConfigSchema,
  judgeConfigSchema,
  scoreConfigSchema,
  sweepConfigSchema,
]);
export type RunConfig = z.infer<typeof runConfigSchema>;
export type SftConfig = z.infer<typeof sftConfigSchema>;
export type RewardConfig = z.infer<typeof rewardConfigSchema>;
export type PreferenceConfig = z.infer<typeof preferenceConfigSchema>;
export type PpoConfig = z.infer<typeof ppoConfigSchema>;
export type EvaluationConfig = z.infer<typeof evaluationConfigSchema>;
export type BenchmarkConfig = z.infer<typeof benchmarkConfigSchema>;
export type ScoreConfig = z.infer<typeof scoreConfigSchema>;
export type SampleConfig = z.infer<typeof sampleConfigSchema>;
export type JudgeConfig = z.infer<typeof judgeConfigSchema>;

/** What a run tells the world as it goes; stored in order, one sequence number each. */
export type RunEvent =
  | { kind: "metric"; step: number; values: Record<string, number> }
  | { kind: "sample"; step: number; rows: SampleRow[] }
  | { kind: "log"; level: "info" | "warning" | "error"; message: string }
  | { kind: "state"; from: RunState | null; to: RunState; reason: string }
  | { kind: "report"; report: TaskReport }
  | { kind: "checkpoint"; step: number; checkpointId: string; final: boolean };

export type SampleRow = {
  prompt: string;
  completion: string;
  reference: string | null;
  score: number | null;
  kl: number | null;
};
