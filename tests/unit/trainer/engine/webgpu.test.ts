/**
 * The WebGPU engine against the reference values of the native one: on Chromium's SwiftShader, which is slow, one family
 * and QLoRA every day. HONE_TEST_WEBGPU=all takes every family, HONE_TEST_WEBGPU=card does so on this machine's own card.
 */
import { readdirSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { ppoConfigSchema, preferenceConfigSchema, sftConfigSchema } from "../../../../domain/run";
import { createCompletionBatch } from "../../../../trainer/algorithms/completion-loss";
import { flattenParams, layoutOf } from "../../../../trainer/algorithms/flat-params";
import { computeAdvantages } from "../../../../trainer/algorithms/gae";
import { createTrainState, scheduleScalars } from "../../../../trainer/algorithms/optimiser";
import { createPolicySequences, createPolicySteps } from "../../../../trainer/algorithms/policy-steps";
import { trainPpo } from "../../../../trainer/algorithms/ppo";
import { trainPreference } from "../../../../trainer/algorithms/preference";
import type { RankedExample } from "../../../../trainer/algorithms/ranked-items";
import { initScore } from "../../../../trainer/algorithms/reward-model";
import { createCompletionSteps, trainSft } from "../../../../trainer/algorithms/sft";
import { readScalars } from "../../../../trainer/algorithms/train-context";
import { loadCheckpoint } from "../../../../trainer/checkpoint/checkpoint-chain";
import { type LoadedModel, readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { seededUniform, unpackBf16, unpackBytes, writeRows } from "../../../../trainer/engine/ops";
import { loadWasm } from "../../../../trainer/engine/wasm";
import { findWebgpuAdapter } from "../../../../trainer/engine/webgpu";
import { createGenerator } from "../../../../trainer/generation/generate";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import type { Params } from "../../../../trainer/models/model";
import { quantizeMatrix } from "../../../../trainer/models/nf4";
import { goldenPath, maxDifference, readAdapterStart, readGolden } from "../../../helpers/golden";
import { offerSoftwareVulkan } from "../../../helpers/software-vulkan";
import { createRecordedContext, metricSeries, type RecordedContext } from "../../../helpers/train-context";

type Rows = number[][];
type Case = { prompt: number[]; input_ids: number[]; decoder_input_ids: number[] | null; greedy: number[] };
type Family = {
  rows: { prompt: number[]; completion: number[] }[];
  gradients: { loss: number; parameters: Record<string, [number, number]> };
  base: { cases: Case[] };
};

/** Rotary positions with groups of keys. */
const EVERYDAY = ["qwen3"];
const wanted = process.env.HONE_TEST_WEBGPU;
if (wanted !== "card") offerSoftwareVulkan();
const found = await findWebgpuAdapter();
const families = wanted === undefined ? EVERYDAY : readdirSync(goldenPath("families"));
const newTokens = wanted === undefined ? 3 : 32;

const llama = () => readModelFolder(goldenPath("models", "tiny-llama"));
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const writeModel = async () => {};
const SMALL = {
  model_type: "llama",
  vocab_size: 40,
  hidden_size: 64,
  intermediate_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  tie_word_embeddings: true,
};
const constant = { learningRate: 1e-3, lrSchedule: "constant", maxGradNorm: null, batchSize: 4, evalSteps: 0 };
const realLength = (mask: number[] | undefined) => mask?.reduce((sum, x) => sum + x, 0);

function expectClose(actual: number[], expected: number[], relative: number): void {
  expect(actual.length).toBeGreaterThan(0);
  actual.forEach((value, i) =>
    expect(Math.abs(value / (expected[i] ?? Number.NaN) - 1), `step ${i}: ${value} against ${expected[i]}`).toBeLessThan(relative),
  );
}

describe.skipIf("reason" in found)("reason" in found ? `WebGPU (skipped: ${found.reason})` : `WebGPU on ${found.name}`, () => {
  let engine: Engine;
  let wasm: Engine;
  beforeAll(async () => {
    wasm = await loadWasm();
    engine = await loadEngine({ prefer: "webgpu" });
  });
  afterAll(() => engine.dispose());

  it("has the operations that tfjs lacks", async () => {
    expect(engine.name).toBe("webgpu");
    expect(Array.from(await unpackBytes(tf.tensor1d([-1, 0x01020384], "int32")).data())).toEqual([255, 255, 255, 255, 0x84, 3, 2, 1]);
    expect(Array.from(await unpackBf16(tf.tensor1d([0x3f80c000, -0x40800000], "int32")).data())).toEqual([-2, 1, 0, -1]);
    const cache = tf.zeros([3, 2]) as tf.Tensor2D;
    const written = writeRows(
      cache,
      tf.tensor1d([2, 0], "int32"),
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(Array.from(await written.data())).toEqual([3, 4, 0, 0, 1, 2]);
    // Random123's known answers of threefry2x32 with 20 rounds, without their lowest eight bits.
    // Far from zero too, where WGSL's own are wrong by more.
    const angles = Float32Array.from({ length: 99 }, (_, i) => (-1) ** i * 10 ** (i / 20));
    for (const [own, exact] of [
      [tf.sin, Math.sin],
      [tf.cos, Math.cos],
    ] as const)
      expect(maxDifference(await own(tf.tensor1d(angles)).data(), Float32Array.from(angles, exact))).toBeLessThan(1e-6);
    expect((await seededUniform(tf.tensor1d([0, 0], "int32"), [1]).data())[0]).toBe((0x6b200159 >>> 8) / 2 ** 24);
    const uniform = (await seededUniform(tf.tensor1d([3, 4], "int32"), [64, 64]).data()) as Float32Array;
    expect(uniform.reduce((sum, x) => sum + x, 0) / uniform.length).toBeCloseTo(0.5, 1);
    expect(await seededUniform(tf.tensor1d([3, 4], "int32"), [64, 64]).data()).toEqual(uniform);
  });

  describe.each(families)("%s", (name) => {
    const golden = readGolden<Family>("families", name, "golden.json");
    const expected = readSafetensors(goldenPath("families", name, "golden.safetensors"));
    let loaded: LoadedModel;
    beforeAll(async () => {
      loaded = await readModelFolder(goldenPath("families", name));
    });
    afterAll(() => tf.dispose(Object.values(loaded.params)));

    it("has the reference's logits", async () => {
      const { model, params } = loaded;
      const weights = { base: params, adapter: null };
      const ids = (row: number[]) => tf.tensor2d([row], undefined, "int32");
      for (const [i, { input_ids: input, decoder_input_ids: decoder }] of golden.base.cases.entries()) {
        const logits = tf.tidy(() => {
          const source = { inputIds: ids(input), attentionMask: tf.onesLike(ids(input)) };
          if (model.kind === "decoder") return model.logits(weights, model.forward(weights, source));
          const target = { inputIds: ids(decoder ?? []), attentionMask: tf.onesLike(ids(decoder ?? [])) };
          return model.logits(weights, model.forward(weights, source, model.encode(weights, source), target));
        });
        const values = await logits.data();
        logits.dispose();
        expect(values.every(Number.isFinite)).toBe(true);
        expect(maxDifference(values, expected[`base.logits.${i}`]?.values ?? []), `${i}`).toBeLessThan(1e-4);
      }
    });

    it("generates the reference's greedy tokens, both prompts in one left-padded batch, and frees what it makes", async () => {
      const before = tf.memory().numTensors;
      const rows = await createGenerator(engine, loaded.model)(
        { base: loaded.params, adapter: null },
        golden.base.cases.map(({ prompt }) => prompt),
        golden.base.cases.map((_, i) => createRandom(i)),
        { temperature: 0, topK: 0, topP: 1, maxNewTokens: newTokens, eosTokenId: -1, padTokenId: 0 },
      );
      expect(rows.map(({ tokens }) => tokens)).toEqual(golden.base.cases.map(({ greedy }) => greedy.slice(0, newTokens)));
      expect(tf.memory().numTensors).toBe(before);
    });

    it("has the reference's loss and gradients", async () => {
      const { model, params } = loaded;
      const layout = layoutOf(params);
      const steps = createCompletionSteps({ engine }, model, sftConfigSchema.parse({ kind: "sft", method: "full" }), layout, null);
      const rows = golden.rows.map(({ prompt, completion }) => ({ promptIds: prompt, completionIds: completion }));
      const tokens = tf.scalar(golden.rows.reduce((sum, { completion }) => sum + completion.length, 0));
      const batch = createCompletionBatch(model, rows, 0);
      const result = steps.gradient({ frozen: {}, theta: flattenParams(params), batch, tokens, dropout: null });
      const flat = (await result.gradient.data()) as Float32Array;
      expectClose([(await readScalars({ loss: result.loss })).loss ?? Number.NaN], [golden.gradients.loss], 1e-4);
      const total = Math.hypot(...Object.values(golden.gradients.parameters).map(([norm]) => norm));
      let start = 0;
      for (const { name: parameter, size } of layout) {
        const [norm] = golden.gradients.parameters[parameter] ?? [Number.NaN];
        const own = Math.hypot(...flat.subarray(start, start + size));
        expect(Math.abs(own - norm) / Math.max(norm, 1e-6 * total), parameter).toBeLessThan(1e-3);
        start += size;
      }
    });
  });

  /** One after another in each engine, on models of a few thousand weights. */
  const inBoth = async (run: (engine: Engine) => Promise<RecordedContext>): Promise<[own: RecordedContext, other: RecordedContext]> => {
    await tf.setBackend("wasm");
    const other = await run(wasm);
    await tf.setBackend("webgpu");
    return [await run(engine), other];
  };
  const METRICS = /^(loss|grad_norm|logps|accuracy|objective|policy|val)/;
  /** Every metric of every step, within 1e-4 of the larger of 1 and the other's. */
  const expectSame = ([own, other]: [RecordedContext, RecordedContext]) => {
    const metrics = ({ events }: RecordedContext) => events.flatMap((event) => (event.kind === "metric" ? [event] : []));
    expect(metrics(own).length).toBe(metrics(other).length);
    expect(metrics(own).length).toBeGreaterThan(0);
    metrics(other).forEach(({ step, values }, i) => {
      for (const [name, value] of Object.entries(values).filter(([name]) => METRICS.test(name)))
        expect(
          Math.abs((metrics(own)[i]?.values[name] ?? Number.NaN) - value),
          `${name} of step ${step}: ${metrics(own)[i]?.values[name]} against ${value}`,
        ).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
    });
  };
  const lora = { r: 4 };
  const small = () => {
    const model = createModel(SMALL);
    if (model.kind !== "decoder") throw new Error("not a decoder");
    return { model, base: initParams(model, 3) };
  };
  const says = (i: number, token: number) => ({ promptIds: [8 + i, 9 + i, 10 + i].slice(i % 2), completionIds: [token, token + i, 1] });

  it.each(wanted === undefined ? (["qlora"] as const) : (["full", "lora", "qlora"] as const))(
    "has the losses of WebAssembly in %s fine-tuning, and its memory stays flat",
    async (method) => {
      const memory: { numTensors: number; numBytesAllocatedInGPU: number }[] = [];
      const both = await inBoth(async (engine) => {
        const context = createRecordedContext(engine);
        const { emit } = context;
        context.emit = async (events) => {
          const { numTensors, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & { numBytesAllocatedInGPU: number };
          if (events.some((event) => event.kind === "metric" && "loss/train" in event.values))
            memory.push({ numTensors, numBytesAllocatedInGPU });
          await emit(events);
        };
        const config = sftConfigSchema.parse({
          kind: "sft",
          ...constant,
          method,
          maxSteps: 4,
          evalSteps: method === "full" ? 4 : 0,
          lora: { ...lora, loraDropout: 0 },
        });
        const { model, base } = small();
        const rows = Array.from({ length: 4 }, (_, i) => says(i, 4 + i));
        const quantised: Params = {};
        for (const [name, tensor] of Object.entries(base)) {
          const linear = method === "qlora" && name.replace(/\.weight$/, "") in model.linearModules();
          Object.assign(
            quantised,
            linear ? quantizeMatrix(name, (await tensor.data()) as Float32Array, tensor.shape as [number, number]) : { [name]: tensor },
          );
        }
        const adapter = method === "full" ? null : initAdapter(model, config.lora, 1);
        const input = { config, model, tokenizer, adapter, train: rows, validation: rows, showcase: [], writeModel };
        await trainSft(context, { ...input, base: quantised });
        return context;
      });
      expectSame(both);
      const own = memory.slice(memory.length / 2);
      expect(own[3]).toEqual(own[2]);
    },
  );

  it.skipIf(wanted === undefined)("has the losses of WebAssembly in DPO", async () => {
    const both = await inBoth(async (engine) => {
      const context = createRecordedContext(engine);
      const config = preferenceConfigSchema.parse({ kind: "preference", ...constant, loss: "dpo", maxSteps: 2, evalSteps: 0, lora });
      const { model, base } = small();
      const train = Array.from(
        { length: 4 },
        (_, i): RankedExample => ({ examples: [says(i, 6), says(i, 5)], ranks: [2, 1], margin: null }),
      );
      const input = { config, model, tokenizer, base, train, validation: train, test: [], showcase: [], writeModel };
      await trainPreference(context, { ...input, adapter: initAdapter(model, config.lora, 1) });
      return context;
    });
    expectSame(both);
  });

  it.skipIf(wanted === undefined)("has the rollouts, scores and losses of WebAssembly in PPO", async () => {
    const both = await inBoth(async (engine) => {
      const context = createRecordedContext(engine);
      const config = ppoConfigSchema.parse({
        kind: "ppo",
        iterations: 1,
        rolloutBatchSize: 4,
        numPpoEpochs: 1,
        numMiniBatches: 1,
        responseLength: 3,
        maxPromptLength: 16,
        evalSteps: 0,
        lora,
      });
      const { model, base } = small();
      const prompts = Array.from({ length: 4 }, (_, i) => ({ promptIds: says(i, 5).promptIds, prompt: "", reference: null }));
      const weights = { base: initParams(model, 4), adapter: initAdapter(model, config.lora, 9) };
      const reward = { model, weights: { weights, score: initScore(model.hiddenSize, 5) } };
      await trainPpo(context, { config, model, tokenizer, base, adapter: initAdapter(model, config.lora, 1), prompts, reward, writeModel });
      return context;
    });
    expectSame(both);
  });

  // 4.6 million parameters take half a minute a step without a card.
  describe.skipIf(wanted === undefined)("tiny-llama", { timeout: 600_000 }, () => {
    const sft = readGolden<{ batch: { input_ids: Rows; attention_mask: Rows }; runs: Record<string, { loss: number[] }> }>(
      "training",
      "tiny-llama.sft.json",
    );
    const quantised = readGolden<{ loss: number[] }>("training", "tiny-llama.qlora.json");
    it.each([
      ["full", sft.runs.full?.loss],
      ["lora", sft.runs.lora?.loss],
      ["qlora", quantised.loss],
    ] as const)("follows the reference's losses in %s fine-tuning", async (method, losses) => {
      const train = sft.batch.input_ids.map((row, b) => {
        const real = row.slice(0, realLength(sft.batch.attention_mask[b]));
        return { promptIds: real.slice(0, 12), completionIds: real.slice(12) };
      });
      const folder = goldenPath("models", "tiny-llama");
      const { model, params } = await loadCheckpoint([{ kind: "base", folder }], { quantize: method === "qlora" });
      const adapter = method === "full" ? null : readAdapterStart("tiny-llama.sft_lora_start.safetensors");
      const context = createRecordedContext(engine);
      const config = sftConfigSchema.parse({ kind: "sft", ...constant, method, maxSteps: 2 });
      await trainSft(context, { config, model, tokenizer, base: params, adapter, train, validation: [], showcase: [], writeModel });
      expectClose(metricSeries(context.events, "loss/train"), losses ?? [], 1e-4);
      tf.dispose([...Object.values(params), ...Object.values(adapter?.params ?? {})]);
    });

    const { batch: pairs } = readGolden<{ batch: Record<string, Rows> }>("training", "tiny-llama.rm.json");
    const side = (name: string, b: number) => (pairs[`${name}_ids`]?.[b] ?? []).slice(0, realLength(pairs[`${name}_mask`]?.[b]));
    const count = pairs.chosen_ids?.length ?? 0;

    it("follows TRL's losses in DPO", async () => {
      type Golden = {
        prompt_length: number;
        learning_rate: number;
        runs: Record<string, { options: Record<string, number>; loss: number[] }>;
      };
      const { runs, prompt_length: length, learning_rate: learningRate } = readGolden<Golden>("training", "tiny-llama.preference.json");
      const [, run] = Object.entries(runs).find(([name]) => name.startsWith("dpo")) ?? [];
      const example = (name: string, b: number) => ({
        promptIds: side(name, b).slice(0, length),
        completionIds: side(name, b).slice(length),
      });
      const train = Array.from(
        { length: count },
        (_, b): RankedExample => ({ examples: [example("rejected", b), example("chosen", b)], ranks: [2, 1], margin: null }),
      );
      const { beta, label_smoothing: labelSmoothing } = run?.options ?? {};
      const config = preferenceConfigSchema.parse({
        kind: "preference",
        ...constant,
        loss: "dpo",
        beta,
        labelSmoothing,
        learningRate,
        maxSteps: 2,
      });
      const { model, params } = await llama();
      const context = createRecordedContext(engine);
      const adapter = readAdapterStart("tiny-llama.dpo_lora_start.safetensors");
      await trainPreference(context, {
        config,
        model,
        tokenizer,
        base: params,
        adapter,
        train,
        validation: [],
        test: [],
        showcase: [],
        writeModel,
      });
      const losses = metricSeries(context.events, "loss/train");
      expectClose(losses, run?.loss ?? [], 1e-3);
      expectClose(losses.slice(0, 1), run?.loss ?? [], 1e-4);
    });

    it("follows the reference in PPO's updates: log-probabilities, advantages, losses", async () => {
      type Trajectory = {
        options: Record<string, number>;
        learning_rate: number;
        scores: number[];
        lengths: number[];
        loss: number[];
        old_logprobs: Rows;
      };
      const golden = readGolden<{ prompt_length: number; trajectories: Record<string, Trajectory> }>("ppo", "policy-gradient.json");
      const [, run] = Object.entries(golden.trajectories).find(([name]) => name.startsWith("ppo")) ?? [];
      if (!run) throw new Error("no trajectory of PPO");
      const { options, lengths, scores } = run;
      const config = ppoConfigSchema.parse({
        kind: "ppo",
        learningRate: run.learning_rate,
        maxGradNorm: null,
        klCoef: options.kl_coef,
        cliprange: options.cliprange,
        cliprangeValue: options.cliprange_value,
        vfCoef: options.vf_coef,
        gamma: options.gamma,
        lam: options.lam,
        dualClip: options.dual_clip ?? null,
        missingEosPenalty: null,
      });
      const { model, params } = await llama();
      if (model.kind !== "decoder") throw new Error("tiny-llama is a decoder");
      const adapter = readAdapterStart("tiny-llama.dpo_lora_start.safetensors");
      const steps = createPolicySteps(engine, { config, model, adapter, valueNetwork: null });
      const frozen = { policy: params, value: null };
      const time = Math.max(...lengths);
      const texts = Array.from({ length: count }, (_, b) => [side("chosen", b), side("rejected", b)]).flat();
      const sequences = createPolicySequences(
        texts.map((ids) => ids.slice(0, golden.prompt_length)),
        texts.map((ids) => ids.slice(golden.prompt_length)),
        { promptLength: golden.prompt_length + 8, time, padTokenId: 0 },
      );
      let state = createTrainState(tf.tidy(() => flattenParams(steps.initial())));
      const forward = steps.forward({ frozen, theta: state.theta, sequences });
      const [logprobs, refLogprobs, values] = (await Promise.all(
        [forward.logprobs, forward.refLogprobs, forward.values as tf.Tensor].map((tensor) => tensor.array()),
      )) as [Rows, Rows, Rows];
      logprobs.forEach((row, i) =>
        row
          .slice(0, lengths[i])
          .forEach((value, t) => expect(Math.abs(value - (run.old_logprobs[i]?.[t] ?? Number.NaN))).toBeLessThan(1e-4)),
      );
      const rows = lengths.map((length) => ({ length, stopped: true }));
      const rollout = computeAdvantages(config, { rows, logprobs, refLogprobs, scores, values });
      const batch = {
        logprobs: tf.tensor2d(rollout.logprobs),
        advantages: tf.tensor2d(rollout.advantages),
        mask: tf.tensor2d(rollout.mask),
        value: { values: tf.tensor2d(rollout.values), returns: tf.tensor2d(rollout.returns), valueMask: tf.tensor2d(rollout.valueMask) },
        reference: null,
      };
      for (const [step, expected] of run.loss.slice(0, 1).entries()) {
        const result = steps.train({ frozen, state, sequences, batch, scalars: scheduleScalars(config, step, run.learning_rate) });
        state = result.state;
        const { loss = Number.NaN } = await readScalars(result.report);
        expect(Math.abs(loss - expected), `step ${step}: ${loss} against ${expected}`).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
      }
    });
  });
});
