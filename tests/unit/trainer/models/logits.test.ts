/** Logits and greedy generation against transformers and PEFT on the tiny golden models. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { type LoadedModel, readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readAdapterFolder } from "../../../../trainer/checkpoint/peft";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createGenerator } from "../../../../trainer/generation/generate";
import { createModel } from "../../../../trainer/models/create-model";
import { mergeAdapter } from "../../../../trainer/models/lora";
import type { Model, Weights } from "../../../../trainer/models/model";
import { ropeFrequencies, ropeSchema } from "../../../../trainer/models/rope";
import { goldenPath, maxDifference, readGolden } from "../../../helpers/golden";

type Prompt = { input_ids: number[]; decoder_input_ids?: number[]; greedy: number[]; shape: number[] };
type Case = { prompts: Prompt[]; batch: { input_ids: number[][]; attention_mask: number[][]; decoder_input_ids?: number[][] } };
type Golden = { base: Case; lora: Case; rope_llama3?: Case & { rope_parameters: Record<string, unknown>; inv_freq: number[] } };

const ids2d = (rows: number[][]) => tf.tensor2d(rows, undefined, "int32");

function logitsOf(model: Model, weights: Weights, inputIds: number[][], mask: number[][], decoderIds?: number[][]): tf.Tensor3D {
  return tf.tidy(() => {
    const source = { inputIds: ids2d(inputIds), attentionMask: ids2d(mask) };
    if (model.kind === "decoder") return model.logits(weights, model.forward(weights, source)) as tf.Tensor3D;
    const target = ids2d(decoderIds ?? []);
    const hidden = model.forward(weights, source, model.encode(weights, source), { inputIds: target, attentionMask: tf.onesLike(target) });
    return model.logits(weights, hidden) as tf.Tensor3D;
  });
}

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

describe.each([
  { name: "tiny-llama", tolerance: 1e-4 },
  { name: "tiny-t5", tolerance: 5e-4 },
])("$name", ({ name, tolerance }) => {
  const golden = readGolden<Golden>("logits", `${name}.json`);
  const expected = readSafetensors(goldenPath("logits", `${name}.safetensors`));
  let loaded: LoadedModel;
  let adapted: Weights;
  beforeAll(async () => {
    loaded = await readModelFolder(goldenPath("models", name));
    const { adapter } = await readAdapterFolder(goldenPath("lora", name), loaded.model);
    adapted = { base: loaded.params, adapter };
  });
  const check = (tag: string, cases: Case, model: Model, weights: Weights) => {
    cases.prompts.forEach(({ input_ids: ids, decoder_input_ids: decoderIds }, i) => {
      const logits = logitsOf(model, weights, [ids], [ids.map(() => 1)], decoderIds && [decoderIds]);
      expect(maxDifference(logits.dataSync(), expected[`${tag}.logits.${i}`]?.values ?? [])).toBeLessThan(tolerance);
      logits.dispose();
    });
    const { input_ids: rows, attention_mask: mask, decoder_input_ids: decoderIds } = cases.batch;
    const logits = logitsOf(model, weights, rows, mask, decoderIds);
    const last = tf.tidy(() => tf.slice(logits, [0, (logits.shape[1] ?? 0) - 1, 0], [-1, 1, -1]));
    expect(maxDifference(last.dataSync(), expected[`${tag}.batch_last_logits`]?.values ?? [])).toBeLessThan(tolerance);
    tf.dispose([logits, last]);
  };

  it("has the reference's logits, alone and in a padded batch", () =>
    check("base", golden.base, loaded.model, { base: loaded.params, adapter: null }));
  it("has PEFT's logits with a PEFT adapter", () => check("lora", golden.lora, loaded.model, adapted));
  it("has the same logits with the adapter merged", () => {
    if (!adapted.adapter) throw new Error("no adapter");
    check("lora", golden.lora, loaded.model, { base: mergeAdapter(loaded.params, adapted.adapter), adapter: null });
  });
  it("generates the reference's greedy tokens, both prompts in one batch through the KV cache", async () => {
    const generate = createGenerator(engine, loaded.model);
    for (const [cases, weights] of [
      [golden.base, { base: loaded.params, adapter: null }],
      [golden.lora, adapted],
    ] as const) {
      const options = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 32, eosTokenId: -1, padTokenId: 0 };
      const prompts = cases.prompts.map(({ input_ids: ids }) => ids);
      const rows = await generate(
        weights,
        prompts,
        prompts.map((_, i) => createRandom(i)),
        options,
      );
      expect(rows.map(({ tokens }) => tokens)).toEqual(cases.prompts.map(({ greedy }) => greedy));
    }
  });
  it("says the same when rows end at different times and the batch is cut down, and frees every tensor", async () => {
    const generate = createGenerator(engine, loaded.model);
    const options = {
      temperature: 1,
      topK: 0,
      topP: 1,
      maxNewTokens: 24,
      eosTokenId: -1,
      padTokenId: 0,
      shouldStop: async (tokens: readonly number[]) => tokens.length > (tokens[0] ?? 0) % 24,
    };
    const prompts = Array.from({ length: 64 }, (_, i) => Array.from({ length: 3 + (i % 5) }, (_, j) => 2 + ((7 * i + j) % 90)));
    const sample = (from: number, to: number) =>
      generate(
        { base: loaded.params, adapter: null },
        prompts.slice(from, to),
        prompts.slice(from, to).map((_, i) => createRandom(1, `${from + i}`)),
        options,
      );
    const before = tf.memory().numTensors;
    const together = await sample(0, 64);
    expect(tf.memory().numTensors).toBe(before);
    const lengths = together.map(({ tokens }) => tokens.length);
    expect(lengths.filter((length) => length > 16).length).toBeLessThan(32);
    const apart: typeof together = [];
    for (let i = 0; i < 64; i += 8) apart.push(...(await sample(i, i + 8)));
    expect(together).toEqual(apart);
  });
  it("frees every tensor it makes", async () => {
    const generate = createGenerator(engine, loaded.model);
    const options = { temperature: 1, topK: 0, topP: 1, maxNewTokens: 4, eosTokenId: -1, padTokenId: 0 };
    const run = () => generate({ base: loaded.params, adapter: null }, [[5, 6, 7]], [createRandom(1)], options);
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });

  if (golden.rope_llama3) {
    const scaled = golden.rope_llama3;
    it("scales rotary frequencies as Llama 3 does", () => {
      const rope = ropeSchema.parse(scaled.rope_parameters);
      const frequencies = ropeFrequencies(rope, rope.rope_theta ?? 0, 2 * scaled.inv_freq.length);
      frequencies.forEach((frequency, i) => expect(Math.abs(frequency / (scaled.inv_freq[i] ?? 0) - 1)).toBeLessThan(1e-5));
      const model = createModel({ ...loaded.config, rope_parameters: scaled.rope_parameters });
      check("rope_llama3", scaled, model, { base: loaded.params, adapter: null });
    });
  }
});

it("names an architecture that it does not know", () => {
  expect(() => createModel({ model_type: "mamba" })).toThrow(/model_type "mamba" is not supported/);
});
