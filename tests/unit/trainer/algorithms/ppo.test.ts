/** PPO's arithmetic against TRL's, and a stopped and resumed run against the uninterrupted one. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { ppoConfigSchema } from "../../../../domain/run";
import { computeAdvantages } from "../../../../trainer/algorithms/gae";
import { tokenLogprobs } from "../../../../trainer/algorithms/losses";
import { trainPpo } from "../../../../trainer/algorithms/ppo";
import { ppoLoss } from "../../../../trainer/algorithms/ppo-loss";
import { initScore } from "../../../../trainer/algorithms/reward-model";
import { readSnapshot, writeSnapshot } from "../../../../trainer/checkpoint/snapshot";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import type { Params } from "../../../../trainer/models/model";
import { readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

type Rows = number[][];
type Case = {
  config: {
    gamma: number;
    lam: number;
    kl_coef: number;
    kl_estimator: "k1" | "k3";
    whiten_rewards: boolean;
    missing_eos_penalty: number | null;
    cliprange: number;
    cliprange_value: number;
    vf_coef: number;
  };
  rollout: {
    sequence_lengths: number[];
    contain_eos: boolean[];
    logprobs: Rows;
    ref_logprobs: Rows;
    values: Rows;
    scores: number[];
    kl: Rows;
    rewards: Rows;
    returns: Rows;
    advantages: Rows;
  };
  update: {
    loss: number;
    pg_loss: number;
    vf_loss: number;
    pg_clipfrac: number;
    vf_clipfrac: number;
    approxkl: number;
    grad_new_logits: number[][][];
    grad_new_values: Rows;
  };
};
type Golden = {
  inputs: { responses: Rows; new_logits: number[][][]; values: Rows; new_values: Rows; scores: number[] };
  cases: Record<string, Case>;
};

const golden = readGolden<Golden>("ppo", "ppo.json");

function expectRows(actual: Rows, expected: Rows, where?: Rows): void {
  expected.forEach((row, i) =>
    row.forEach((value, t) => {
      if (!where || where[i]?.[t]) expect(Math.abs((actual[i]?.[t] ?? Number.NaN) - value), `[${i}][${t}]`).toBeLessThan(2e-5);
    }),
  );
}

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

describe.each(Object.entries(golden.cases))("TRL case %s", (_, { config, rollout, update }) => {
  const { inputs } = golden;
  const own = computeAdvantages(
    {
      gamma: config.gamma,
      lam: config.lam,
      klCoef: config.kl_coef,
      klEstimator: config.kl_estimator,
      whitenRewards: config.whiten_rewards,
      missingEosPenalty: config.missing_eos_penalty,
    },
    {
      rows: rollout.sequence_lengths.map((last, i) => ({ length: last + 1, stopped: rollout.contain_eos[i] ?? false })),
      logprobs: rollout.logprobs,
      refLogprobs: rollout.ref_logprobs,
      values: inputs.values,
      scores: inputs.scores,
    },
  );
  it("rewards, returns and advantages", () => {
    own.scores.forEach((score, i) => expect(score).toBeCloseTo(rollout.scores[i] ?? Number.NaN, 5));
    expectRows(own.kl, rollout.kl);
    expectRows(own.values, rollout.values);
    expectRows(own.rewards, rollout.rewards, own.valueMask);
    expectRows(own.returns, rollout.returns, own.valueMask);
    expectRows(own.advantages, rollout.advantages, own.mask);
  });
  it("loss, parts and gradients of the update", () => {
    const shape = [inputs.responses.length, inputs.responses[0]?.length ?? 0] as [number, number];
    const result = tf.tidy(() => {
      const batch = {
        logprobs: tf.tensor2d(own.logprobs),
        values: tf.tensor2d(own.values),
        advantages: tf.tensor2d(own.advantages),
        returns: tf.tensor2d(own.returns),
        mask: tf.tensor2d(own.mask),
        valueMask: tf.tensor2d(own.valueMask),
      };
      const options = { cliprange: config.cliprange, cliprangeValue: config.cliprange_value, vfCoef: config.vf_coef, dualClip: null };
      let parts: Record<string, tf.Tensor> = {};
      const { value, grads } = tf.valueAndGrads((logits: tf.Tensor, values: tf.Tensor) => {
        const flat = tf.reshape(logits, [shape[0] * shape[1], -1]) as tf.Tensor2D;
        const logprobs = tf.reshape(tokenLogprobs(flat, tf.tensor1d(inputs.responses.flat(), "int32")), shape);
        parts = ppoLoss(options, logprobs, values, batch);
        for (const tensor of Object.values(parts)) tf.keep(tensor);
        return parts.loss as tf.Scalar;
      })([tf.tensor3d(inputs.new_logits), tf.tensor2d(inputs.new_values)]);
      const scalars = Object.fromEntries(Object.entries(parts).map(([name, scalar]) => [name, scalar.dataSync()[0] ?? Number.NaN]));
      return {
        loss: value.dataSync()[0],
        scalars,
        gradLogits: grads[0]?.arraySync() as number[][][],
        gradValues: grads[1]?.arraySync() as Rows,
      };
    });
    expect(result.loss).toBeCloseTo(update.loss, 5);
    expect(result.scalars.policyLoss).toBeCloseTo(update.pg_loss, 5);
    expect(result.scalars.valueLoss).toBeCloseTo(update.vf_loss, 5);
    expect(result.scalars.clipfrac).toBeCloseTo(update.pg_clipfrac, 5);
    expect(result.scalars.valueClipfrac).toBeCloseTo(update.vf_clipfrac, 5);
    // TRL averages over the padding too, where the difference is 0.
    const share = own.mask.flat().reduce((sum, x) => sum + x, 0) / (shape[0] * shape[1]);
    expect((result.scalars.approxkl ?? 0) * share).toBeCloseTo(update.approxkl, 5);
    expectRows(result.gradValues, update.grad_new_values);
    result.gradLogits.forEach((rows, i) => expectRows(rows, update.grad_new_logits[i] ?? []));
  });
});

describe("stop and resume", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hone-ppo-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
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
  if (model.kind !== "decoder") throw new Error("not a decoder");
  const decoder = model;
  const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
  const common = {
    kind: "ppo",
    seed: 7,
    iterations: 4,
    rolloutBatchSize: 8,
    numPpoEpochs: 2,
    numMiniBatches: 2,
    responseLength: 6,
    maxPromptLength: 16,
    saveSteps: 100,
    evalSteps: 0,
    learningRate: 1e-2,
    adaptiveKl: { target: 0.1, horizon: 100 },
    groupSize: 4,
  };
  const prompts = Array.from({ length: 12 }, (_, i) => {
    const random = createRandom(i, "prompt");
    return { promptIds: Array.from({ length: 3 + (i % 4) }, () => 2 + random.int(38)), prompt: "", reference: null };
  });
  const run = async (name: string, changes: object, options: { pauseAt?: number; resumeFrom?: string }) => {
    const config = ppoConfigSchema.parse({ ...common, ...changes });
    const base = initParams(decoder, 3);
    const resume = options.resumeFrom ? await readSnapshot(path.join(folder, options.resumeFrom)) : null;
    const context = createRecordedContext(engine, {
      resume,
      pauseAt: options.pauseAt,
      save: (request) => writeSnapshot(path.join(folder, name), request),
    });
    const outcome = await trainPpo(context, {
      config,
      model: decoder,
      tokenizer,
      base,
      adapter: initAdapter(decoder, config.lora, config.seed),
      prompts,
      reward: {
        model: decoder,
        weights: { weights: { base: initParams(decoder, 4), adapter: initAdapter(decoder, config.lora, 9) }, score: initScore(16, 5) },
      },
      writeModel: async (_folder: string, _trained: Params) => {},
    });
    return { outcome, events: context.events, end: await readSnapshot(path.join(folder, name)) };
  };

  it.each([
    ["PPO", {}],
    ["PPO with a value network of its own, dual clip and bounded updates", { valueNetwork: "reward", dualClip: 3, targetKl: 0.01 }],
    ["GRPO", { method: "grpo" }],
    ["RLOO", { method: "rloo" }],
  ])("%s equals the uninterrupted run bit for bit: parameters, moments, KL controller, every metric", async (name, changes) => {
    const whole = await run(`${name}-whole`, changes, {});
    const first = await run(`${name}-first`, changes, { pauseAt: 2 });
    const second = await run(`${name}-second`, changes, { resumeFrom: `${name}-first` });
    expect([whole.outcome, first.outcome, second.outcome]).toEqual(["succeeded", "paused", "succeeded"]);
    expect(first.end?.step).toBe(2);
    expect(second.end?.state).toEqual(whole.end?.state);
    for (const name of ["theta", "m", "v"]) {
      const values = whole.end?.tensors[name]?.dataSync() ?? [];
      expect(values.length).toBeGreaterThan(0);
      expect(second.end?.tensors[name]?.dataSync()).toEqual(values);
    }
    const metrics = (events: typeof whole.events) => events.filter(({ kind }) => kind === "metric");
    expect([...metrics(first.events), ...metrics(second.events)]).toEqual(metrics(whole.events));
    // The policy did move: otherwise equality would say nothing.
    expect(Math.max(...Array.from(whole.end?.tensors.m?.dataSync() ?? [], Math.abs))).toBeGreaterThan(0);
  });
});

describe("a tiny case", () => {
  const created = createModel({
    model_type: "llama",
    vocab_size: 12,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
  });
  if (created.kind !== "decoder") throw new Error("not a decoder");
  const decoder = created;
  const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
  const prompts = Array.from({ length: 4 }, (_, i) => ({ promptIds: [2 + i, 3 + i], prompt: "", reference: null }));
  /** Fresh embeddings are so small that no adapter over them can prefer a token: they are the output matrix too. */
  const initPolicy = () => {
    const base = initParams(decoder, 3);
    const name = "model.embed_tokens.weight";
    return { ...base, [name]: tf.mul(base[name] as tf.Tensor, 30) };
  };
  const train = async (changes: object) => {
    const config = ppoConfigSchema.parse({
      kind: "ppo",
      seed: 3,
      iterations: 20,
      rolloutBatchSize: 32,
      groupSize: 8,
      numPpoEpochs: 2,
      numMiniBatches: 1,
      responseLength: 4,
      maxPromptLength: 8,
      saveSteps: 100,
      evalSteps: 0,
      learningRate: 2e-2,
      klCoef: 0,
      missingEosPenalty: null,
      ...changes,
    });
    const context = createRecordedContext(engine);
    const outcome = await trainPpo(context, {
      config,
      model: decoder,
      tokenizer,
      base: initPolicy(),
      adapter: initAdapter(decoder, config.lora, 1),
      prompts,
      writeModel: async () => {},
      reward: {
        model: decoder,
        weights: { weights: { base: initParams(decoder, 4), adapter: initAdapter(decoder, config.lora, 9) }, score: initScore(16, 5) },
      },
    });
    return { outcome, events: context.events };
  };

  it.each([
    ["ppo", {}],
    ["ppo", { valueNetwork: "reward" }],
    ["grpo", {}],
    ["rloo", {}],
  ] as const)("%s raises the reward, %o", async (method, changes) => {
    const { outcome, events } = await train({ method, ...changes });
    expect(outcome).toBe("succeeded");
    const scores = metricSeries(events, "objective/scores");
    // On a scale where the reference has mean 0 and deviation 1.
    expect(scores[0]).toBeLessThan(0.4);
    expect(Math.min(...scores.slice(-3))).toBeGreaterThan(0.7);
  });
  it("stops the updates of a rollout after one that was too large, and the run where it strays", async () => {
    const bounded = await train({ iterations: 2, learningRate: 0.1, numPpoEpochs: 4, targetKl: 1e-4 });
    expect(metricSeries(bounded.events, "policy/updates")).toEqual([2, 2]);
    const ended = await train({ maxKl: 0.5 });
    expect(ended.outcome).toBe("succeeded");
    const kl = metricSeries(ended.events, "objective/kl");
    expect(kl.length).toBeLessThan(20);
    expect(kl.findIndex((value) => value > 0.5)).toBe(kl.length - 1);
    expect(ended.events.flatMap((event) => (event.kind === "log" ? [event.message] : [])).at(-1)).toContain("above maxKl 0.5");
  });
});
