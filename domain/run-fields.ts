/**
 * The fields of each kind of run as a person fills them in: label, unit, usual range. What is allowed
 * and what the defaults are is in run.ts alone; here is only how a config is shown and read back.
 */
import type { z } from "zod";
import { type RunConfig, type RunKind, runConfigSchema } from "./run";

export type RunFieldInput = "integer" | "number" | "boolean" | "choice" | "list" | "text" | "model";

export type RunField = {
  /** Place in the config, dots between levels. */
  path: string;
  label: string;
  group: string;
  input: RunFieldInput;
  /** Unit and usual range, for the hint under the field. */
  hint: string;
  /** Values of a choice; "" stands for null. */
  choices?: readonly { value: string; label: string }[];
  /** What an empty field means; only where the config allows null. */
  empty?: string;
  /** Shown only where another field, or `source`, has one of these values; hidden fields keep theirs. */
  when?: { path: string; is: readonly string[] };
};

/** Whether a field has a say in the config that the form shows. */
export const isFieldUsed = ({ when }: RunField, values: RunFormValues): boolean =>
  when === undefined || when.is.includes(String(values[when.path]));

const field = (group: string, path: string, label: string, input: RunFieldInput, hint: string, more: Partial<RunField> = {}): RunField => ({
  path,
  label,
  group,
  input,
  hint,
  ...more,
});

const SEED = field("Main", "seed", "Seed", "integer", "Whole number; the same seed gives the same run");
const SAVE = field("Main", "saveSteps", "Checkpoint every", "integer", "Steps; what a lost worker costs at most");
const EVAL = field("Main", "evalSteps", "Validate every", "integer", "Steps; 0 turns validation and sample tables off");

const optimiser = (learningRate: string): RunField[] => [
  field("Optimiser", "learningRate", "Learning rate", "number", learningRate),
  field("Optimiser", "lrSchedule", "Schedule", "choice", "How the learning rate goes on after the warm-up", {
    choices: [
      { value: "constant", label: "Constant" },
      { value: "linear", label: "Linear to 0" },
      { value: "cosine", label: "Cosine to 0" },
    ],
  }),
  field("Optimiser", "warmupSteps", "Warm-up", "integer", "Steps; usually 0 to 10 % of the run"),
  field("Optimiser", "weightDecay", "Weight decay", "number", "Per step, times the learning rate; usually 0 to 0.1"),
  field("Optimiser", "maxGradNorm", "Gradient clipping", "number", "Largest norm; usually 0.5 to 1", { empty: "Empty: no clipping" }),
  field("Optimiser", "adamBeta1", "Adam beta 1", "number", "0 to under 1; usually 0.9"),
  field("Optimiser", "adamBeta2", "Adam beta 2", "number", "0 to under 1; usually 0.95 to 0.999"),
  field("Optimiser", "adamEpsilon", "Adam epsilon", "number", "Usually 1e-8; PPO 1e-5"),
];

const LORA: RunField[] = [
  field("LoRA", "lora.r", "Rank", "integer", "1 to 256; usually 8 to 64"),
  field("LoRA", "lora.loraAlpha", "Alpha", "number", "The adapter's weight is alpha / rank; usually 1 to 2 times the rank"),
  field("LoRA", "lora.useRslora", "Scale by the square root of the rank (rsLoRA)", "boolean", "Helps with ranks above 64"),
  field("LoRA", "lora.targetModules", "Target modules", "list", "all-linear, or module names separated by commas (q_proj, v_proj)"),
];

const LORA_DROPOUT = field(
  "LoRA",
  "lora.loraDropout",
  "Dropout",
  "number",
  "Share of inputs that an adapter does not see in a step; 0 to 0.1",
);

const QUANTIZE_BASE = field(
  "LoRA",
  "quantizeBase",
  "Hold the base in 4 bits (NF4)",
  "boolean",
  "About an eighth of its memory, some quality, slower steps",
);

const SAMPLING = (maxNewTokens: string): RunField[] => [
  field("Sampling", "sampling.temperature", "Temperature", "number", "0 is greedy; usually 0.7 to 1"),
  field("Sampling", "sampling.topK", "Top-k", "integer", "Tokens kept; 0 keeps all"),
  field("Sampling", "sampling.topP", "Top-p", "number", "Probability kept, above 0 to 1; 1 keeps all"),
  field("Sampling", "sampling.maxNewTokens", "Longest completion", "integer", maxNewTokens),
  field("Sampling", "sampling.stop", "Stop texts", "list", "Separated by commas; empty: the model's own end only"),
  field("Sampling", "sampling.seed", "Sampling seed", "integer", "Whole number; each prompt has its own stream of it"),
];

const CHECKPOINTING = field(
  "Memory",
  "gradientCheckpointing",
  "Compute layers again instead of keeping them",
  "boolean",
  "Gradient checkpointing: far less memory for long rows, a third to a half more time, the same result",
);
const PRECISION = field(
  "Memory",
  "precision",
  "Products in",
  "choice",
  "Of linear layers; sums, trained weights and the loss stay in float32",
  {
    choices: [
      { value: "f32", label: "float32" },
      { value: "bf16", label: "bfloat16: faster on processors and GPUs that have it" },
    ],
  },
);
const STORAGE = field("Memory", "baseStorage", "Frozen base held in", "choice", "With 4 bits: its embeddings", {
  choices: [
    { value: "f32", label: "float32" },
    { value: "bf16", label: "bfloat16: half the memory" },
  ],
});

const EPOCHS: RunField[] = [
  field("Main", "epochs", "Epochs", "number", "Passes over the training rows; usually 1 to 4"),
  field("Main", "maxSteps", "Steps at most", "integer", "Overrides the epochs", { empty: "Empty: as the epochs say" }),
];

const MAX_LENGTH = field(
  "Main",
  "maxLength",
  "Longest row",
  "integer",
  "Tokens of prompt and completion together; longer rows are left out, not cut",
);

const ADAPTER = { when: { path: "method", is: ["lora", "qlora"] } };
/** What the form says of the run's source, beside its fields: "checkpoint" or "endpoint". */
export const SOURCE_PATH = "source";
const ENDPOINT = { when: { path: SOURCE_PATH, is: ["endpoint"] } };
const CHECKPOINT = { when: { path: SOURCE_PATH, is: ["checkpoint"] } };
const REQUESTS: RunField[] = [
  field("Main", "maxCost", "Budget", "number", "US dollars by the endpoint's prices; pauses before it costs more", {
    empty: "Empty: no limit",
    ...ENDPOINT,
  }),
  field("Main", "maxTries", "Tries a request", "integer", "1 to 20; waits longer before each, and as long as the endpoint asks", ENDPOINT),
];
const SPLITS = [
  { value: "train", label: "Training split" },
  { value: "validation", label: "Validation split" },
  { value: "test", label: "Test split" },
];
const RATED = { when: { path: "ratingLoss", is: ["regression", "ordinal"] } };
const PPO_ONLY = { when: { path: "method", is: ["ppo"] } };
const GROUP = { when: { path: "method", is: ["grpo", "rloo"] } };

/** A sweep has a form of its own: see sweep-form.ts. */
export const RUN_FIELDS: Readonly<Record<RunKind, readonly RunField[]>> = {
  sweep: [],
  sft: [
    field(
      "Main",
      "method",
      "Method",
      "choice",
      "LoRA trains a small adapter, QLoRA the same over a base in 4 bits, full trains all weights",
      {
        choices: [
          { value: "lora", label: "LoRA adapter" },
          { value: "qlora", label: "QLoRA: adapter over a 4-bit base" },
          { value: "full", label: "Full fine-tuning" },
          { value: "head", label: "Feature extraction: a new head on a frozen base" },
        ],
      },
    ),
    field("Main", "head", "What a head predicts", "choice", "Of the rows' labels; only for feature extraction", {
      choices: [
        { value: "classification", label: "A class" },
        { value: "regression", label: "A number" },
      ],
      when: { path: "method", is: ["head"] },
    }),
    field("Main", "initialisation", "Start from", "choice", "Random weights show what the pretrained ones are worth", {
      choices: [
        { value: "pretrained", label: "The checkpoint's weights" },
        { value: "random", label: "Random weights" },
      ],
      when: { path: "method", is: ["full"] },
    }),
    ...EPOCHS,
    field("Main", "batchSize", "Batch size", "integer", "Rows, or packed sequences; usually 8 to 64"),
    field("Main", "gradientAccumulationSteps", "Gradient accumulation", "integer", "Batches an update; usually 1 to 8"),
    SAVE,
    EVAL,
    SEED,
    field("Data", "maxLength", "Longest row", "integer", "Tokens of prompt and completion together; of a packed sequence"),
    field("Data", "truncation", "Longer rows", "choice", "Cut on the right, a completion loses its end", {
      choices: [
        { value: "drop", label: "Are left out" },
        { value: "left", label: "Are cut on the left" },
        { value: "right", label: "Are cut on the right" },
      ],
    }),
    field("Data", "paddingSide", "Padding", "choice", "Where short rows are filled up; the loss is the same", {
      choices: [
        { value: "right", label: "On the right" },
        { value: "left", label: "On the left" },
      ],
    }),
    field(
      "Data",
      "packing",
      "Pack several rows into one sequence",
      "boolean",
      "Decoders; less padding, the same loss: no row sees another",
    ),
    field("Data", "template", "Template", "choice", "How prompts become text; saved with the result", {
      choices: [
        { value: "model", label: "The model's chat template" },
        { value: "alpaca", label: "Alpaca instructions" },
        { value: "chatml", label: "ChatML" },
        { value: "plain", label: "Plain text" },
        { value: "custom", label: "Custom" },
      ],
    }),
    field("Data", "customTemplate", "Custom template", "text", "Jinja with messages, as in tokenizer_config.json", {
      empty: "Empty: none",
      when: { path: "template", is: ["custom"] },
    }),
    field("Data", "tasks", "Tasks to train on", "list", "Separated by commas; empty: all of the dataset version"),
    field("Data", "mixing.temperature", "Mixing temperature", "number", "1 mixes tasks by size; higher evens them out, usually 2"),
    field("Data", "mixing.limit", "Mixing limit", "integer", "Rows a task counts with at most, an epoch", { empty: "Empty: none" }),
    field("Validation", "earlyStoppingPatience", "Early stopping", "integer", "Validations without an improvement; usually 2 to 5", {
      empty: "Empty: never",
    }),
    field("Validation", "earlyStoppingThreshold", "Smallest improvement", "number", "Of the validation loss; usually 0 to 0.01"),
    field("Validation", "keepBest", "Keep the step with the lowest validation loss", "boolean", "As the result, instead of the last step"),
    field(
      "Validation",
      "reportRows",
      "Rows of the report",
      "integer",
      "Held-out rows a task, answered before and after; 0 turns it off, usually 20 to 100",
    ),
    field(
      "Validation",
      "reportShots",
      "Shots of the report",
      "integer",
      "Examples in the prompt of the base model, to compare; usually 1 to 4",
    ),
    ...optimiser("Per update; LoRA usually 1e-4 to 1e-3, full 1e-5 to 1e-4, small models more"),
    ...[...LORA, LORA_DROPOUT].map((spec) => ({ ...spec, ...ADAPTER })),
    field(
      "Memory",
      "microBatchSize",
      "Rows at once",
      "number",
      "Of each batch, whose gradients are added up: a number, or auto for as many as fit",
      { empty: "Empty: the whole batch", when: { path: "method", is: ["lora", "qlora", "full"] } },
    ),
    CHECKPOINTING,
    PRECISION,
    { ...STORAGE, when: { path: "method", is: ["lora", "qlora", "head"] } },
    field(
      "LoRA",
      "measureQuantization",
      "Measure what 4 bits cost",
      "boolean",
      "Validation loss of the base before and after; loads it once unquantised",
      { when: { path: "method", is: ["qlora"] } },
    ),
  ],
  reward: [
    ...EPOCHS,
    field("Main", "batchSize", "Batch size", "integer", "Pairs; usually 8 to 64"),
    MAX_LENGTH,
    field("Main", "centerRewardsCoefficient", "Centring of rewards", "number", "Weight of (chosen + rejected)²; 0 is off, usually 0.01"),
    field("Main", "marginScale", "Weight of the votes' margin", "number", "Times the margin 0 to 3 inside the sigmoid; 0 ignores margins"),
    field("Main", "ratingLoss", "Ratings teach", "choice", "Of rows whose completions were rated one by one", {
      choices: [
        { value: "ranking", label: "Their order" },
        { value: "regression", label: "Their values" },
        { value: "ordinal", label: "Their levels" },
      ],
    }),
    field("Main", "ratingWeight", "Weight of rated rows", "number", "Against compared ones; usually 1", RATED),
    field("Main", "ratingLevels", "Levels of the ratings", "integer", "Points of the scale; usually 5 or 7", {
      when: { path: "ratingLoss", is: ["ordinal"] },
    }),
    SAVE,
    EVAL,
    SEED,
    ...optimiser("Per update; usually 1e-4, small models up to 1e-3"),
    ...LORA,
    LORA_DROPOUT,
    QUANTIZE_BASE,
    CHECKPOINTING,
    PRECISION,
    STORAGE,
  ],
  preference: [
    field("Main", "loss", "Loss", "choice", "How the votes pull at the policy", {
      choices: [
        { value: "dpo", label: "DPO" },
        { value: "ipo", label: "IPO" },
        { value: "hinge", label: "Hinge (SLiC)" },
        { value: "robust", label: "Robust DPO" },
        { value: "kto", label: "KTO" },
        { value: "orpo", label: "ORPO (no reference)" },
      ],
    }),
    field("Main", "beta", "Beta", "number", "Smaller strays further from the reference; usually 0.1, KTO and IPO 0.05 to 0.5"),
    ...EPOCHS,
    field("Main", "batchSize", "Batch size", "integer", "Pairs; usually 8 to 64"),
    MAX_LENGTH,
    SAVE,
    EVAL,
    SEED,
    field("Main", "labelSmoothing", "Label smoothing", "number", "Share of votes taken to be wrong, under 0.5", {
      when: { path: "loss", is: ["dpo", "robust"] },
    }),
    field("Main", "desirableWeight", "Weight of preferred completions", "number", "Usually 1", { when: { path: "loss", is: ["kto"] } }),
    field("Main", "undesirableWeight", "Weight of other completions", "number", "Usually 1", { when: { path: "loss", is: ["kto"] } }),
    ...optimiser("Per update; usually 5e-7 to 5e-6 for billions of weights, 1e-4 to 1e-3 for small models"),
    ...LORA,
    CHECKPOINTING,
    PRECISION,
    STORAGE,
  ],
  ppo: [
    field("Main", "method", "Method", "choice", "What a completion is compared with: a learnt value, or others of the same prompt", {
      choices: [
        { value: "ppo", label: "PPO" },
        { value: "grpo", label: "GRPO" },
        { value: "rloo", label: "RLOO" },
      ],
    }),
    field("Main", "groupSize", "Completions a prompt", "integer", "Divides the rollout batch; usually 4 to 16", GROUP),
    field("Main", "iterations", "Iterations", "integer", "Rollout and its updates; usually 40 to 500"),
    field("Main", "rolloutBatchSize", "Rollout batch", "integer", "Completions an iteration; usually 64 to 512"),
    field("Main", "responseLength", "Longest completion", "integer", "Tokens; usually 48 to 512"),
    field("Main", "maxPromptLength", "Longest prompt", "integer", "Tokens; longer prompts are left out"),
    SAVE,
    EVAL,
    SEED,
    field("Method", "klCoef", "KL coefficient", "number", "Weight of the KL in the reward, with GRPO in the loss; usually 0.01 to 0.2"),
    field("Method", "klEstimator", "KL estimator", "choice", "k1 is the plain log-ratio, k3 has less variance", {
      choices: [
        { value: "k1", label: "k1" },
        { value: "k3", label: "k3" },
      ],
    }),
    field("Method", "adaptiveKl.target", "Adaptive KL: target", "number", "KL a completion; usually 3 to 10", {
      empty: "Empty with the horizon: fixed coefficient",
    }),
    field("Method", "adaptiveKl.horizon", "Adaptive KL: horizon", "number", "Completions; usually 10000", {
      empty: "Empty with the target: fixed coefficient",
    }),
    field("Method", "lossAggregation", "Mean over", "choice", "How the tokens of a minibatch are averaged", {
      choices: [
        { value: "token", label: "All tokens (DAPO)" },
        { value: "sequence", label: "Each completion first (paper)" },
      ],
      when: { path: "method", is: ["grpo"] },
    }),
    field("Method", "numPpoEpochs", "Epochs a rollout", "integer", "Passes over a rollout; usually 1 to 4"),
    field("Method", "numMiniBatches", "Minibatches", "integer", "Updates a pass; usually 1 to 4"),
    field("Method", "temperature", "Rollout temperature", "number", "Usually 0.7 to 1"),
    field("Method", "cliprange", "Clip range", "number", "Of the probability ratio; usually 0.1 to 0.3"),
    field("Method", "dualClip", "Dual clip", "number", "Bound of the loss of worse tokens, in advantages; usually 3", {
      empty: "Empty: none",
      ...PPO_ONLY,
    }),
    field(
      "Method",
      "targetKl",
      "Update size at most",
      "number",
      "An update above 1.5 times this is a rollout's last; usually 0.01 to 0.05",
      { empty: "Empty: no bound" },
    ),
    field("Method", "valueNetwork", "Value function", "choice", "Where values are read", {
      choices: [
        { value: "head", label: "Head on the policy" },
        { value: "reward", label: "Own network, from the reward model" },
      ],
      ...PPO_ONLY,
    }),
    field("Method", "cliprangeValue", "Clip range of values", "number", "Usually 0.2", PPO_ONLY),
    field("Method", "vfCoef", "Weight of the value loss", "number", "Usually 0.1 to 1", PPO_ONLY),
    field("Method", "gamma", "Discount", "number", "0 to 1; usually 1", PPO_ONLY),
    field("Method", "lam", "GAE lambda", "number", "0 to 1; usually 0.95", PPO_ONLY),
    field("Method", "missingEosPenalty", "Penalty for a missing end", "number", "Taken off the score; usually 1", { empty: "Empty: none" }),
    field(
      "Method",
      "normalizeRewards",
      "Scale rewards to mean 0, deviation 1 before the first rollout",
      "boolean",
      "On reference samples; keeps the KL coefficient comparable",
    ),
    field("Method", "whitenRewards", "Whiten the rewards of each rollout", "boolean", "Off in most recipes", PPO_ONLY),
    field("Method", "maxKl", "End above KL", "number", "Mean KL of a completion; a sign of a gamed reward model", {
      empty: "Empty: goes on",
    }),
    field("Method", "maxMeanLength", "End above length", "number", "Mean tokens of a completion", { empty: "Empty: goes on" }),
    ...optimiser("Per update; usually 1e-6 to 1e-5 for billions of weights, 1e-4 to 1e-3 for small models"),
    ...LORA,
    QUANTIZE_BASE,
    CHECKPOINTING,
    PRECISION,
    STORAGE,
  ],
  evaluation: [
    field("Main", "split", "Prompts of", "choice", "Which held-out prompts", {
      choices: [
        { value: "validation", label: "Validation split" },
        { value: "test", label: "Test split" },
      ],
    }),
    field("Main", "maxPrompts", "Prompts at most", "integer", "More prompts give narrower intervals; usually 200 to 1000"),
    field("Main", "goldTaste", "Gold taste", "choice", "Demo project only: the hidden taste by which simulated annotators judge", {
      choices: [
        { value: "", label: "None" },
        { value: "faithful", label: "Faithful to the facts" },
        { value: "concise", label: "Concise" },
        { value: "detailed", label: "Detailed" },
      ],
    }),
    field("Main", "holistic", "HELM's seven metrics too", "boolean", "Samples up to four more answers a prompt, to changed prompts"),
    field("Main", "batchSize", "Batch size", "integer", "Completions at once"),
    SEED,
    ...SAMPLING("Tokens; usually 64 to 512"),
  ],
  benchmark: [
    field(
      "Main",
      "tasks",
      "Suites and tasks",
      "list",
      "Separated by commas: glue, super_glue, mmlu, helm, or names of tasks (cola, boolq, mmlu_anatomy, hellaswag)",
    ),
    field("Main", "shots", "Examples a prompt", "integer", "0 to 64; more examples need longer prompts", {
      empty: "Empty: each task's own number",
    }),
    field("Main", "limit", "Rows a task at most", "integer", "The first ones; a score of some rows is no benchmark's", {
      empty: "Empty: all",
    }),
    field("Main", "files", "Published files", "choice", "The hub's files are kept by the worker and fetched once", {
      choices: [
        { value: "folder", label: "From the worker's folder" },
        { value: "hub", label: "From the folder, else the Hugging Face hub" },
      ],
    }),
    field(
      "Main",
      "revisions",
      "Commits on the hub",
      "list",
      "owner/name@commit, separated by commas; of others the newest, kept with the run",
      {
        when: { path: "files", is: ["hub"] },
      },
    ),
    field("Main", "dataFolder", "Data folder", "text", "Below benchmarks/ in the worker's data folder; files in the hub's layout", {
      empty: "Empty: benchmarks/ itself where it has a task, else Hone's hand-written sample",
    }),
    field("Main", "batchSize", "Batch size", "integer", "Requests at once"),
    SEED,
  ],
  score: [
    field("Main", "split", "Completions of", "choice", "Which prompts' completions; those that have a score keep it", {
      choices: [
        { value: "all", label: "All splits" },
        { value: "train", label: "Training split" },
        { value: "validation", label: "Validation split" },
        { value: "test", label: "Test split" },
      ],
    }),
    field("Main", "judgedOnly", "Only what was judged", "boolean", "Enough for agreement with people and for the review"),
    field("Main", "batchSize", "Batch size", "integer", "Completions at once"),
    SEED,
  ],
  sample: [
    field("Main", "split", "Prompts of", "choice", "Which prompts", { choices: SPLITS }),
    field("Main", "maxPrompts", "Prompts at most", "integer", "Usually 100 to 5000"),
    field("Main", "completionsPerPrompt", "Completions a prompt", "integer", "1 to 9; items for annotators need 2 or more"),
    field("Main", "onlyMissing", "Only prompts that lack them", "boolean", "Leaves out what this model has answered as often already"),
    field("Main", "createItems", "Make items for the annotators", "boolean", "Each prompt with its completions becomes one item"),
    field("Main", "batchSize", "Batch size", "integer", "Completions at once", CHECKPOINT),
    ...REQUESTS,
    SEED,
    ...SAMPLING("Tokens; usually 64 to 512"),
  ],
  judge: [
    field("Main", "firstModelId", "First model", "model", "Whose wins are counted"),
    field("Main", "secondModelId", "Second model", "model", "What it is compared with"),
    field("Main", "pairs", "Pairs", "choice", "Of these two models' completions", {
      choices: [
        { value: "newest", label: "The newest answers to each prompt" },
        { value: "voted", label: "Pairs that people have voted on" },
      ],
    }),
    field("Main", "split", "Prompts of", "choice", "Which prompts", { choices: SPLITS }),
    field("Main", "maxPairs", "Pairs at most", "integer", "Each is asked about twice, sides swapped; usually 100 to 1000"),
    field("Main", "useGuidelines", "Tell the judge the guidelines", "boolean", "Those that the annotators read"),
    field("Main", "useReference", "Show the judge the reference answer", "boolean", "Where a prompt has one"),
    ...REQUESTS,
    SEED,
    field("Sampling", "temperature", "Temperature", "number", "0: the same answer each time, as far as the endpoint allows"),
    field("Sampling", "maxNewTokens", "Longest answer", "integer", "Tokens; the verdict is its last line, usually 256 to 1024"),
  ],
};

/** Form values by path: text for every input but tick boxes. */
export type RunFormValues = Record<string, string | boolean>;

function valueAt(config: unknown, path: string): unknown {
  let value = config;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** What the form shows of a config. */
export function configToForm(config: RunConfig): RunFormValues {
  return Object.fromEntries(
    RUN_FIELDS[config.kind].map(({ path, input }): [string, string | boolean] => {
      const value = valueAt(config, path);
      if (input === "boolean") return [path, value === true];
      if (value === null || value === undefined) return [path, ""];
      return [path, Array.isArray(value) ? value.join(", ") : String(value)];
    }),
  );
}

function readField({ input, empty, choices, path }: RunField, value: string | boolean | undefined): unknown {
  if (input === "boolean") return value === true;
  const text = typeof value === "string" ? value.trim() : "";
  if (input === "list") {
    const names = text
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    return path === "lora.targetModules" && names.length === 1 && names[0] === "all-linear" ? "all-linear" : names;
  }
  if (input === "text" || input === "model") return text === "" ? null : text;
  if (input === "choice") return text === "" && choices?.some((choice) => choice.value === "") ? null : text;
  if (text === "") return empty === undefined ? undefined : null;
  const number = Number(text.replace(",", "."));
  return Number.isNaN(number) ? text : number;
}

/** The raw config that a form says; still to be parsed. An object whose fields are all empty is null. */
export function formToRawConfig(kind: RunKind, values: RunFormValues): Record<string, unknown> {
  const config: Record<string, unknown> = { kind };
  for (const spec of RUN_FIELDS[kind]) {
    const value = readField(spec, values[spec.path]);
    const [first = "", second] = spec.path.split(".");
    if (second === undefined) {
      if (value !== undefined) config[first] = value;
      continue;
    }
    const inner = (config[first] ?? {}) as Record<string, unknown>;
    config[first] = inner;
    if (value !== undefined) inner[second] = value;
  }
  for (const [key, value] of Object.entries(config)) {
    const nested = RUN_FIELDS[kind].filter(({ path }) => path.startsWith(`${key}.`));
    if (nested.length > 0 && nested.every(({ empty }) => empty !== undefined) && Object.values(value as object).every((x) => x === null)) {
      config[key] = null;
    }
  }
  return config;
}

/** Words for what is wrong with one field. */
function describeIssue(spec: RunField | undefined, issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    if (issue.expected === "int") return "Enter a whole number";
    if (issue.expected === "number") return spec?.empty === undefined ? "Enter a number" : `Enter a number. ${spec.empty}`;
  }
  if (issue.code === "too_small" && spec?.input !== "list")
    return `${issue.inclusive === false ? "More than" : "At least"} ${issue.minimum}`;
  if (issue.code === "too_big") return `${issue.inclusive === false ? "Less than" : "At most"} ${issue.maximum}`;
  if (issue.code === "invalid_union" && spec?.input === "list") return "Enter all-linear, or at least one module name";
  return issue.message;
}

export type FormResult = { ok: true; config: RunConfig } | { ok: false; errors: Record<string, string> };

/** The config of a form, or what is wrong by field path. A number left empty is an error, never silently the default. */
export function parseRunForm(kind: RunKind, values: RunFormValues): FormResult {
  const errors: Record<string, string> = {};
  for (const spec of RUN_FIELDS[kind]) {
    const numeric = spec.input === "integer" || spec.input === "number";
    if (numeric && spec.empty === undefined && readField(spec, values[spec.path]) === undefined) errors[spec.path] = "Enter a number";
  }
  const parsed = runConfigSchema.safeParse(formToRawConfig(kind, values));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      // An entry of a list is wrong in the list's one field.
      const path = issue.path.filter((part) => typeof part === "string").join(".");
      const spec = RUN_FIELDS[kind].find((candidate) => candidate.path === path);
      errors[path] ??= describeIssue(spec, issue);
    }
  }
  if (Object.keys(errors).length > 0 || !parsed.success) return { ok: false, errors };
  return { ok: true, config: parsed.data };
}

/** Leaves of a config as text by path, sorted: for showing it and its difference to another. */
export function flattenConfig(config: RunConfig): [string, string][] {
  const out: [string, string][] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === "" ? key : `${path}.${key}`);
    } else {
      out.push([
        path,
        Array.isArray(value)
          ? value.map((item: unknown) => (typeof item === "object" ? JSON.stringify(item) : String(item))).join(", ")
          : String(value),
      ]);
    }
  };
  visit(config, "");
  return out.sort(([a], [b]) => (a < b ? -1 : 1));
}
