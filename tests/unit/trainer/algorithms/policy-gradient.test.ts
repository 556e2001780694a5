/** GRPO, RLOO and PPO's options against TRL: losses and gradients on fixed arrays, trajectories on tiny-llama. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type PpoConfig, ppoConfigSchema } from "../../../../domain/run";
import { flattenParams } from "../../../../trainer/algorithms/flat-params";
import { computeAdvantages } from "../../../../trainer/algorithms/gae";
import { computeGroupAdvantages, groupAdvantages } from "../../../../trainer/algorithms/group-advantages";
import { grpoLoss, rlooLoss } from "../../../../trainer/algorithms/group-loss";
import { tokenLogprobs } from "../../../../trainer/algorithms/losses";
import { createTrainState, scheduleScalars } from "../../../../trainer/algorithms/optimiser";
import { createPolicySequences, createPolicySteps, startValueFromReward } from "../../../../trainer/algorithms/policy-steps";
import { nextKlCoef, stopReason } from "../../../../trainer/algorithms/ppo";
import { ppoLoss } from "../../../../trainer/algorithms/ppo-loss";
import { readScalars } from "../../../../trainer/algorithms/train-context";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { goldenPath, readAdapterStart, readGolden } from "../../../helpers/golden";

type Rows = number[][];
type Options = {
  cliprange: number;
  kl_coef: number;
  loss_type?: "bnpo" | "grpo";
  cliprange_value?: number;
  vf_coef?: number;
  dual_clip?: number;
  gamma?: number;
  lam?: number;
};
type Fixed = {
  method: "ppo" | "grpo" | "rloo";
  options: Options;
  lengths: number[];
  tokens: Rows;
  new_logits: number[][][];
  old_logprobs: Rows;
  ref_logprobs: Rows;
  scores: number[];
  advantages: Rows | number[];
  values?: Rows;
  new_values?: Rows;
  policy_loss?: number;
  loss: number;
  grad_new_logits: number[][][];
};
type Trajectory = {
  options: Options;
  learning_rate: number;
  scores: number[];
  lengths: number[];
  old_logprobs: Rows;
  ref_logprobs: Rows;
  loss: number[];
  grad_norm: number[];
};
type Golden = {
  prompt_length: number;
  fixed: Record<string, Fixed>;
  trajectories: Record<string, Trajectory>;
  adaptive_kl: { init: number; target: number; horizon: number; batch: number; kl: number[]; coefficients: number[] };
};

const golden = readGolden<Golden>("ppo", "policy-gradient.json");
const aggregationOf = ({ loss_type: type }: Options) => (type === "grpo" ? "sequence" : "token");

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? 0)), `[${i}]: ${actual[i]} against ${expected[i]}`).toBeLessThan(bound);
}

describe.each(Object.entries(golden.fixed))("fixed arrays, %s", (_, { method, options, ...given }) => {
  const rows = given.lengths.map((length) => ({ length, stopped: true }));
  const mask = given.lengths.map((length) => given.tokens[0]?.map((_, t) => (t < length ? 1 : 0)) ?? []);

  it.runIf(method !== "ppo")("advantages", () => {
    if (method === "ppo") return;
    const own = computeGroupAdvantages(
      method,
      { klCoef: options.kl_coef, klEstimator: "k1", missingEosPenalty: null },
      { rows, logprobs: given.old_logprobs, refLogprobs: given.ref_logprobs, scores: given.scores },
      3,
    );
    expectNear(
      own.advantages.map((row) => row[0] ?? Number.NaN),
      given.advantages as number[],
      1e-5,
    );
    expect(own.advantages.map((row) => row.map((value) => (value === 0 ? 0 : 1)))).toEqual(mask);
  });

  it("loss and gradient", () => {
    const [loss, policyLoss, gradient] = tf.tidy(() => {
      const shape = [given.tokens.length, given.tokens[0]?.length ?? 0] as [number, number];
      const advantages =
        method === "ppo"
          ? tf.tensor2d(given.advantages as Rows)
          : tf.mul(tf.expandDims(tf.tensor1d(given.advantages as number[]), 1), tf.tensor2d(mask));
      const batch = {
        logprobs: tf.tensor2d(given.old_logprobs),
        refLogprobs: tf.tensor2d(given.ref_logprobs),
        advantages,
        mask: tf.tensor2d(mask),
        klCoef: tf.scalar(options.kl_coef),
      };
      let policyLoss: number | undefined;
      const { value, grad } = tf.valueAndGrad((logits: tf.Tensor) => {
        const logprobs = tf.reshape(
          tokenLogprobs(tf.reshape(logits, [shape[0] * shape[1], -1]) as tf.Tensor2D, tf.tensor1d(given.tokens.flat(), "int32")),
          shape,
        );
        if (method === "grpo")
          return grpoLoss({ cliprange: options.cliprange, lossAggregation: aggregationOf(options) }, logprobs, batch).loss;
        if (method === "rloo") return rlooLoss(options, logprobs, batch).loss;
        const values = tf.tensor2d(given.values ?? []);
        const parts = ppoLoss(
          {
            cliprange: options.cliprange,
            cliprangeValue: options.cliprange_value ?? 0,
            vfCoef: options.vf_coef ?? 0,
            dualClip: options.dual_clip ?? null,
          },
          logprobs,
          tf.tensor2d(given.new_values ?? []),
          { ...batch, values, returns: values, valueMask: batch.mask },
        );
        policyLoss = parts.policyLoss.dataSync()[0];
        return parts.loss;
      })(tf.tensor3d(given.new_logits));
      return [value.dataSync()[0], policyLoss, Array.from(grad.dataSync())] as const;
    });
    expect(loss).toBeCloseTo(given.loss, 5);
    if (given.policy_loss !== undefined) expect(policyLoss).toBeCloseTo(given.policy_loss, 5);
    expectNear(gradient, given.grad_new_logits.flat(2), 1e-5);
  });
});

describe("trajectories on tiny-llama", () => {
  const { batch } = readGolden<{ batch: Record<string, Rows> }>("training", "tiny-llama.rm.json");
  const sequence = (side: string, b: number) =>
    (batch[`${side}_ids`]?.[b] ?? []).slice(
      0,
      (batch[`${side}_mask`]?.[b] ?? []).reduce((sum, x) => sum + x, 0),
    );
  const sequences = (batch.chosen_ids ?? []).flatMap((_, b) => [sequence("chosen", b), sequence("rejected", b)]);
  const prompts = sequences.map((ids) => ids.slice(0, golden.prompt_length));
  const responses = sequences.map((ids) => ids.slice(golden.prompt_length));

  it.each(Object.entries(golden.trajectories))(
    "%s",
    async (name, { options, learning_rate: learningRate, scores, lengths, loss, grad_norm: norms, ...logprobs }) => {
      const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
      if (model.kind !== "decoder") throw new Error("tiny-llama is a decoder");
      const method = name.split("_")[0];
      const config: PpoConfig = ppoConfigSchema.parse({
        kind: "ppo",
        method,
        groupSize: 2,
        learningRate,
        maxGradNorm: null,
        klCoef: options.kl_coef,
        cliprange: options.cliprange,
        lossAggregation: aggregationOf(options),
        cliprangeValue: options.cliprange_value,
        vfCoef: options.vf_coef,
        gamma: options.gamma,
        lam: options.lam,
        dualClip: options.dual_clip ?? null,
        missingEosPenalty: null,
      });
      const steps = createPolicySteps(engine, {
        config,
        model,
        adapter: readAdapterStart("tiny-llama.dpo_lora_start.safetensors"),
        valueNetwork: null,
      });
      const frozen = { policy: params, value: null };
      // Left padding of the prompts may change nothing.
      const time = Math.max(...lengths);
      const inputs = createPolicySequences(prompts, responses, { promptLength: golden.prompt_length + 8, time, padTokenId: 0 });
      let state = createTrainState(tf.tidy(() => flattenParams(steps.initial())));
      const forward = steps.forward({ frozen, theta: state.theta, sequences: inputs });
      const rowsOf = (tensor: tf.Tensor) => tensor.arraySync() as Rows;
      const sampled = {
        rows: lengths.map((length) => ({ length, stopped: true })),
        logprobs: rowsOf(forward.logprobs),
        refLogprobs: rowsOf(forward.refLogprobs),
        scores,
      };
      const masked = (x: Rows) => x.map((row, i) => row.map((value, t) => (t < (lengths[i] ?? 0) ? value : 0)));
      expectNear(masked(sampled.logprobs).flat(), logprobs.old_logprobs.flat(), 1e-4);
      expectNear(masked(sampled.refLogprobs).flat(), logprobs.ref_logprobs.flat(), 1e-4);
      const withValues = forward.values && computeAdvantages(config, { ...sampled, values: rowsOf(forward.values) });
      const rollout = withValues ?? computeGroupAdvantages(method === "rloo" ? "rloo" : "grpo", config, sampled, 2);
      const part = {
        logprobs: tf.tensor2d(rollout.logprobs),
        advantages: tf.tensor2d(rollout.advantages),
        mask: tf.tensor2d(rollout.mask),
        value: withValues && {
          values: tf.tensor2d(withValues.values),
          returns: tf.tensor2d(withValues.returns),
          valueMask: tf.tensor2d(withValues.valueMask),
        },
        reference: withValues ? null : { refLogprobs: forward.refLogprobs, klCoef: tf.scalar(config.klCoef) },
      };
      const reports: Record<string, number>[] = [];
      for (let step = 0; step < loss.length; step++) {
        const result = steps.train({ frozen, state, sequences: inputs, batch: part, scalars: scheduleScalars(config, step, learningRate) });
        state = result.state;
        reports.push(await readScalars(result.report));
      }
      // The first loss of GRPO and RLOO is a small difference of large parts.
      loss.forEach((expected, step) =>
        expect(
          Math.abs((reports[step]?.loss ?? Number.NaN) - expected),
          `loss ${step}: ${reports[step]?.loss} against ${expected}`,
        ).toBeLessThan(1e-3 * Math.max(0.05, Math.abs(expected))),
      );
      norms.forEach((expected, step) =>
        expect(
          Math.abs((reports[step]?.gradNorm ?? Number.NaN) / expected - 1),
          `norm ${step}: ${reports[step]?.gradNorm} against ${expected}`,
        ).toBeLessThan(2e-3),
      );
    },
  );
});

describe("controllers", () => {
  it("adapt the KL coefficient as Ziegler et al. do", () => {
    const { init, target, horizon, batch, kl: kls, coefficients } = golden.adaptive_kl;
    let coefficient = init;
    kls.forEach((kl, i) => {
      coefficient = nextKlCoef({ adaptiveKl: { target, horizon }, rolloutBatchSize: batch }, coefficient, kl);
      expect(coefficient).toBeCloseTo(coefficients[i] ?? Number.NaN, 12);
    });
    expect(nextKlCoef({ adaptiveKl: null, rolloutBatchSize: batch }, init, 100)).toBe(init);
  });
  it("end a run above the KL or length that it names", () => {
    expect(stopReason({ maxKl: 5, maxMeanLength: null }, { kl: 5.1, length: 300 })).toContain("maxKl 5");
    expect(stopReason({ maxKl: null, maxMeanLength: 20 }, { kl: 100, length: 20.5 })).toContain("maxMeanLength 20");
    expect(stopReason({ maxKl: 5, maxMeanLength: 20 }, { kl: 5, length: 20 })).toBe(null);
  });
  it("refuse groups that do not divide", () => {
    expect(() => groupAdvantages("grpo", [1, 2, 3], 2)).toThrow("no groups of 2");
    expect(ppoConfigSchema.safeParse({ kind: "ppo", method: "rloo", rolloutBatchSize: 10, groupSize: 4 }).error?.issues[0]?.path).toEqual([
      "groupSize",
    ]);
  });
});

it("a value network of its own starts by saying what the reward model says", async () => {
  const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
  if (model.kind !== "decoder") throw new Error("tiny-llama is a decoder");
  const adapter = readAdapterStart("tiny-llama.rm_lora_start.safetensors");
  const config = ppoConfigSchema.parse({ kind: "ppo", valueNetwork: "reward" });
  const steps = createPolicySteps(engine, {
    config,
    model,
    adapter: readAdapterStart("tiny-llama.dpo_lora_start.safetensors"),
    valueNetwork: { model, adapter },
  });
  const score = tf.tensor2d(
    Float32Array.from({ length: model.hiddenSize }, (_, i) => Math.sin(i)),
    [1, model.hiddenSize],
  );
  const theta = flattenParams(startValueFromReward(steps.initial(), score, { rewardMean: 0.5, rewardStd: 2 }));
  const sequences = createPolicySequences([[5, 6, 7]], [[8, 9, 10]], { promptLength: 3, time: 3, padTokenId: 0 });
  const { values } = steps.forward({ frozen: { policy: params, value: params }, theta, sequences });
  // The value of the last token is read where the reward model reads a sequence that ends before it.
  const hidden = tf.tidy(() =>
    model.forward(
      { base: params, adapter },
      { inputIds: tf.tensor2d([[5, 6, 7, 8, 9]], undefined, "int32"), attentionMask: tf.ones([1, 5], "int32") },
    ),
  );
  const last = tf.reshape(tf.slice(hidden, [0, 4, 0], [1, 1, -1]), [1, -1]) as tf.Tensor2D;
  const expected = ((tf.matMul(last, score, false, true).dataSync()[0] ?? Number.NaN) - 0.5) / 2;
  expect(values?.dataSync()[2]).toBeCloseTo(expected, 4);
});
