/** QLoRA: bitsandbytes' and PEFT's trajectory, the base's memory, what a run reports, and the way of its checkpoint. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sftConfigSchema } from "../../../../domain/run";
import { createLossMeter } from "../../../../trainer/algorithms/completion-loss";
import { trainSft } from "../../../../trainer/algorithms/sft";
import { type ChainLink, disposeCheckpoints, loadCheckpoint } from "../../../../trainer/checkpoint/checkpoint-chain";
import { writeSnapshot } from "../../../../trainer/checkpoint/snapshot";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createGenerator } from "../../../../trainer/generation/generate";
import { runSft } from "../../../../trainer/jobs/train-jobs";
import type { Params } from "../../../../trainer/models/model";
import { createRandom } from "../../../../domain/random";
import { goldenPath, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

type Sft = { batch: { input_ids: number[][]; attention_mask: number[][] } };
type Qlora = { base_loss: number; quantised_base_loss: number; loss: number[]; grad_norm: number[] };

const golden = readGolden<Qlora>("training", "tiny-llama.qlora.json");
const { batch } = readGolden<Sft>("training", "tiny-llama.sft.json");
const examples = batch.input_ids.map((row, b) => {
  const real = row.slice(
    0,
    batch.attention_mask[b]?.reduce((sum, x) => sum + x, 0),
  );
  return { promptIds: real.slice(0, 12), completionIds: real.slice(12) };
});
const base: ChainLink = { kind: "base", folder: goldenPath("models", "tiny-llama") };
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const store = mkdtempSync(path.join(os.tmpdir(), "hone-qlora-"));

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});
afterAll(() => rmSync(store, { recursive: true, force: true }));

const near = (actual: number | undefined, expected: number | undefined, relative: number) =>
  expect(Math.abs((actual ?? Number.NaN) / (expected ?? Number.NaN) - 1), `${actual} against ${expected}`).toBeLessThan(relative);

it("follows bitsandbytes' trajectory over a base of .52 bytes a quantised value", async () => {
  const before = tf.memory().numBytes;
  const { model, params } = await loadCheckpoint([base], { quantize: true });
  const bytes = tf.memory().numBytes - before;
  const inLayers = Object.values(model.linearModules()).reduce((sum, [out, width]) => sum + out * width, 0);
  const rest = Object.entries(model.parameterShapes()).reduce(
    (sum, [name, shape]) => (name.replace(/\.weight$/, "") in model.linearModules() ? sum : sum + shape.reduce((a, b) => a * b, 1)),
    0,
  );
  expect((bytes - 4 * rest) / inLayers).toBeLessThan(0.53);

  const losses = createLossMeter(engine, model);
  near(await losses(params, examples, { batchSize: 4, padTokenId: 0 }), golden.quantised_base_loss, 1e-4);
  const start: Params = {};
  for (const [name, { shape, values }] of Object.entries(readSafetensors(goldenPath("training", "tiny-llama.sft_lora_start.safetensors"))))
    start[name.replace("base_model.model.", "").replace(".default.weight", "")] = tf.tensor(values, shape);
  const config = sftConfigSchema.parse({
    kind: "sft",
    method: "qlora",
    learningRate: 1e-3,
    lrSchedule: "constant",
    maxGradNorm: null,
    batchSize: 4,
    maxSteps: 6,
    evalSteps: 0,
  });
  const context = createRecordedContext(engine);
  await trainSft(context, {
    config,
    model,
    tokenizer,
    base: params,
    adapter: { params: start, scaling: 2 },
    train: examples,
    validation: [],
    showcase: [],
    writeModel: async () => {},
  });
  metricSeries(context.events, "loss/train").forEach((loss, step) => near(loss, golden.loss[step], 1e-4));
  metricSeries(context.events, "grad_norm")
    .slice(0, 5)
    .forEach((norm, step) => near(norm, golden.grad_norm[step], 1e-3));
  tf.dispose([...Object.values(params), ...Object.values(start)]);
});

it("reports what 4 bits cost, and its checkpoint means the same apart, merged and trained upon", async () => {
  const rows = ["one two three", "four five six seven", "eight nine ten"].map((completion, i) => ({
    messages: [{ role: "user" as const, content: `Count on from ${i}` }],
    completion,
  }));
  const config = sftConfigSchema.parse({
    kind: "sft",
    method: "qlora",
    batchSize: 3,
    maxSteps: 4,
    evalSteps: 4,
    lora: { r: 4, loraDropout: 0.1 },
  });
  const folder = path.join(store, "adapter");
  const context = createRecordedContext(engine, { save: (request) => writeSnapshot(folder, request) });
  const before = tf.memory().numTensors;
  await runSft(context, { config, chain: [base], train: rows, validation: rows, test: [], showcase: [] });
  expect(tf.memory().numTensors).toBe(before);
  const [plain, quantized] = ["loss/base", "loss/base_nf4"].map((name) => metricSeries(context.events, name)[0] ?? Number.NaN);
  expect(plain).toBeGreaterThan(0);
  expect(quantized).not.toBe(plain);
  // Its first validation is that of the untouched adapter: the quantised base's.
  near(metricSeries(context.events, "loss/validation")[0], quantized, 1e-5);
  expect(context.events.find((event) => event.kind === "log" && /Validation loss of the base: \d/.test(event.message))).toBeDefined();

  const chain: ChainLink[] = [base, { kind: "adapter", folder }];
  const apart = await loadCheckpoint(chain, { readOnly: true });
  const merged = await loadCheckpoint(chain);
  expect([apart.quantized, apart.adapter !== null, merged.quantized, merged.adapter]).toEqual([true, true, false, null]);
  const prompt = examples.map(({ promptIds }) => promptIds);
  const say = async ({ model, params, adapter }: typeof apart) =>
    createGenerator(engine, model)(
      { base: params, adapter },
      prompt,
      prompt.map((_, i) => createRandom(i)),
      { temperature: 0, topK: 0, topP: 1, maxNewTokens: 8, eosTokenId: -1, padTokenId: 0 },
    );
  expect(await say(apart)).toEqual(await say(merged));
  const losses = createLossMeter(engine, merged.model);
  const trained = await Promise.all(
    rows.map(async ({ messages, completion }) => ({
      promptIds: await merged.tokenizer.encodePrompt(messages),
      completionIds: [...(await merged.tokenizer.encode(completion)), merged.tokenizer.eosTokenId],
    })),
  );
  near(await losses(merged.params, trained, { batchSize: 3, padTokenId: 0 }), metricSeries(context.events, "loss/validation").at(-1), 1e-4);
  disposeCheckpoints(apart, merged);
  expect(tf.memory().numTensors).toBe(before);
});
