/**
 * The two compiled steps of the methods that sample from the policy: log-probabilities (and values) of a rollout, and one
 * update from a part of it. PPO, GRPO and RLOO differ in the loss alone, and PPO has a value function beside the policy.
 *
 * The value function is a linear head, zero at the start, on the policy's hidden states, or on those of a network of its
 * own: the reward model's base with an adapter that starts from the reward model's.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { PpoConfig } from "../../domain/run";
import type { Engine } from "../engine/engine";
import { padLeft } from "../generation/generate";
import type { Adapter, DecoderModel, Params, Weights } from "../models/model";
import { layoutOf, unflattenParams } from "./flat-params";
import { lossAndGradient } from "./gradient";
import { grpoLoss, rlooLoss } from "./group-loss";
import { tokenEntropy, tokenLogprobs } from "./losses";
import { adamW, type StepScalars, type TrainState } from "./optimiser";
import { ppoLoss } from "./ppo-loss";

const HEAD = "value_head.weight";
const BIAS = "value_head.bias";
const NETWORK = "value_network.";

/** Left-padded prompts with their right-padded responses, (B, P + T), and the responses alone, (B, T). */
export type PolicySequences = { inputIds: tf.Tensor; attentionMask: tf.Tensor; responseIds: tf.Tensor };

/** `promptLength` and `time` are P and T; every prompt and response has to fit. The caller frees the tensors. */
export function createPolicySequences(
  prompts: readonly number[][],
  responses: readonly number[][],
  { promptLength, time, padTokenId }: { promptLength: number; time: number; padTokenId: number },
): PolicySequences {
  const rows = prompts.length;
  const query = padLeft(prompts, padTokenId, promptLength);
  const width = promptLength + time;
  const ids = new Int32Array(rows * width).fill(padTokenId);
  const mask = new Int32Array(rows * width);
  const responseIds = new Int32Array(rows * time).fill(padTokenId);
  responses.forEach((response, b) => {
    ids.set(query.ids.subarray(b * promptLength, (b + 1) * promptLength), b * width);
    mask.set(query.mask.subarray(b * promptLength, (b + 1) * promptLength), b * width);
    ids.set(response, b * width + promptLength);
    mask.fill(1, b * width + promptLength, b * width + promptLength + response.length);
    responseIds.set(response, b * time);
  });
  return {
    inputIds: tf.tensor2d(ids, [rows, width], "int32"),
    attentionMask: tf.tensor2d(mask, [rows, width], "int32"),
    responseIds: tf.tensor2d(responseIds, [rows, time], "int32"),
  };
}

/** Parts of a rollout, (B, T) each; `value` for PPO, `reference` for the others. */
export type PolicyBatch = {
  logprobs: tf.Tensor;
  advantages: tf.Tensor;
  mask: tf.Tensor;
  value: { values: tf.Tensor; returns: tf.Tensor; valueMask: tf.Tensor } | null;
  reference: { refLogprobs: tf.Tensor; klCoef: tf.Tensor } | null;
};

/** The frozen weights: the policy's base, and that of a value network of its own. */
export type FrozenBases = { policy: Params; value: Params | null };

export type PolicyStepsInput = {
  config: PpoConfig;
  model: DecoderModel;
  adapter: Adapter;
  /** PPO with a value network of its own: its model, and the adapter that it starts from. */
  valueNetwork: { model: DecoderModel; adapter: Adapter } | null;
};

export function createPolicySteps(engine: Engine, { config, model, adapter, valueNetwork }: PolicyStepsInput) {
  const hasValue = config.method === "ppo";
  /** The parameters before the first update; to be called in a tidy. */
  const initial = (): Params => ({
    ...adapter.params,
    ...(hasValue ? { [HEAD]: tf.zeros([1, (valueNetwork?.model ?? model).hiddenSize]), [BIAS]: tf.zeros([1]) } : {}),
    ...Object.fromEntries(Object.entries(valueNetwork?.adapter.params ?? {}).map(([name, tensor]) => [`${NETWORK}${name}`, tensor])),
  });
  const layout = tf.tidy(() => layoutOf(initial()));

  /** theta's tensors by what they belong to. */
  const split = (theta: tf.Tensor1D) => {
    const { [HEAD]: head, [BIAS]: bias, ...rest } = unflattenParams(layout, theta);
    const own = Object.entries(rest).filter(([name]) => !name.startsWith(NETWORK));
    const network = Object.entries(rest).flatMap(([name, tensor]) =>
      name.startsWith(NETWORK) ? [[name.slice(NETWORK.length), tensor] as const] : [],
    );
    return {
      policy: Object.fromEntries(own),
      network: Object.fromEntries(network),
      head: head as tf.Tensor2D | undefined,
      bias: bias as tf.Tensor1D | undefined,
    };
  };
  /** Hidden states that predict the response: positions P-1 .. P+T-2, flattened to (B*T, D). */
  const responseHidden = (of: DecoderModel, weights: Weights, { inputIds, attentionMask, responseIds }: PolicySequences) => {
    const time = responseIds.shape[1] as number;
    const promptLength = (inputIds.shape[1] as number) - time;
    const hidden = of.forward(weights, { inputIds: inputIds as tf.Tensor2D, attentionMask: attentionMask as tf.Tensor2D });
    return tf.reshape(tf.slice(hidden, [0, promptLength - 1, 0], [-1, time, -1]), [-1, of.hiddenSize]) as tf.Tensor2D;
  };
  const responseLogits = (weights: Weights, hidden: tf.Tensor2D) =>
    tf.div(model.logits(weights, hidden), config.temperature + 1e-7) as tf.Tensor2D;
  const toLogprobs = (logits: tf.Tensor2D, { responseIds }: PolicySequences) =>
    tf.reshape(tokenLogprobs(logits, tf.reshape(responseIds, [-1]) as tf.Tensor1D), responseIds.shape);

  const run = (frozen: FrozenBases, theta: tf.Tensor1D, sequences: PolicySequences) => {
    const { policy, network, head, bias } = split(theta);
    const weights: Weights = { base: frozen.policy, adapter: { params: policy, scaling: adapter.scaling } };
    const hidden = responseHidden(model, weights, sequences);
    const logits = responseLogits(weights, hidden);
    let values: tf.Tensor | null = null;
    if (head && bias) {
      const states =
        valueNetwork && frozen.value
          ? responseHidden(
              valueNetwork.model,
              { base: frozen.value, adapter: { params: network, scaling: valueNetwork.adapter.scaling } },
              sequences,
            )
          : hidden;
      values = tf.reshape(tf.add(tf.matMul(states, head, false, true), bias), sequences.responseIds.shape);
    }
    return { logits, logprobs: toLogprobs(logits, sequences), values };
  };

  const computeLoss = (logprobs: tf.Tensor, values: tf.Tensor | null, batch: PolicyBatch) => {
    const { value, reference } = batch;
    switch (config.method) {
      case "ppo":
        if (!values || !value) throw new TypeError("PPO needs values");
        return ppoLoss(config, logprobs, values, { ...batch, ...value });
      case "grpo":
      case "rloo":
        if (!reference) throw new TypeError(`${config.method} needs the reference's log-probabilities`);
        return (config.method === "grpo" ? grpoLoss : rlooLoss)(config, logprobs, { ...batch, ...reference });
      default:
        return config.method satisfies never;
    }
  };

  return {
    initial,
    split,
    /** The policy with its values, and the reference beside it, over whole rollouts: (B, T) each. */
    forward: engine.compile(
      "policy-forward",
      ({ frozen, theta, sequences }: { frozen: FrozenBases; theta: tf.Tensor; sequences: PolicySequences }) => {
        const { logits, logprobs, values } = run(frozen, theta as tf.Tensor1D, sequences);
        const reference: Weights = { base: frozen.policy, adapter: null };
        const refLogits = responseLogits(reference, responseHidden(model, reference, sequences));
        return {
          logprobs,
          refLogprobs: toLogprobs(refLogits, sequences),
          values,
          entropy: tf.reshape(tokenEntropy(logits), sequences.responseIds.shape),
        };
      },
    ),
    train: engine.compile(
      "policy-train",
      ({
        frozen,
        state,
        sequences,
        batch,
        scalars,
      }: {
        frozen: FrozenBases;
        state: TrainState;
        sequences: PolicySequences;
        batch: PolicyBatch;
        scalars: StepScalars;
      }) => {
        const { loss, gradient, report } = lossAndGradient((theta) => {
          const { logprobs, values } = run(frozen, theta, sequences);
          const { loss, ...parts } = computeLoss(logprobs, values, batch);
          return { loss, report: parts as Record<string, tf.Tensor> };
        }, state.theta);
        const update = adamW(config, state, gradient, scalars);
        return { state: update.state, report: { loss, gradNorm: update.gradNorm, ...report } };
      },
    ),
  };
}

/** `initial` with a value head that says what the reward model's `score` (1, D) does, on the scale (r - mean) / std. */
export function startValueFromReward(
  initial: Params,
  score: tf.Tensor,
  { rewardMean, rewardStd }: { rewardMean: number; rewardStd: number },
): Params {
  return { ...initial, [HEAD]: tf.div(score, rewardStd), [BIAS]: tf.tensor1d([-rewardMean / rewardStd]) };
}
