/**
 * PPO with the clipped objective on a LoRA adapter. One base in memory serves the policy (adapter on), the
 * reference policy (adapter off) and, where it grew from the same checkpoint, the reward model.
 *
 * Source: Schulman et al. 2017; Ziegler et al. 2019; Huang et al. 2024 ("The N+ implementation details of
 * RLHF with PPO"); trl 1.12 ppo_trainer. Deviations: the value head is a linear layer, zero at the start, on
 * the policy's own hidden states; reports are means over real tokens.
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { PpoConfig, SampleRow } from "../../domain/run";
import { createGenerator, padLeft } from "../generation/generate";
import type { Adapter, DecoderModel, Params, Weights } from "../models/model";
import { batchIndices, type Example, type PromptTokenizer, roundUp } from "./examples";
import { flattenParams, layoutOf, unflattenParams } from "./flat-params";
import { computeAdvantages } from "./gae";
import { lossAndGradient } from "./gradient";
import { tokenEntropy, tokenLogprobs } from "./losses";
import { adamW, createTrainState, learningRateAt, type StepScalars, scheduleScalars, type TrainState } from "./optimiser";
import { type PpoBatch, ppoLoss } from "./ppo-loss";
import { createScorer, type RewardWeights } from "./reward-model";
import { assertFinite, type Outcome, readScalars, type Snapshot, snapshotTensor, type TrainContext } from "./train-context";

export const VALUE_HEAD = "value_head.weight";
export const VALUE_BIAS = "value_head.bias";

export type PpoPrompt = { promptIds: number[]; prompt: string; reference: string | null };

export type PpoInput = {
  config: PpoConfig;
  model: DecoderModel;
  tokenizer: PromptTokenizer;
  /** The policy before this run, adapters of its ancestors merged in: the reference policy. */
  base: Params;
  adapter: Adapter;
  reward: { model: DecoderModel; weights: RewardWeights };
  prompts: PpoPrompt[];
  writeModel(folder: string, trained: Params): Promise<void>;
};

type Sequences = { inputIds: tf.Tensor; attentionMask: tf.Tensor; responseIds: tf.Tensor };
type LoopState = { klCoef: number; updates: number; rewardMean: number; rewardStd: number };

/** (B, T) rows of a downloaded tensor. */
const toRows = (tensor: tf.Tensor): number[][] => {
  const [rows, columns] = tensor.shape as [number, number];
  const values = tensor.dataSync();
  return Array.from({ length: rows }, (_, b) => Array.from(values.subarray(b * columns, (b + 1) * columns)));
};

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const rowSums = (x: number[][], mask: number[][]) => x.map((row, i) => row.reduce((sum, value, t) => sum + (mask[i]?.[t] ? value : 0), 0));

export async function trainPpo(context: TrainContext, input: PpoInput): Promise<Outcome> {
  const { config, model, tokenizer, base, adapter } = input;
  const prompts = input.prompts.filter(({ promptIds }) => promptIds.length <= config.maxPromptLength);
  if (prompts.length === 0) throw new Error("No prompt fits maxPromptLength");
  const promptLength = roundUp(Math.max(...prompts.map(({ promptIds }) => promptIds.length)));
  const trainable: Params = { ...adapter.params, [VALUE_HEAD]: tf.zeros([1, model.hiddenSize]), [VALUE_BIAS]: tf.zeros([1]) };
  const layout = layoutOf(trainable);
  const miniBatchSize = Math.max(1, Math.floor(config.rolloutBatchSize / config.numMiniBatches));

  const split = (theta: tf.Tensor1D) => {
    const { [VALUE_HEAD]: head, [VALUE_BIAS]: bias, ...params } = unflattenParams(layout, theta);
    return { head: head as tf.Tensor2D, bias: bias as tf.Tensor1D, adapter: { params, scaling: adapter.scaling } };
  };
  /** Hidden states that predict the response: positions P-1 .. P+T-2, flattened to (B*T, D). */
  const responseHidden = (weights: Weights, { inputIds, attentionMask, responseIds }: Sequences) => {
    const time = responseIds.shape[1] as number;
    const hidden = model.forward(weights, { inputIds: inputIds as tf.Tensor2D, attentionMask: attentionMask as tf.Tensor2D });
    return tf.reshape(tf.slice(hidden, [0, promptLength - 1, 0], [-1, time, -1]), [-1, model.hiddenSize]) as tf.Tensor2D;
  };
  const responseLogits = (weights: Weights, hidden: tf.Tensor2D) => tf.div(model.logits(weights, hidden), config.temperature + 1e-7) as tf.Tensor2D;
  const flatIds = (sequences: Sequences) => tf.reshape(sequences.responseIds, [-1]) as tf.Tensor1D;

  // The policy with its values, and the reference beside it, over whole rollouts.
  const rolloutForward = context.engine.compile("ppo-forward", ({ base, theta, sequences }: { base: Params; theta: tf.Tensor; sequences: Sequences }) => {
    const { head, bias, adapter: current } = split(theta as tf.Tensor1D);
    const policy: Weights = { base, adapter: current };
    const reference: Weights = { base, adapter: null };
    const hidden = responseHidden(policy, sequences);
    const logits = responseLogits(policy, hidden);
    const refLogits = responseLogits(reference, responseHidden(reference, sequences));
    const shape = sequences.responseIds.shape as [number, number];
    return {
      logprobs: tf.reshape(tokenLogprobs(logits, flatIds(sequences)), shape),
      refLogprobs: tf.reshape(tokenLogprobs(refLogits, flatIds(sequences)), shape),
      values: tf.reshape(tf.add(tf.matMul(hidden, head, false, true), bias), shape),
      entropy: tf.reshape(tokenEntropy(logits), shape),
    };
  });
  const trainStep = context.engine.compile("ppo-train", ({ base, state, sequences, batch, scalars }: { base: Params; state: TrainState; sequences: Sequences; batch: PpoBatch; scalars: StepScalars }) => {
    const { loss, gradient, report } = lossAndGradient((theta) => {
      const { head, bias, adapter: current } = split(theta);
      const policy: Weights = { base, adapter: current };
      const hidden = responseHidden(policy, sequences);
      const shape = sequences.responseIds.shape as [number, number];
      const logprobs = tf.reshape(tokenLogprobs(responseLogits(policy, hidden), flatIds(sequences)), shape);
      const values = tf.reshape(tf.add(tf.matMul(hidden, head, false, true), bias), shape);
      const { loss, ...parts } = ppoLoss(config, logprobs, values, batch);
      return { loss, report: parts };
    }, state.theta);
    const update = adamW(config, state, gradient, scalars);
    return { state: update.state, report: { loss, gradNorm: update.gradNorm, ...report } };
  });
  const generate = createGenerator(context.engine, model);
  const scorer = createScorer(context.engine, input.reward.model);

  const sample = (weights: Weights, rows: PpoPrompt[], stream: string) =>
    generate(weights, rows.map(({ promptIds }) => promptIds), rows.map((_, i) => createRandom(config.seed, `${stream}:${i}`)), {
      temperature: config.temperature, topK: 0, topP: 1, maxNewTokens: config.responseLength,
      eosTokenId: tokenizer.eosTokenId, padTokenId: tokenizer.padTokenId, lengthMultiple: promptLength,
    });
  const score = (rows: PpoPrompt[], responses: number[][]): number[] =>
    scorer(input.reward.weights, rows.map(({ promptIds }, i): Example => ({ promptIds, completionIds: responses[i] ?? [] })), { batchSize: Math.min(64, config.rolloutBatchSize), padTokenId: tokenizer.padTokenId });

  /** T of a rollout: room for the longest response and the place after it, where its score goes; few different ones. */
  const responseTime = (responses: number[][]) => Math.min(config.responseLength, roundUp(Math.max(...responses.map(({ length }) => length + 1))));
  const toSequences = (rows: PpoPrompt[], responses: number[][], time: number): Sequences => {
    const query = padLeft(rows.map(({ promptIds }) => promptIds), tokenizer.padTokenId, promptLength);
    const width = promptLength + time;
    const ids = new Int32Array(rows.length * width).fill(tokenizer.padTokenId);
    const mask = new Int32Array(rows.length * width);
    const responseIds = new Int32Array(rows.length * time).fill(tokenizer.padTokenId);
    rows.forEach((_, b) => {
      const response = responses[b] ?? [];
      ids.set(query.ids.subarray(b * promptLength, (b + 1) * promptLength), b * width);
      mask.set(query.mask.subarray(b * promptLength, (b + 1) * promptLength), b * width);
      ids.set(response, b * width + promptLength);
      mask.fill(1, b * width + promptLength, b * width + promptLength + response.length);
      responseIds.set(response, b * time);
    });
    return {
      inputIds: tf.tensor2d(ids, [rows.length, width], "int32"),
      attentionMask: tf.tensor2d(mask, [rows.length, width], "int32"),
      responseIds: tf.tensor2d(responseIds, [rows.length, time], "int32"),
    };
  };
  const batchPrompts = (iteration: number) => batchIndices(prompts.length, config.rolloutBatchSize, iteration, config.seed, "ppo").map((i) => prompts[i] as PpoPrompt);

  await context.start(config.iterations);

  // 1. Start: fresh adapter and value head, reward scale from samples of the reference policy; or resume.
  let state: TrainState;
  let loop: LoopState;
  if (context.resume) {
    const resume: Snapshot = context.resume;
    state = { theta: snapshotTensor(resume, "theta"), m: snapshotTensor(resume, "m"), v: snapshotTensor(resume, "v") };
    loop = resume.state as LoopState;
  } else {
    state = createTrainState(flattenParams(trainable));
    loop = { klCoef: config.klCoef, updates: 0, rewardMean: 0, rewardStd: 1 };
    if (config.normalizeRewards) {
      const rows = batchPrompts(0);
      const scores = score(rows, (await sample({ base, adapter: null }, rows, "reference")).map(({ tokens }) => tokens));
      const center = mean(scores);
      const deviation = Math.sqrt(mean(scores.map((x) => (x - center) ** 2)));
      loop = { ...loop, rewardMean: center, rewardStd: Math.max(deviation, 1e-6) };
      await context.emit([{ kind: "log", level: "info", message: `Reward scale from ${rows.length} reference samples: mean ${center.toFixed(4)}, std ${deviation.toFixed(4)}` }]);
    }
  }

  for (let iteration = context.resume?.step ?? 0; iteration < config.iterations; iteration++) {
    // 2. Rollout: sample, score, log-probabilities of policy and reference, values.
    const rows = batchPrompts(iteration);
    const current = tf.tidy(() => Object.values(split(state.theta).adapter.params));
    const adapterParams = Object.fromEntries(Object.keys(adapter.params).map((name, i) => [name, current[i] as tf.Tensor]));
    const generated = await sample({ base, adapter: { params: adapterParams, scaling: adapter.scaling } }, rows, `rollout:${iteration}`);
    tf.dispose(current);
    const responses = generated.map(({ tokens }) => tokens);
    const rawScores = score(rows, responses);
    const scores = rawScores.map((x) => (x - loop.rewardMean) / loop.rewardStd);
    const time = responseTime(responses);
    const sequences = toSequences(rows, responses, time);
    const forward = rolloutForward({ base, theta: state.theta, sequences });
    const entropy = toRows(forward.entropy);
    const rollout = computeAdvantages({ ...config, klCoef: loop.klCoef }, {
      rows: generated.map(({ tokens, stopped }) => ({ length: tokens.length, stopped })),
      logprobs: toRows(forward.logprobs), refLogprobs: toRows(forward.refLogprobs), values: toRows(forward.values), scores,
    });
    tf.dispose([...Object.values(forward), ...Object.values(sequences)]);

    // 3. Updates: a fresh permutation each epoch.
    const lr = learningRateAt(config, iteration, config.iterations);
    const reports: Record<string, number>[] = [];
    for (let epoch = 0; epoch < config.numPpoEpochs; epoch++) {
      const order = createRandom(config.seed, `ppo-epoch:${iteration}:${epoch}`).shuffle([...rows.keys()]);
      for (let start = 0; start + miniBatchSize <= order.length; start += miniBatchSize) {
        const chosen = order.slice(start, start + miniBatchSize);
        const take = (x: number[][]) => tf.tensor2d(chosen.map((i) => x[i] as number[]));
        const part = toSequences(chosen.map((i) => rows[i] as PpoPrompt), chosen.map((i) => responses[i] ?? []), time);
        const batch: PpoBatch = {
          logprobs: take(rollout.logprobs), values: take(rollout.values), advantages: take(rollout.advantages),
          returns: take(rollout.returns), mask: take(rollout.mask), valueMask: take(rollout.valueMask),
        };
        const scalars = scheduleScalars(config, loop.updates, lr);
        const result = trainStep({ base, state, sequences: part, batch, scalars });
        tf.dispose([...Object.values(state), ...Object.values(part), ...Object.values(batch), ...Object.values(scalars)]);
        state = result.state;
        loop = { ...loop, updates: loop.updates + 1 };
        const report = readScalars(result.report);
        assertFinite(iteration + 1, report);
        reports.push(report);
      }
    }

    // 4. Report, under TRL's names.
    const step = iteration + 1;
    const kl = mean(rowSums(rollout.kl, rollout.mask));
    const nonScore = -loop.klCoef * kl;
    const average = (name: string) => mean(reports.map((report) => report[name] ?? Number.NaN));
    const values: Record<string, number> = {
      "objective/kl": kl,
      "objective/entropy": mean(rowSums(rollout.logprobs.map((row) => row.map((x) => -x)), rollout.mask)),
      "objective/non_score_reward": nonScore,
      "objective/rlhf_reward": nonScore + mean(rollout.scores),
      "objective/scores": mean(rollout.scores),
      "objective/kl_coef": loop.klCoef,
      "policy/entropy": mean(rowSums(entropy, rollout.mask)) / Math.max(1, mean(rollout.mask.map((row) => row.reduce((a, b) => a + b, 0)))),
      "policy/approxkl": average("approxkl"),
      "policy/clipfrac": average("clipfrac"),
      "loss/policy": average("policyLoss"),
      "loss/value": average("valueLoss"),
      "val/ratio": average("ratio"),
      "val/clipfrac": average("valueClipfrac"),
      "val/num_eos_tokens": generated.filter(({ stopped }) => stopped).length,
      "length/mean": mean(responses.map(({ length }) => length)),
      grad_norm: average("gradNorm"),
      lr,
    };
    assertFinite(step, values);
    await context.emit([{ kind: "metric", step, values }]);
    if (kl < -1) await context.emit([{ kind: "log", level: "warning", message: `Mean KL is ${kl.toFixed(3)} at step ${step}: the rollouts do not come from the policy that is updated` }]);
    if (config.evalSteps > 0 && (step === 1 || step % config.evalSteps === 0 || step === config.iterations)) {
      const rowKl = rowSums(rollout.kl, rollout.mask);
      const table = await Promise.all(rows.slice(0, 8).map(async (row, i): Promise<SampleRow> => ({
        prompt: row.prompt, completion: await tokenizer.decode(responses[i] ?? []), reference: row.reference, score: rawScores[i] ?? null, kl: rowKl[i] ?? null,
      })));
      await context.emit([{ kind: "sample", step, rows: table }]);
    }
    if (config.adaptiveKl) {
      const { target, horizon } = config.adaptiveKl;
      const error = Math.min(0.2, Math.max(-0.2, kl / target - 1));
      loop = { ...loop, klCoef: loop.klCoef * (1 + (error * config.rolloutBatchSize) / horizon) };
    }

    // 5. Checkpoint, and whatever a person asked for.
    const last = step === config.iterations;
    const requested = context.requested();
    if (last || requested === "pause" || step % config.saveSteps === 0) {
      await context.save({
        step, final: last, tensors: { ...state }, state: loop,
        writeModel: async (folder) => {
          const trained = tf.tidy(() => unflattenParams(layout, state.theta));
          await input.writeModel(folder, trained);
          tf.dispose(Object.values(trained));
        },
      });
    }
    if (requested && !last) {
      tf.dispose(Object.values(state));
      return requested === "pause" ? "paused" : "cancelled";
    }
  }
  tf.dispose(Object.values(state));
  return "succeeded";
}
