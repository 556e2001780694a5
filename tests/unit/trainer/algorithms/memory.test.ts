/** The number of live tensors is the same after every step of every loop: nothing leaks, however long a run is. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { ppoConfigSchema, preferenceConfigSchema, rewardConfigSchema, sftConfigSchema } from "../../../../domain/run";
import { trainPpo } from "../../../../trainer/algorithms/ppo";
import { trainPreference } from "../../../../trainer/algorithms/preference";
import { trainReward } from "../../../../trainer/algorithms/reward";
import { initScore } from "../../../../trainer/algorithms/reward-model";
import { trainSft } from "../../../../trainer/algorithms/sft";
import type { TrainContext } from "../../../../trainer/algorithms/train-context";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import type { Params } from "../../../../trainer/models/model";
import { quantizeMatrix } from "../../../../trainer/models/nf4";

const created = createModel({
  model_type: "llama",
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: true,
});
if (created.kind !== "decoder") throw new Error("not a decoder");
const model = created;
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const writeModel = async () => {};
const lora = sftConfigSchema.parse({ kind: "sft" }).lora;
const random = createRandom(1);
const ids = (length: number) => Array.from({ length }, () => 2 + random.int(38));
const examples = Array.from({ length: 8 }, (_, i) => ({ promptIds: ids(4 + i), completionIds: [...ids(3 + i), 1] }));

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

/** A context that notes the number of tensors whenever a step's metrics arrive. */
function countingContext(): { context: TrainContext; counts: Map<number, number> } {
  const counts = new Map<number, number>();
  const context: TrainContext = {
    engine,
    resume: null,
    requested: () => null,
    start: async () => {},
    save: async () => {},
    emit: async (events) => {
      for (const event of events)
        if (event.kind === "metric" && "grad_norm" in event.values) counts.set(event.step, tf.memory().numTensors);
    },
  };
  return { context, counts };
}

function expectFlat(counts: Map<number, number>): void {
  expect(counts.size).toBeGreaterThanOrEqual(4);
  expect(new Set(counts.values()).size).toBe(1);
}

it.each([1, 2])("SFT with gradient accumulation over %d", async (gradientAccumulationSteps) => {
  const { context, counts } = countingContext();
  const config = sftConfigSchema.parse({ kind: "sft", batchSize: 4, gradientAccumulationSteps, maxSteps: 5, evalSteps: 2 });
  const showcase = [{ promptIds: ids(5), prompt: "", reference: null }];
  await trainSft(context, {
    config,
    model,
    tokenizer,
    base: initParams(model, 1),
    adapter: initAdapter(model, lora, 1),
    train: examples,
    validation: examples.slice(0, 3),
    showcase,
    writeModel,
  });
  expectFlat(counts);
});

it.each(["lora", "qlora"] as const)("SFT by %s with dropout", async (method) => {
  const { context, counts } = countingContext();
  const config = sftConfigSchema.parse({ kind: "sft", method, batchSize: 4, maxSteps: 5, evalSteps: 2, lora: { loraDropout: 0.1 } });
  const base: Params = {};
  for (const [name, tensor] of Object.entries(initParams(model, 1)))
    Object.assign(
      base,
      method === "qlora" && name.includes("_proj")
        ? quantizeMatrix(name, tensor.dataSync() as Float32Array, tensor.shape as [number, number])
        : { [name]: tensor },
    );
  await trainSft(context, {
    config,
    model,
    tokenizer,
    base,
    adapter: initAdapter(model, lora, 1),
    train: examples,
    validation: examples.slice(0, 3),
    showcase: [],
    writeModel,
  });
  expectFlat(counts);
});

it("reward model on pairs and rankings", async () => {
  const { context, counts } = countingContext();
  const config = rewardConfigSchema.parse({ kind: "reward", batchSize: 4, maxSteps: 6, evalSteps: 2 });
  const train = [2, 3, 2, 3, 2, 3].map((size, i) => ({
    examples: examples.slice(i % 3, (i % 3) + size),
    ranks: Array.from({ length: size }, (_, rank) => rank + 1),
    margin: null,
  }));
  await trainReward(context, {
    config,
    model,
    tokenizer,
    base: initParams(model, 1),
    adapter: initAdapter(model, lora, 1),
    score: initScore(16, 1),
    train,
    validation: train.slice(0, 2),
    writeModel,
  });
  expectFlat(counts);
});

it.each(["dpo", "kto", "orpo"] as const)("preference optimisation, %s, on pairs and rankings", async (loss) => {
  const { context, counts } = countingContext();
  const config = preferenceConfigSchema.parse({ kind: "preference", loss, batchSize: 4, maxSteps: 6, evalSteps: 2 });
  const train = [2, 3, 2, 3, 2, 3].map((size, i) => ({
    examples: examples.slice(i % 3, (i % 3) + size),
    ranks: Array.from({ length: size }, (_, rank) => rank + 1),
    margin: null,
  }));
  const showcase = [{ promptIds: ids(5), prompt: "", reference: null }];
  await trainPreference(context, {
    config,
    model,
    tokenizer,
    base: initParams(model, 1),
    adapter: initAdapter(model, lora, 1),
    train,
    validation: train.slice(0, 2),
    test: [],
    showcase,
    writeModel,
  });
  expectFlat(counts);
});

it.each([
  ["ppo", "head"],
  ["ppo", "reward"],
  ["grpo", "head"],
  ["rloo", "head"],
] as const)("%s with value network %s", async (method, valueNetwork) => {
  const { context, counts } = countingContext();
  const config = ppoConfigSchema.parse({
    kind: "ppo",
    method,
    valueNetwork,
    groupSize: 2,
    iterations: 4,
    rolloutBatchSize: 4,
    numPpoEpochs: 2,
    numMiniBatches: 2,
    responseLength: 5,
    evalSteps: 0,
  });
  const prompts = examples.map(({ promptIds }) => ({ promptIds, prompt: "", reference: null }));
  await trainPpo(context, {
    config,
    model,
    tokenizer,
    base: initParams(model, 1),
    adapter: initAdapter(model, lora, 1),
    prompts,
    writeModel,
    reward: { model, weights: { weights: { base: initParams(model, 2), adapter: initAdapter(model, lora, 2) }, score: initScore(16, 1) } },
  });
  expectFlat(counts);
});
