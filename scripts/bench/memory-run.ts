/**
 * One short training run in a process of its own: what it takes of memory above the idle engine. Called by memory.ts with a
 * case as JSON; prints its figures as JSON.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import { runConfigSchema } from "../../domain/run";
import { createFeatureExtractor } from "../../trainer/algorithms/features";
import { trainPpo } from "../../trainer/algorithms/ppo";
import { trainPreference } from "../../trainer/algorithms/preference";
import { trainReward } from "../../trainer/algorithms/reward";
import { initScore } from "../../trainer/algorithms/reward-model";
import { trainSft } from "../../trainer/algorithms/sft";
import type { TrainContext } from "../../trainer/algorithms/train-context";
import { loadEngine } from "../../trainer/engine/engine";
import { fitsBf16, packBf16 } from "../../trainer/models/bf16";
import { createModel } from "../../trainer/models/create-model";
import { initAdapter } from "../../trainer/models/lora";
import type { Params } from "../../trainer/models/model";
import { fitsNf4, quantizeMatrix } from "../../trainer/models/nf4";
import type { MemoryCase } from "./memory";
import { randomWeights } from "./trainer/work";

const { model: modelConfig, run, completionShare = 0.5 } = JSON.parse(process.argv[2] ?? "{}") as MemoryCase;
const STEPS = 3;

/** Bytes of this process now, and at the most since `forgetPeak`. */
function memory(): { now: number; peak: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? Number.NaN) * 1024;
  return { now: read("VmRSS"), peak: read("VmHWM") };
}
const forgetPeak = () => writeFileSync("/proc/self/clear_refs", "5");

const gpuMemory = () => execFileSync("nvidia-smi", ["--query-gpu=memory.used", "--format=csv,noheader"], { encoding: "utf8" }).trim();

const engine = await loadEngine();
// The engine's own threads and pools are there once something has run.
const warm = engine.compile("warm", ({ a }: { a: tf.Tensor }) => ({ b: tf.matMul(a as tf.Tensor2D, a as tf.Tensor2D) }));
tf.tidy(() => warm({ a: tf.ones([8, 8]) }).b.dataSync());
global.gc?.();
forgetPeak();
const idle = memory().now;

const model = createModel(modelConfig);
const random = createRandom(1);
const quantize = (run.kind === "sft" && run.method === "qlora") || ("quantizeBase" in run && run.quantizeBase === true);
const packs = run.baseStorage === "bf16";
const config = runConfigSchema.parse({ ...(run.kind === "ppo" ? {} : { maxSteps: STEPS }), evalSteps: 0, ...run });

/** Random weights, one tensor after another as a loader has them. */
function makeParams(): Params {
  const params: Params = {};
  const modules = model.linearModules();
  for (const [name, values] of randomWeights(model)) {
    const shape = values.shape as [number, number];
    const nf4 = quantize && name.replace(/\.weight$/, "") in modules && fitsNf4(shape);
    const packed = packs && fitsBf16(shape) && !name.includes("relative_attention_bias");
    const made = nf4
      ? quantizeMatrix(name, values as tf.Tensor2D, shape)
      : packed
        ? packBf16(name, values.dataSync() as Float32Array, shape)
        : { [name]: values };
    if (nf4 || packed) values.dispose();
    for (const tensor of Object.values(made)) tf.tidy(() => void tf.slice(tf.reshape(tensor, [-1]), [0], [1]));
    Object.assign(params, made);
  }
  return params;
}

const ids = (length: number) => Array.from({ length }, () => 2 + random.int(model.vocabSize - 2));
const length = "maxLength" in config ? config.maxLength : 0;
const makeExample = () => {
  const completion = Math.max(2, Math.round(length * completionShare));
  return { promptIds: ids(length - completion), completionIds: ids(completion) };
};
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const times: number[] = [];
let last = performance.now();
const context: TrainContext = {
  engine,
  resume: null,
  requested: () => null,
  start: async () => {},
  save: async () => {},
  emit: async (events) => {
    if (!events.some((event) => event.kind === "metric")) return;
    times.push((performance.now() - last) / 1000);
    last = performance.now();
  },
};
const writeModel = async () => {};
const base = makeParams();
const loaded = memory().now;
const pairs = (count: number) =>
  Array.from({ length: count }, () => ({ examples: [makeExample(), makeExample()], ranks: [1, 2], margin: null }));
switch (config.kind) {
  case "sft": {
    if (config.method === "head") {
      await createFeatureExtractor(engine, model)(
        base,
        Array.from({ length: STEPS * config.batchSize }, () => ids(length)),
        { batchSize: config.batchSize, padTokenId: 0 },
      );
      break;
    }
    const adapter = config.method === "full" ? null : initAdapter(model, config.lora, 1);
    const train = Array.from({ length: config.batchSize * config.gradientAccumulationSteps }, makeExample);
    await trainSft(context, { config, model, tokenizer, base, adapter, train, validation: [], showcase: [], writeModel });
    break;
  }
  case "reward": {
    if (model.kind !== "decoder") throw new Error("no decoder");
    await trainReward(context, {
      config,
      model,
      tokenizer,
      base,
      adapter: initAdapter(model, config.lora, 1),
      score: initScore(model.hiddenSize, 1),
      train: pairs(config.batchSize),
      validation: [],
      writeModel,
    });
    break;
  }
  case "preference":
    await trainPreference(context, {
      config,
      model,
      tokenizer,
      base,
      adapter: initAdapter(model, config.lora, 1),
      train: pairs(config.batchSize),
      validation: [],
      test: [],
      showcase: [],
      writeModel,
    });
    break;
  case "ppo": {
    if (model.kind !== "decoder") throw new Error("no decoder");
    const prompts = Array.from({ length: config.rolloutBatchSize }, () => ({
      promptIds: ids(config.maxPromptLength),
      prompt: "",
      reference: null,
    }));
    const reward = {
      model,
      weights: { weights: { base, adapter: initAdapter(model, config.lora, 2) }, score: initScore(model.hiddenSize, 1) },
    };
    await trainPpo(context, { config, model, tokenizer, base, adapter: initAdapter(model, config.lora, 1), prompts, reward, writeModel });
    break;
  }
  default:
    throw new Error(`${config.kind} is not measured`);
}
console.log(
  JSON.stringify({
    idle,
    loaded,
    peak: memory().peak,
    gpu: engine.device === "cuda" ? gpuMemory() : null,
    seconds: times.length === 0 ? null : Math.min(...times),
  }),
);
process.exit(0);
