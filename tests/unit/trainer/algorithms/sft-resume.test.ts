/** Fine-tuning in each of its ways: stopped and resumed equals uninterrupted, bit for bit; early stopping and the best step. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import { updateBestStep } from "../../../../trainer/algorithms/best-step";
import { trainSft } from "../../../../trainer/algorithms/sft";
import { readSnapshot, writeSnapshot } from "../../../../trainer/checkpoint/snapshot";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import type { Params } from "../../../../trainer/models/model";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

const model = createModel({
  model_type: "llama",
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: true,
});
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const random = createRandom(1);
const ids = (length: number) => Array.from({ length }, () => 2 + random.int(38));
const examples = Array.from({ length: 20 }, (_, i) => ({
  promptIds: ids(4 + (i % 5)),
  completionIds: [...ids(3 + (i % 4)), 1],
  task: i < 14 ? "big" : "small",
}));
const validation = Array.from({ length: 6 }, (_, i) => ({
  promptIds: ids(5),
  completionIds: [...ids(4), 1],
  task: i < 3 ? "big" : "small",
}));

let engine: Engine;
const folder = mkdtempSync(path.join(os.tmpdir(), "hone-resume-"));
beforeAll(async () => {
  engine = await loadEngine();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs to the end, in one go or with a pause after `pauseAt` steps; the result's values and the events. */
async function run(options: Record<string, unknown>, pauseAt?: number) {
  const config = sftConfigSchema.parse({ kind: "sft", batchSize: 4, maxSteps: 8, evalSteps: 2, learningRate: 1e-2, ...options });
  let result: Record<string, number[]> = {};
  const writeModel = async (_folder: string, trained: Params) => {
    result = Object.fromEntries(
      Object.entries(trained).map(([name, tensor]: [string, tf.Tensor]) => [name, Array.from(tensor.dataSync())]),
    );
  };
  const part = async (resume: Awaited<ReturnType<typeof readSnapshot>>, pause?: number) => {
    const context = createRecordedContext(engine, {
      resume,
      pauseAt: pause,
      save: (request) => writeSnapshot(path.join(folder, "step"), request),
    });
    const outcome = await trainSft(context, {
      config,
      model,
      tokenizer,
      base: initParams(model, 1),
      adapter: config.method === "lora" ? initAdapter(model, config.lora, 1) : null,
      train: examples,
      validation,
      showcase: [],
      writeModel,
    });
    return { outcome, events: context.events };
  };
  if (pauseAt === undefined) return { ...(await part(null)), result };
  const first = await part(null, pauseAt);
  expect(first.outcome).toBe("paused");
  const second = await part(await readSnapshot(path.join(folder, "step")));
  return { outcome: second.outcome, events: [...first.events, ...second.events], result };
}

describe("resumed equals uninterrupted", () => {
  it.each([
    ["full", { method: "full" }],
    ["LoRA", { method: "lora" }],
    ["accumulated", { method: "lora", batchSize: 2, gradientAccumulationSteps: 2 }],
    ["packed", { method: "full", packing: true, maxLength: 24, batchSize: 2 }],
    ["mixed by temperature", { method: "full", mixing: { temperature: 3, limit: null } }],
    ["mixed with a limit", { method: "full", mixing: { temperature: 1, limit: 5 } }],
    [
      "padded on the left, cosine and warm-up",
      { method: "lora", paddingSide: "left", lrSchedule: "cosine", warmupSteps: 3, weightDecay: 0.1 },
    ],
    ["the best step kept", { method: "full", keepBest: true, learningRate: 0.05 }],
    ["stopped early", { method: "full", maxSteps: 60, earlyStoppingPatience: 2, keepBest: true, learningRate: 0.05 }],
  ] as const)("%s", async (_name, options) => {
    const whole = await run(options);
    const resumed = await run(options, 3);
    expect(resumed.outcome).toBe("succeeded");
    expect(resumed.result).toEqual(whole.result);
    for (const name of ["loss/train", "loss/validation", "loss/validation/small"])
      expect(metricSeries(resumed.events, name)).toEqual(metricSeries(whole.events, name));
  });
});

describe("the best step", () => {
  const lowest = (losses: number[]) => losses.indexOf(Math.min(...losses));
  it("is the result where it is kept: the weights of a run that ends there", async () => {
    const options = { method: "full", learningRate: 0.02, lrSchedule: "constant" };
    const kept = await run({ ...options, maxSteps: 30, keepBest: true });
    const best = 2 * lowest(metricSeries(kept.events, "loss/validation"));
    // Noise cannot be learnt: validation gets worse while training gets better.
    expect(best).toBeGreaterThan(0);
    expect(best).toBeLessThan(30);
    expect(kept.result).toEqual((await run({ ...options, maxSteps: best })).result);
    expect(kept.result).not.toEqual((await run({ ...options, maxSteps: 30 })).result);
  });
  it("ends the run after as many validations without an improvement as the patience says", async () => {
    const { events } = await run({ method: "full", maxSteps: 60, earlyStoppingPatience: 2, learningRate: 0.05 });
    const losses = metricSeries(events, "loss/validation");
    expect(losses.length - 1 - lowest(losses)).toBe(2);
    expect(metricSeries(events, "loss/train")).toHaveLength(2 * (losses.length - 1));
    expect(events.some((event) => event.kind === "log" && event.message.startsWith("Stopped early"))).toBe(true);
  });
  it("counts a step down within the threshold as none, and keeps it all the same", () => {
    const theta = {} as tf.Tensor1D;
    const config = { earlyStoppingThreshold: 0.1, keepBest: false };
    const first = updateBestStep({ loss: null, step: 0, misses: 0, theta: null }, { loss: 2, step: 1, theta }, config);
    const second = updateBestStep(first, { loss: 1.95, step: 2, theta }, config);
    expect(second).toMatchObject({ loss: 1.95, step: 2, misses: 1 });
    expect(updateBestStep(second, { loss: 1.8, step: 3, theta }, config)).toMatchObject({ loss: 1.8, misses: 0 });
  });
});

it("validates every task and counts those that are not trained apart", async () => {
  const { events } = await run({ method: "full", maxSteps: 2 });
  const at = (name: string) => metricSeries(events, name)[0] ?? Number.NaN;
  // Three rows of five tokens each.
  expect((at("loss/validation/big") + at("loss/validation/small")) / 2).toBeCloseTo(at("loss/validation"), 5);
});
