/**
 * The memory that a run takes at its peak, from the model's shape and the run's config: what each tensor of a step is that
 * lives from the forward to the backward pass (trainer/models), as Korthikanti et al. 2022 count it for Megatron. Held
 * against measured runs by `npm run bench -- memory`; rows are taken to be as long as the config lets them be.
 */
import type { RunConfig, TrialConfig } from "./run";

/** Sizes out of a model folder's config.json. */
export type ModelShape = {
  parameters: number;
  vocabSize: number;
  hiddenSize: number;
  /** Of the decoder, which is all of most models. */
  layers: number;
  encoderLayers: number;
  innerSize: number;
  heads: number;
  keyHeads: number;
  headSize: number;
  /** How the feed-forward is made: Llama's, T5 1.1's and Gemma's, GPT-2's, or T5's. */
  feedForward: "gated-silu" | "gated-gelu" | "gelu" | "relu";
};

export type MemoryPart = "engine" | "weights" | "trained" | "activations" | "logits" | "working" | "cache";
export type MemoryEstimate = { bytes: number; parts: { part: MemoryPart; bytes: number }[] };

/** What a run's rows are like beyond its config. */
export type RowFacts = {
  /** Share of a row's tokens that are the completion's. */
  completionShare: number;
};

const FLOAT = 4;
/** Bytes a value in NF4 with its scales: 4 bits, 8 bits for 64 values, 4 bytes for 16,384. */
const NF4 = 0.516;
/** The idle engine, measured on Linux. */
export const IDLE_ENGINE = 455 * 2 ** 20;
/** A traced step, in the process and in the library. */
const GRAPH = 50 * 2 ** 20;

type Json = Record<string, unknown>;
const numberOf = (config: Json, ...names: string[]): number | undefined =>
  names.map((name) => config[name]).find((value) => typeof value === "number") as number | undefined;

/** The shape that a config.json says. */
export function shapeOfConfig(config: Json, parameters: number): ModelShape {
  const type = String(config.model_type);
  const hiddenSize = numberOf(config, "hidden_size", "d_model", "n_embd") ?? 0;
  const heads = numberOf(config, "num_attention_heads", "num_heads", "n_head") ?? 1;
  const t5 = type === "t5";
  const encoderLayers = t5 ? (numberOf(config, "num_layers") ?? 0) : 0;
  return {
    parameters,
    vocabSize: numberOf(config, "vocab_size") ?? 0,
    hiddenSize,
    layers: t5 ? (numberOf(config, "num_decoder_layers") ?? encoderLayers) : (numberOf(config, "num_hidden_layers", "n_layer") ?? 0),
    encoderLayers,
    innerSize: numberOf(config, "intermediate_size", "d_ff", "n_inner") ?? 4 * hiddenSize,
    heads,
    keyHeads: numberOf(config, "num_key_value_heads") ?? heads,
    headSize: numberOf(config, "head_dim", "d_kv") ?? hiddenSize / heads,
    feedForward:
      type === "gpt2"
        ? "gelu"
        : type.startsWith("gemma") || config.feed_forward_proj === "gated-gelu"
          ? "gated-gelu"
          : t5
            ? "relu"
            : "gated-silu",
  };
}

/** Values of the inner size that the feed-forward keeps for each token. */
const KEPT_INNER = { "gated-silu": 4, "gated-gelu": 8, gelu: 6, relu: 2 } as const satisfies Record<ModelShape["feedForward"], number>;
/** Matrices of the inner size. */
const INNER_MATRICES = { "gated-silu": 3, "gated-gelu": 3, gelu: 2, relu: 2 } as const satisfies Record<ModelShape["feedForward"], number>;

/** Tokens of a batch: of its rows, their length, and what the decoder of an encoder-decoder reads. */
type Tokens = { rows: number; length: number; target: number };

/** Values that one layer keeps of `tokens` positions, each of which sees `slots`. */
function layerValues(shape: ModelShape, tokens: number, slots: number, cross: number | null): number {
  const { hiddenSize, heads, keyHeads, headSize, innerSize, feedForward } = shape;
  const queries = heads * headSize;
  const attention = (seen: number) => 2 * hiddenSize + 2 * queries + 2 * keyHeads * headSize + heads * seen;
  return tokens * (attention(slots) + (cross === null ? 0 : attention(cross)) + 2 * hiddenSize + KEPT_INNER[feedForward] * innerSize);
}

/** Values that the widest layer works on at once, forward or back. */
function workingValues({ heads, innerSize, hiddenSize }: ModelShape, tokens: number, slots: number, gradient: boolean): number {
  return tokens * Math.max((gradient ? 3 : 2) * heads * slots, 3 * innerSize + 2 * hiddenSize);
}

/** Bytes of the layers of one pass: what is kept for the gradient, and what is worked on. */
function passBytes(
  shape: ModelShape,
  { rows, length, target }: Tokens,
  keep: "all" | "inputs" | "nothing",
): { kept: number; working: number } {
  const source = rows * length;
  const decoded = rows * target;
  const encoderLayer = shape.encoderLayers === 0 ? 0 : layerValues(shape, source, length, null);
  const decoderLayer = shape.encoderLayers === 0 ? layerValues(shape, source, length, null) : layerValues(shape, decoded, target, length);
  const largest = Math.max(encoderLayer, decoderLayer);
  const inputs = (shape.encoderLayers * source + shape.layers * (shape.encoderLayers === 0 ? source : decoded)) * shape.hiddenSize;
  const kept = { all: shape.encoderLayers * encoderLayer + shape.layers * decoderLayer, inputs: inputs + largest, nothing: 0 }[keep];
  const gradient = keep !== "nothing";
  const working = Math.max(
    workingValues(shape, source, length, gradient),
    shape.encoderLayers === 0 ? 0 : workingValues(shape, decoded, Math.max(target, length), gradient),
  );
  return { kept: FLOAT * kept, working: FLOAT * working };
}

/** Values of a LoRA adapter on the linear layers that it names. */
function adapterValues(shape: ModelShape, lora: { r: number; targetModules: "all-linear" | string[] }): number {
  const { hiddenSize, innerSize, heads, keyHeads, headSize, feedForward } = shape;
  const [queries, keys] = [heads * headSize, keyHeads * headSize];
  const attention =
    feedForward === "gelu" ? 2 * hiddenSize + 3 * queries + hiddenSize : 2 * (hiddenSize + queries) + 2 * (hiddenSize + keys);
  const layer = attention + INNER_MATRICES[feedForward] * (hiddenSize + innerSize);
  const modules = (feedForward === "gelu" ? 2 : 4) + INNER_MATRICES[feedForward];
  const share = lora.targetModules === "all-linear" ? 1 : Math.min(1, lora.targetModules.length / modules);
  const all = shape.layers * layer + shape.encoderLayers * layer + (shape.encoderLayers === 0 ? 0 : shape.layers * attention);
  return share * lora.r * all;
}

/** The last update's parameters and moments beside the next ones, the gradient, and what Adam works with. */
const UPDATE = 9;
/** While gradients are computed: parameters, moments, the tensors that the vector is split into, their gradients. */
const DIFFERENTIATED = 6;

type Step = { weights: number; trained: number; pass: { kept: number; working: number }; logits: number };

/** The larger of what a step holds at the end of its forward pass and what its update holds. */
function peakOfStep({ weights, trained, pass, logits }: Step): MemoryEstimate["parts"] {
  const backward = DIFFERENTIATED * trained * FLOAT;
  const update = UPDATE * trained * FLOAT;
  const others = pass.kept + pass.working + logits;
  if (update > backward + others)
    return [
      { part: "weights", bytes: weights },
      { part: "trained", bytes: update },
    ];
  return [
    { part: "weights", bytes: weights },
    { part: "trained", bytes: backward },
    { part: "activations", bytes: pass.kept },
    { part: "logits", bytes: logits },
    { part: "working", bytes: pass.working },
  ];
}

const sum = (parts: MemoryEstimate["parts"]) => parts.reduce((total, { bytes }) => total + bytes, 0);
const larger = (a: MemoryEstimate["parts"], b: MemoryEstimate["parts"]) => (sum(a) >= sum(b) ? a : b);

/** How frozen weights are held. */
type Held = { quantized?: boolean; storage?: "f32" | "bf16" };

/** Frozen weights: all in `storage`, or linear layers in NF4 with some of them unpacked at a time. */
function weightBytes(
  { parameters, vocabSize, hiddenSize, innerSize }: ModelShape,
  { quantized = false, storage = "f32" }: Held = {},
): number {
  const stored = storage === "bf16" ? FLOAT / 2 : FLOAT;
  // A head of its own is rare among models that need this.
  const embeddings = vocabSize * hiddenSize;
  const unpacked =
    (quantized ? 10 * hiddenSize * innerSize : 0) + (storage === "bf16" ? Math.max(embeddings, 2 * hiddenSize * innerSize) : 0);
  return (quantized ? embeddings * stored + (parameters - embeddings) * NF4 : parameters * stored) + FLOAT * unpacked;
}

/** Targets are padded to 128 or 192 times a power of 2 (completion-loss.ts). */
function paddedTargets(count: number): number {
  let size = 128;
  while (size < count) size *= 2;
  return size > 128 && count <= size * 0.75 ? size * 0.75 : size;
}

/** Logits, their softmax, the one-hot targets, and the gradient. */
const logitBytes = ({ vocabSize }: ModelShape, targets: number, copies: number) => copies * FLOAT * targets * vocabSize;

/** Rows whose gradient is computed at once. */
export const rowsAtOnce = ({ batchSize, microBatchSize }: { batchSize: number; microBatchSize: number | "auto" | null }) =>
  microBatchSize === null || microBatchSize === "auto" ? batchSize : Math.min(batchSize, microBatchSize);

function trainingParts(config: TrialConfig, shape: ModelShape, { completionShare }: RowFacts): MemoryEstimate["parts"] {
  const keep = config.gradientCheckpointing ? "inputs" : "all";
  const encoderDecoder = shape.encoderLayers > 0;
  const split = (maxLength: number) =>
    encoderDecoder
      ? { length: Math.round(maxLength * (1 - completionShare)), target: Math.round(maxLength * completionShare) }
      : { length: maxLength, target: maxLength };
  switch (config.kind) {
    case "sft": {
      const rows = rowsAtOnce(config);
      const pass = passBytes(shape, { rows, ...split(config.maxLength) }, config.method === "head" ? "nothing" : keep);
      const storage = config.baseStorage;
      if (config.method === "head")
        return [
          { part: "weights", bytes: weightBytes(shape, { storage }) },
          { part: "working", bytes: pass.working },
        ];
      const logits = logitBytes(shape, paddedTargets(rows * config.maxLength * completionShare), 4);
      const quantized = config.method === "qlora";
      const trained = config.method === "full" ? shape.parameters : adapterValues(shape, config.lora);
      // Gradients of several micro-batches are added up in a vector of their own.
      const accumulated = rows < config.batchSize || config.gradientAccumulationSteps > 1 ? trained * FLOAT : 0;
      const parts = peakOfStep({ weights: weightBytes(shape, { quantized, storage }) + accumulated, trained, pass, logits });
      if (!quantized || !config.measureQuantization) return parts;
      return larger(parts, [
        { part: "weights", bytes: shape.parameters * FLOAT },
        { part: "logits", bytes: logits },
        { part: "working", bytes: 2 * pass.working },
      ]);
    }
    case "reward": {
      const pass = passBytes(shape, { rows: 2 * config.batchSize, length: config.maxLength, target: config.maxLength }, keep);
      return peakOfStep({
        weights: weightBytes(shape, { quantized: config.quantizeBase, storage: config.baseStorage }),
        trained: adapterValues(shape, config.lora),
        pass,
        logits: 0,
      });
    }
    case "preference": {
      const rows = 2 * config.batchSize;
      const pass = passBytes(shape, { rows, ...split(config.maxLength) }, keep);
      const logits = logitBytes(shape, paddedTargets(rows * config.maxLength * completionShare), 4);
      return peakOfStep({
        weights: weightBytes(shape, { storage: config.baseStorage }),
        trained: adapterValues(shape, config.lora),
        pass,
        logits,
      });
    }
    case "ppo":
      return ppoParts(config, shape, keep);
    default:
      return config satisfies never;
  }
}

function ppoParts(config: Extract<TrialConfig, { kind: "ppo" }>, shape: ModelShape, keep: "all" | "inputs"): MemoryEstimate["parts"] {
  const length = config.maxPromptLength + config.responseLength;
  const rows = Math.ceil(config.rolloutBatchSize / config.numMiniBatches);
  const networks = config.method === "ppo" && config.valueNetwork === "reward" ? 2 : 1;
  const weights = weightBytes(shape, { quantized: config.quantizeBase, storage: config.baseStorage });
  const trained = networks * adapterValues(shape, config.lora);
  const { kept, working } = passBytes(shape, { rows, length, target: length }, keep);
  const update = peakOfStep({
    weights,
    trained,
    pass: { kept: networks * kept, working },
    logits: logitBytes(shape, rows * config.responseLength, 4),
  });
  const state = { part: "trained", bytes: 3 * trained * FLOAT } as const;
  // The whole rollout forward, by the policy and the reference side by side.
  const whole = passBytes(shape, { rows: config.rolloutBatchSize, length, target: length }, "nothing");
  const forward = [
    { part: "weights", bytes: weights },
    state,
    { part: "working", bytes: 2 * whole.working },
    { part: "logits", bytes: logitBytes(shape, config.rolloutBatchSize * config.responseLength, 5) },
  ] as const;
  const sampled = [
    state,
    ...samplingParts(shape, weights, { rows: config.rolloutBatchSize, prompt: config.maxPromptLength, answer: config.responseLength }),
  ];
  return larger(larger(update, [...forward]), sampled);
}

/** Keys and values of all tokens, and twice those of the answer's, which each step copies; the prompt's pass. */
function samplingParts(
  shape: ModelShape,
  weights: number,
  { rows, prompt, answer }: { rows: number; prompt: number; answer: number },
): MemoryEstimate["parts"] {
  const perToken = 2 * shape.layers * shape.keyHeads * shape.headSize * FLOAT * rows;
  const pass = passBytes(shape, { rows, length: prompt, target: 1 }, "nothing");
  return [
    { part: "weights", bytes: weights },
    { part: "cache", bytes: perToken * (prompt + 2 * answer) },
    { part: "working", bytes: pass.working + rows * shape.vocabSize * FLOAT * 2 },
  ];
}

function runParts(config: RunConfig, shape: ModelShape, rows: RowFacts): MemoryEstimate["parts"] {
  switch (config.kind) {
    case "sft":
    case "reward":
    case "preference":
    case "ppo":
      return trainingParts(config, shape, rows);
    case "sweep":
      return trainingParts(config.trial, shape, rows);
    case "benchmark":
      // Prompts with examples fill what the model reads; small models read less.
      return [
        { part: "weights", bytes: weightBytes(shape) },
        { part: "working", bytes: 2 * passBytes(shape, { rows: config.batchSize, length: 1024, target: 1 }, "nothing").working },
      ];
    case "score":
      return [
        { part: "weights", bytes: weightBytes(shape) },
        { part: "working", bytes: 2 * passBytes(shape, { rows: config.batchSize, length: 512, target: 1 }, "nothing").working },
      ];
    case "judge":
      // An outside endpoint holds the model.
      return [];
    case "evaluation":
    case "sample":
      return samplingParts(shape, weightBytes(shape), { rows: config.batchSize, prompt: 256, answer: config.sampling.maxNewTokens });
    default:
      return config satisfies never;
  }
}

/** Traced steps of a run, as many plain ones: unpacking and recomputing layers make a graph larger. */
function graphs(config: Exclude<RunConfig, { kind: "sweep" }>, shape: ModelShape): number {
  const steps = { sft: 1, reward: 1, preference: 2, ppo: 3, evaluation: 2, sample: 2, benchmark: 1, score: 1, judge: 0 }[config.kind];
  const quantized = (config.kind === "sft" && config.method === "qlora") || ("quantizeBase" in config && config.quantizeBase);
  return (
    steps *
    (shape.encoderLayers > 0 ? 2 : 1) *
    (quantized ? 2 : 1) *
    ("gradientCheckpointing" in config && config.gradientCheckpointing ? 1.5 : 1)
  );
}

/** Bytes of the worker's process at the run's peak, and what they are made of. */
export function estimateMemory(config: RunConfig, shape: ModelShape, rows: RowFacts = { completionShare: 0.5 }): MemoryEstimate {
  const tensors = runParts(config, shape, rows).filter(({ bytes }) => bytes > 0);
  const parts = [
    { part: "engine" as const, bytes: IDLE_ENGINE + GRAPH * graphs(config.kind === "sweep" ? config.trial : config, shape) },
    ...tensors,
  ];
  return { bytes: sum(parts), parts };
}

/** Bytes of a training step beside the model and what is there between steps: what fewer rows at once make smaller. */
export function stepBytes(config: TrialConfig, shape: ModelShape): number {
  const parts = trainingParts(config, shape, { completionShare: 0.5 });
  return sum(parts.filter(({ part }) => part !== "weights"));
}
