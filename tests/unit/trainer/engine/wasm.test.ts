/** The WebAssembly engine against the same reference values as the native one. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import { trainSft } from "../../../../trainer/algorithms/sft";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createGenerator } from "../../../../trainer/generation/generate";
import { goldenPath, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine({ prefer: "wasm" });
});

type Sft = { batch: { input_ids: number[][]; attention_mask: number[][] }; runs: { full: { loss: number[] } } };

it("trains to the reference's losses, gather's gradient included", async () => {
  expect(engine.name).toBe("wasm");
  const { batch, runs } = readGolden<Sft>("training", "tiny-llama.sft.json");
  const train = batch.input_ids.map((row, b) => {
    const real = row.slice(
      0,
      batch.attention_mask[b]?.reduce((sum, x) => sum + x, 0),
    );
    return { promptIds: real.slice(0, 12), completionIds: real.slice(12) };
  });
  const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
  const config = sftConfigSchema.parse({
    kind: "sft",
    method: "full",
    learningRate: 1e-3,
    lrSchedule: "constant",
    maxGradNorm: null,
    batchSize: 4,
    maxSteps: 3,
    evalSteps: 0,
  });
  const context = createRecordedContext(engine);
  const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
  await trainSft(context, {
    config,
    model,
    tokenizer,
    base: params,
    adapter: null,
    train,
    validation: [],
    showcase: [],
    writeModel: async () => {},
  });
  metricSeries(context.events, "loss/train").forEach((loss, step) =>
    expect(Math.abs(loss / (runs.full.loss[step] ?? 0) - 1), `step ${step}`).toBeLessThan(1e-4),
  );
}, 60_000);

it("generates the reference's greedy tokens and frees what it makes", async () => {
  const golden = readGolden<{ base: { prompts: { input_ids: number[]; greedy: number[] }[] } }>("logits", "tiny-llama.json");
  const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
  const generate = createGenerator(engine, model);
  const prompts = golden.base.prompts.map(({ input_ids: ids }) => ids);
  const before = tf.memory().numTensors;
  const rows = await generate(
    { base: params, adapter: null },
    prompts,
    prompts.map((_, i) => createRandom(i)),
    {
      temperature: 0,
      topK: 0,
      topP: 1,
      maxNewTokens: 16,
      eosTokenId: -1,
      padTokenId: 0,
    },
  );
  expect(rows.map(({ tokens }) => tokens)).toEqual(golden.base.prompts.map(({ greedy }) => greedy.slice(0, 16)));
  expect(tf.memory().numTensors).toBe(before);
}, 60_000);
