/**
 * Online optimisation of a LoRA adapter against a reward model: PPO with the clipped objective, or GRPO or RLOO, which
 * compare completions of one prompt and have no value function. One base in memory serves the policy (adapter on), the
 * reference policy (adapter off) and, where it grew from the same checkpoint, the reward model.
 *
 * Source: Schulman et al. 2017; Ziegler et al. 2019; Huang et al. 2024 ("The N+ implementation details of
 * RLHF with PPO"); trl 1.12 ppo_trainer; group-advantages.ts and group-loss.ts for the others. Deviation: reports are
 * means over real tokens.
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { PpoConfig, SampleRow } from "../../domain/run";
import { disposeTree } from "../engine/tree";
import { createGenerator } from "../generation/generate";
import type { Adapter, DecoderModel, Params, Weights } from "../models/model";
import { batchIndices, type Example, type PromptTokenizer, roundUp } from "./examples";
import { flattenParams } from "./flat-params";
import { computeAdvantages } from "./gae";
import { computeGroupAdvantages } from "./group-advantages";
import { createTrainState, learningRateAt, scheduleScalars, type TrainState } from "./optimiser";
import { createPolicySequences, createPolicySteps, type FrozenBases, type PolicyBatch, startValueFromReward } from "./policy-steps";
import { createScorer, type RewardWeights } from "./reward-model";
import { assertFinite, type Outcome, readScalars, type Snapshot, snapshotTensor, type TrainContext } from "./train-context";

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
  /** Writes the policy's adapter; the value function serves the run only. */
  writeModel(folder: string, adapter: Params): Promise<void>;
};

type LoopState = { klCoef: number; updates: number; rewardMean: number; rewardStd: number };

/** (B, T) rows of a downloaded tensor. */
const toRows = async (tensor: tf.Tensor): Promise<number[][]> => {
  const [rows, columns] = tensor.shape as [number, number];
  const values = await tensor.data();
  return Array.from({ length: rows }, (_, b) => Array.from(values.subarray(b * columns, (b + 1) * columns)));
};

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const rowSums = (x: number[][], mask: number[][]) => x.map((row, i) => row.reduce((sum, value, t) => sum + (mask[i]?.[t] ? value : 0), 0));

export async function trainPpo(context: TrainContext, input: PpoInput): Promise<Outcome> {
  const { config, model, tokenizer, base, adapter } = input;
  const prompts = input.prompts.filter(({ promptIds }) => promptIds.length <= config.maxPromptLength);
  if (prompts.length === 0) throw new Error("No prompt fits maxPromptLength");
  const promptLength = roundUp(Math.max(...prompts.map(({ promptIds }) => promptIds.length)));
  const miniBatchSize = Math.max(1, Math.floor(config.rolloutBatchSize / config.numMiniBatches));
  const ownValue = config.method === "ppo" && config.valueNetwork === "reward";
  const { reward } = input;
  if (ownValue && !reward.weights.weights.adapter)
    throw new Error("valueNetwork: the reward model has no adapter that a value network could start from");
  const steps = createPolicySteps(context.engine, {
    config,
    model,
    adapter,
    valueNetwork: ownValue && reward.weights.weights.adapter ? { model: reward.model, adapter: reward.weights.weights.adapter } : null,
  });
  const frozen: FrozenBases = { policy: base, value: ownValue ? reward.weights.weights.base : null };
  /** Completions of one prompt. */
  const perPrompt = config.method === "ppo" ? 1 : config.groupSize;
  const generate = createGenerator(context.engine, model);
  const scorer = createScorer(context.engine, reward.model);

  const sample = (weights: Weights, rows: PpoPrompt[], stream: string) =>
    generate(
      weights,
      rows.map(({ promptIds }) => promptIds),
      rows.map((_, i) => createRandom(config.seed, `${stream}:${i}`)),
      {
        temperature: config.temperature,
        topK: 0,
        topP: 1,
        maxNewTokens: config.responseLength,
        eosTokenId: tokenizer.eosTokenId,
        padTokenId: tokenizer.padTokenId,
        lengthMultiple: promptLength,
      },
    );
  const score = (rows: PpoPrompt[], responses: number[][]): Promise<number[]> =>
    scorer(
      reward.weights,
      rows.map(({ promptIds }, i): Example => ({ promptIds, completionIds: responses[i] ?? [] })),
      { batchSize: Math.min(64, config.rolloutBatchSize), padTokenId: tokenizer.padTokenId },
    );

  /** T of a rollout: room for the longest response and the place after it, where its score goes; few different ones. */
  const responseTime = (responses: number[][]) =>
    Math.min(config.responseLength, roundUp(Math.max(...responses.map(({ length }) => length + 1))));
  const toSequences = (rows: PpoPrompt[], responses: number[][], time: number) =>
    createPolicySequences(
      rows.map(({ promptIds }) => promptIds),
      responses,
      { promptLength, time, padTokenId: tokenizer.padTokenId },
    );
  /** The policy's adapter out of theta; the caller frees it. */
  const policyParams = (theta: tf.Tensor1D): Params => {
    const tensors = tf.tidy(() => Object.values(steps.split(theta).policy));
    return Object.fromEntries(Object.keys(adapter.params).map((name, i) => [name, tensors[i] as tf.Tensor]));
  };
  const drawPrompts = (iteration: number, copies: number) =>
    batchIndices(prompts.length, config.rolloutBatchSize / copies, iteration, config.seed, "ppo").flatMap((i) =>
      new Array<PpoPrompt>(copies).fill(prompts[i] as PpoPrompt),
    );

  await context.start(config.iterations);

  // 1. Start: fresh adapter and value head, reward scale from samples of the reference policy; or resume.
  let state: TrainState;
  let loop: LoopState;
  if (context.resume) {
    const resume: Snapshot = context.resume;
    state = { theta: snapshotTensor(resume, "theta"), m: snapshotTensor(resume, "m"), v: snapshotTensor(resume, "v") };
    loop = resume.state as LoopState;
  } else {
    loop = { klCoef: config.klCoef, updates: 0, rewardMean: 0, rewardStd: 1 };
    if (config.normalizeRewards) {
      const rows = drawPrompts(0, 1);
      const scores = await score(
        rows,
        (await sample({ base, adapter: null }, rows, "reference")).map(({ tokens }) => tokens),
      );
      const center = mean(scores);
      const deviation = Math.sqrt(mean(scores.map((x) => (x - center) ** 2)));
      loop = { ...loop, rewardMean: center, rewardStd: Math.max(deviation, 1e-6) };
      await context.emit([
        {
          kind: "log",
          level: "info",
          message: `Reward scale from ${rows.length} reference samples: mean ${center.toFixed(4)}, std ${deviation.toFixed(4)}`,
        },
      ]);
    }
    state = createTrainState(
      tf.tidy(() => flattenParams(ownValue ? startValueFromReward(steps.initial(), reward.weights.score, loop) : steps.initial())),
    );
  }

  for (let iteration = context.resume?.step ?? 0; iteration < config.iterations; iteration++) {
    // 2. Rollout: sample, score, log-probabilities of policy and reference, values.
    const rows = drawPrompts(iteration, perPrompt);
    const current = policyParams(state.theta);
    const generated = await sample({ base, adapter: { params: current, scaling: adapter.scaling } }, rows, `rollout:${iteration}`);
    disposeTree(current);
    const responses = generated.map(({ tokens }) => tokens);
    const rawScores = await score(rows, responses);
    const scores = rawScores.map((x) => (x - loop.rewardMean) / loop.rewardStd);
    const time = responseTime(responses);
    const sequences = toSequences(rows, responses, time);
    const forward = steps.forward({ frozen, theta: state.theta, sequences });
    const entropy = await toRows(forward.entropy);
    const refLogprobs = await toRows(forward.refLogprobs);
    const sampled = {
      rows: generated.map(({ tokens, stopped }) => ({ length: tokens.length, stopped })),
      logprobs: await toRows(forward.logprobs),
      refLogprobs,
      scores,
    };
    const rewarded = { ...config, klCoef: loop.klCoef };
    const withValues = forward.values && computeAdvantages(rewarded, { ...sampled, values: await toRows(forward.values) });
    const rollout = withValues ?? computeGroupAdvantages(config.method === "rloo" ? "rloo" : "grpo", rewarded, sampled, perPrompt);
    disposeTree(forward);
    disposeTree(sequences);

    // 3. Updates: a fresh permutation each epoch.
    const lr = learningRateAt(config, iteration, config.iterations);
    const reports: Record<string, number>[] = [];
    let diverged = false;
    for (let epoch = 0; epoch < config.numPpoEpochs && !diverged; epoch++) {
      const order = createRandom(config.seed, `ppo-epoch:${iteration}:${epoch}`).shuffle([...rows.keys()]);
      for (let start = 0; start + miniBatchSize <= order.length && !diverged; start += miniBatchSize) {
        const chosen = order.slice(start, start + miniBatchSize);
        const take = (x: number[][]) => tf.tensor2d(chosen.map((i) => x[i] as number[]));
        const part = toSequences(
          chosen.map((i) => rows[i] as PpoPrompt),
          chosen.map((i) => responses[i] ?? []),
          time,
        );
        const batch: PolicyBatch = {
          logprobs: take(rollout.logprobs),
          advantages: take(rollout.advantages),
          mask: take(rollout.mask),
          value: withValues && { values: take(withValues.values), returns: take(withValues.returns), valueMask: take(rollout.valueMask) },
          reference: withValues ? null : { refLogprobs: take(refLogprobs), klCoef: tf.scalar(loop.klCoef) },
        };
        const scalars = scheduleScalars(config, loop.updates, lr);
        const result = steps.train({ frozen, state, sequences: part, batch, scalars });
        disposeTree({ state, part, batch, scalars });
        state = result.state;
        loop = { ...loop, updates: loop.updates + 1 };
        const report = await readScalars(result.report);
        assertFinite(iteration + 1, report);
        reports.push(report);
        diverged = config.targetKl !== null && (report.approxkl ?? 0) > 1.5 * config.targetKl;
      }
    }

    // 4. Report, under TRL's names.
    const step = iteration + 1;
    const kl = mean(rowSums(rollout.kl, rollout.mask));
    const nonScore = -loop.klCoef * kl;
    const length = mean(responses.map(({ length }) => length));
    const average = (name: string) => mean(reports.map((report) => report[name] ?? Number.NaN));
    const values: Record<string, number> = {
      "objective/kl": kl,
      "objective/entropy": mean(
        rowSums(
          rollout.logprobs.map((row) => row.map((x) => -x)),
          rollout.mask,
        ),
      ),
      "objective/non_score_reward": nonScore,
      "objective/rlhf_reward": nonScore + mean(rollout.scores),
      "objective/scores": mean(rollout.scores),
      "objective/kl_coef": loop.klCoef,
      "policy/entropy": mean(rowSums(entropy, rollout.mask)) / Math.max(1, mean(rollout.mask.map((row) => row.reduce((a, b) => a + b, 0)))),
      "policy/approxkl": average("approxkl"),
      "policy/clipfrac": average("clipfrac"),
      "loss/policy": average("policyLoss"),
      "val/ratio": average("ratio"),
      ...(withValues ? { "loss/value": average("valueLoss"), "val/clipfrac": average("valueClipfrac") } : {}),
      ...(config.targetKl === null ? {} : { "policy/updates": reports.length }),
      "val/num_eos_tokens": generated.filter(({ stopped }) => stopped).length,
      "length/mean": length,
      grad_norm: average("gradNorm"),
      lr,
    };
    assertFinite(step, values);
    await context.emit([{ kind: "metric", step, values }]);
    if (kl < -1)
      await context.emit([
        {
          kind: "log",
          level: "warning",
          message: `Mean KL is ${kl.toFixed(3)} at step ${step}: the rollouts do not come from the policy that is updated`,
        },
      ]);
    if (config.evalSteps > 0 && (step === 1 || step % config.evalSteps === 0 || step === config.iterations)) {
      const rowKl = rowSums(rollout.kl, rollout.mask);
      const table = await Promise.all(
        rows.slice(0, 8).map(
          async (row, i): Promise<SampleRow> => ({
            prompt: row.prompt,
            completion: await tokenizer.decode(responses[i] ?? []),
            reference: row.reference,
            score: rawScores[i] ?? null,
            kl: rowKl[i] ?? null,
          }),
        ),
      );
      await context.emit([{ kind: "sample", step, rows: table }]);
    }
    loop = { ...loop, klCoef: nextKlCoef(config, loop.klCoef, kl) };

    // 5. Checkpoint, and whatever a person asked for.
    const reason = stopReason(config, { kl, length });
    if (reason && step < config.iterations)
      await context.emit([{ kind: "log", level: "warning", message: `Ended at step ${step} of ${config.iterations}: ${reason}` }]);
    const last = step === config.iterations || reason !== null;
    const requested = context.requested();
    if (last || requested === "pause" || step % config.saveSteps === 0) {
      await context.save({
        step,
        final: last,
        tensors: { ...state },
        state: loop,
        writeModel: async (folder) => {
          const trained = policyParams(state.theta);
          await input.writeModel(folder, trained);
          disposeTree(trained);
        },
      });
    }
    if (requested && !last) {
      tf.dispose(Object.values(state));
      return requested === "pause" ? "paused" : "cancelled";
    }
    if (last) break;
  }
  tf.dispose(Object.values(state));
  return "succeeded";
}

/** Why a run ends before its last iteration: signs that the policy games the reward model. Null: it goes on. */
export function stopReason(
  { maxKl, maxMeanLength }: Pick<PpoConfig, "maxKl" | "maxMeanLength">,
  { kl, length }: { kl: number; length: number },
): string | null {
  if (maxKl !== null && kl > maxKl) return `the KL to the reference is ${kl.toFixed(2)}, above maxKl ${maxKl}`;
  if (maxMeanLength !== null && length > maxMeanLength)
    return `completions have ${length.toFixed(1)} tokens on average, above maxMeanLength ${maxMeanLength}`;
  return null;
}

/** The coefficient of the next iteration: fixed, or moved towards the target KL (Ziegler et al. 2019, section 2.2). */
export function nextKlCoef(
  { adaptiveKl, rolloutBatchSize }: Pick<PpoConfig, "adaptiveKl" | "rolloutBatchSize">,
  klCoef: number,
  kl: number,
): number {
  if (!adaptiveKl) return klCoef;
  const error = Math.min(0.2, Math.max(-0.2, kl / adaptiveKl.target - 1));
  return klCoef * (1 + (error * rolloutBatchSize) / adaptiveKl.horizon);
}
