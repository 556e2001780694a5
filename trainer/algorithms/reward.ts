/**
 * Fits a reward model on rankings by Plackett-Luce; a pair is a ranking of two, for which it is the
 * Bradley-Terry loss -log sigmoid(c - r - margin). Ties count as the average over the orders that agree
 * with them. A ranking of K weighs as one pair (its sum over ranks is divided by K - 1). Rows whose completions were rated
 * one by one may teach their ratings instead of their order (rating-loss.ts), in the same batches.
 * Source: Plackett 1975; Bradley & Terry 1952; trl 1.12 RewardTrainer (margin, center_rewards_coefficient).
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { RewardConfig } from "../../domain/run";
import { disposeTree } from "../engine/tree";
import { dropoutSeed, toDropout } from "../models/lora";
import type { Adapter, DecoderModel, Params, Weights } from "../models/model";
import type { PromptTokenizer } from "./examples";
import { flattenParams, layoutOf, unflattenParams } from "./flat-params";
import { computeOptions, lossAndGradient } from "./gradient";
import { plackettLuceLoss } from "./losses";
import { adamW, createTrainState, learningRateAt, type StepScalars, scheduleScalars, type TrainState } from "./optimiser";
import { batchAt, batchesPerEpoch, groupBySize, pairAccuracy, type RankedExample } from "./ranked-items";
import { initThresholds, ordinalLoss, ratingLevel, regressionLoss, THRESHOLDS_NAME } from "./rating-loss";
import { createSequenceBatch, rewardScores, SCORE_NAME, type SequenceBatch } from "./reward-model";
import { assertFinite, type Outcome, readScalars, snapshotTensor, type TrainContext } from "./train-context";

/** More tie-consistent orders than this are sampled (seeded) instead of listed. */
const MAX_ORDERS = 24;

/** Orders (best first, as indices) that agree with `ranks`; all of them, or a seeded sample of 24. */
export function tieConsistentOrders(ranks: readonly number[], seed: number): number[][] {
  const groups = [...new Set(ranks)].sort((a, b) => a - b).map((rank) => ranks.flatMap((r, i) => (r === rank ? [i] : [])));
  const total = groups.reduce((product, group) => product * factorial(group.length), 1);
  if (total > MAX_ORDERS) {
    const random = createRandom(seed, ranks.join(","));
    return Array.from({ length: MAX_ORDERS }, () => groups.flatMap((group) => random.shuffle(group)));
  }
  return groups.reduce<number[][]>((heads, group) => heads.flatMap((head) => permutations(group).map((tail) => [...head, ...tail])), [[]]);
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

function permutations(items: number[]): number[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, i) => permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]));
}

/** Items of one K: sequences (N*K), and orders as rows of indices into them, each with its weight. */
type RankingBatch = SequenceBatch & {
  orders: tf.Tensor;
  orderWeights: tf.Tensor;
  margins: tf.Tensor;
  /** What each sequence's rating should give, (N*K): a standardised rating, or a level as int32; null without a rating loss. */
  ratings: { targets: tf.Tensor; weights: tf.Tensor } | null;
};

/** Mean and deviation of the training ratings. */
type RatingScale = { mean: number; deviation: number };

function ratingScale(items: readonly RankedExample[]): RatingScale {
  const ratings = items.flatMap(({ ratings }) => ratings ?? []);
  const mean = ratings.reduce((sum, x) => sum + x, 0) / Math.max(1, ratings.length);
  const variance = ratings.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, ratings.length);
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

function createRatings(items: RankedExample[], config: RewardConfig, { mean, deviation }: RatingScale): RankingBatch["ratings"] {
  if (config.ratingLoss === "ranking") return null;
  const rated = items.flatMap(({ examples, ratings }) =>
    examples.map((_, i) => ({ rating: ratings?.[i] ?? mean, weight: ratings ? config.ratingWeight / examples.length / items.length : 0 })),
  );
  const targets =
    config.ratingLoss === "ordinal"
      ? tf.tensor1d(
          rated.map(({ rating }) => ratingLevel(rating, config.ratingLevels)),
          "int32",
        )
      : tf.tensor1d(rated.map(({ rating }) => (rating - mean) / deviation));
  return { targets, weights: tf.tensor1d(rated.map(({ weight }) => weight)) };
}

function createRankingBatch(items: RankedExample[], padTokenId: number, config: RewardConfig, scale: RatingScale): RankingBatch {
  const size = items[0]?.examples.length ?? 0;
  const orders: number[] = [];
  const weights: number[] = [];
  const margins: number[] = [];
  items.forEach((item, i) => {
    const agreeing = tieConsistentOrders(item.ranks, config.seed);
    for (const order of agreeing) {
      orders.push(...order.map((index) => i * size + index));
      // Either its order or its ratings teach, not both.
      weights.push(item.ratings && config.ratingLoss !== "ranking" ? 0 : 1 / agreeing.length / items.length);
      margins.push(size === 2 ? config.marginScale * (item.margin ?? 0) : 0);
    }
  });
  // Few numbers of rows keep few graphs, however many orders the ties allow: filled up with weight 0.
  let rows = 2 * items.length;
  while (rows < weights.length) rows *= 2;
  while (weights.length < rows) {
    orders.push(...orders.slice(0, size));
    weights.push(0);
    margins.push(0);
  }
  return {
    ...createSequenceBatch(
      items.flatMap(({ examples }) => examples),
      padTokenId,
    ),
    orders: tf.tensor2d(orders, [weights.length, size], "int32"),
    orderWeights: tf.tensor1d(weights),
    margins: tf.tensor1d(margins),
    ratings: createRatings(items, config, scale),
  };
}

/** Loss of a batch and the raw scores (N*K). */
export function rankingLoss(
  scores: tf.Tensor1D,
  batch: { orders: tf.Tensor; orderWeights: tf.Tensor; margins: tf.Tensor },
  centerRewardsCoefficient: number,
): tf.Scalar {
  const [rows, size] = batch.orders.shape as [number, number];
  const ordered = tf.reshape(tf.gather(scores, tf.reshape(batch.orders, [-1]) as tf.Tensor1D), [rows, size]) as tf.Tensor2D;
  // The margin is taken from the winner's lead: c - margin against r.
  const lead = tf.mul(tf.expandDims(batch.margins, 1), tf.oneHot(0, size));
  const losses = plackettLuceLoss(tf.sub(ordered, lead) as tf.Tensor2D);
  const loss = tf.sum(tf.mul(losses, batch.orderWeights));
  if (centerRewardsCoefficient === 0) return loss as tf.Scalar;
  // mean((c + r)^2) for pairs; for K > 2 twice the mean score, squared.
  const sums = tf.mul(tf.sum(tf.reshape(scores, [-1, size]), -1), 2 / size);
  return tf.add(loss, tf.mul(centerRewardsCoefficient, tf.mean(tf.square(sums)))) as tf.Scalar;
}

export type RewardInput = {
  config: RewardConfig;
  model: DecoderModel;
  tokenizer: PromptTokenizer;
  base: Params;
  adapter: Adapter;
  /** (1, D), see `initScore`. */
  score: tf.Tensor2D;
  train: RankedExample[];
  validation: RankedExample[];
  writeModel(folder: string, trained: Params): Promise<void>;
};

/** Validation over whole items: loss, pairwise accuracy and mean margin between the ordered pairs. */
export type RewardEvaluation = { loss: number; right: number; pairs: number; margin: number };

export async function trainReward(
  context: TrainContext,
  input: RewardInput,
): Promise<{ outcome: Outcome; evaluation: RewardEvaluation | null }> {
  const { config, model, tokenizer, base, adapter } = input;
  if (input.train.length === 0) throw new Error("The dataset version has no training rows that fit maxLength");
  const scale = ratingScale(input.train);
  const trainable: Params = {
    ...adapter.params,
    [SCORE_NAME]: input.score,
    ...(config.ratingLoss === "ordinal" ? { [THRESHOLDS_NAME]: initThresholds(config.ratingLevels) } : {}),
  };
  const layout = layoutOf(trainable);
  const toScores = (frozen: Params, theta: tf.Tensor1D, batch: SequenceBatch, dropout: tf.Tensor | null = null) => {
    const { [SCORE_NAME]: score, [THRESHOLDS_NAME]: thresholds, ...params } = unflattenParams(layout, theta);
    const weights: Weights = {
      base: frozen,
      adapter: { params, scaling: adapter.scaling, dropout: toDropout(config.lora.loraDropout, dropout) },
      ...computeOptions(config),
    };
    const tokens = { inputIds: batch.inputIds as tf.Tensor2D, attentionMask: batch.attentionMask as tf.Tensor2D };
    return {
      scores: rewardScores(model, weights, score as tf.Tensor, tokens, batch.lastIndex as tf.Tensor1D),
      thresholds: thresholds as tf.Tensor1D | undefined,
    };
  };
  const trainStep = context.engine.compile(
    "reward-train",
    ({
      frozen,
      state,
      batch,
      dropout,
      scalars,
    }: {
      frozen: Params;
      state: TrainState;
      batch: RankingBatch;
      dropout: tf.Tensor | null;
      scalars: StepScalars;
    }) => {
      const { loss, gradient, report } = lossAndGradient((theta) => {
        const { scores, thresholds } = toScores(frozen, theta, batch, dropout);
        const ranked = rankingLoss(scores, batch, config.centerRewardsCoefficient);
        if (!batch.ratings) return { loss: ranked, report: { scores } };
        const { targets, weights } = batch.ratings;
        const rated = thresholds ? ordinalLoss(scores, targets, thresholds) : regressionLoss(scores, targets);
        return { loss: tf.add(ranked, tf.sum(tf.mul(rated, weights))) as tf.Scalar, report: { scores } };
      }, state.theta);
      const update = adamW(config, state, gradient, scalars);
      return { state: update.state, loss, gradNorm: update.gradNorm, scores: report.scores };
    },
  );
  const evaluateStep = context.engine.compile(
    "reward-evaluate",
    ({ frozen, theta, batch }: { frozen: Params; theta: tf.Tensor; batch: RankingBatch }) => {
      const { scores } = toScores(frozen, theta as tf.Tensor1D, batch);
      return { scores, loss: rankingLoss(scores, batch, 0) };
    },
  );

  // Batches hold items of one K each; the larger K, the fewer items, for the same number of sequences.
  const groups = groupBySize(input.train, config.batchSize);
  const totalSteps = config.maxSteps ?? Math.ceil(batchesPerEpoch(groups) * config.epochs);
  await context.start(totalSteps);
  let state: TrainState = context.resume
    ? { theta: snapshotTensor(context.resume, "theta"), m: snapshotTensor(context.resume, "m"), v: snapshotTensor(context.resume, "v") }
    : createTrainState(flattenParams(trainable));

  const evaluate = async (step: number): Promise<RewardEvaluation | null> => {
    if (input.validation.length === 0) return null;
    const total: RewardEvaluation = { loss: 0, right: 0, pairs: 0, margin: 0 };
    const byMargin = new Map<number, [right: number, pairs: number]>();
    for (const { items, batchSize } of groupBySize(input.validation, config.batchSize)) {
      for (let i = 0; i < items.length; i += batchSize) {
        const rows = items.slice(i, i + batchSize);
        const filled = [...rows, ...Array.from({ length: batchSize - rows.length }, () => rows[0] as RankedExample)];
        const batch = createRankingBatch(filled, tokenizer.padTokenId, config, scale);
        const result = evaluateStep({ frozen: base, theta: state.theta, batch });
        const scores = Array.from(await result.scores.data());
        tf.dispose([result.scores, result.loss]);
        disposeTree(batch);
        rows.forEach(({ ranks, margin }, row) => {
          const own = scores.slice(row * ranks.length, (row + 1) * ranks.length);
          const [right, pairs] = pairAccuracy(ranks, own);
          if (margin !== null && pairs > 0) {
            const [marginRight, marginPairs] = byMargin.get(margin) ?? [0, 0];
            byMargin.set(margin, [marginRight + right, marginPairs + pairs]);
          }
          total.right += right;
          total.pairs += pairs;
          for (let a = 0; a < ranks.length; a++)
            for (let b = 0; b < ranks.length; b++)
              if ((ranks[a] ?? 0) < (ranks[b] ?? 0)) {
                const lead = (own[a] ?? 0) - (own[b] ?? 0);
                total.margin += lead;
                total.loss += Math.log1p(Math.exp(-lead));
              }
        });
      }
    }
    if (total.pairs > 0) {
      const values = {
        "loss/validation": total.loss / total.pairs,
        "accuracy/validation": total.right / total.pairs,
        "margin/mean": total.margin / total.pairs,
        ...Object.fromEntries([...byMargin].map(([margin, [right, pairs]]) => [`accuracy/margin_${margin}`, right / pairs])),
      };
      assertFinite(step, values);
      await context.emit([{ kind: "metric", step, values }]);
    }
    return total;
  };

  const save = (step: number, final: boolean) =>
    context.save({
      step,
      final,
      tensors: { ...state },
      state: {},
      writeModel: async (folder) => {
        const trained = tf.tidy(() => unflattenParams(layout, state.theta));
        const { [THRESHOLDS_NAME]: _thresholds, ...kept } = trained;
        await input.writeModel(folder, kept);
        tf.dispose(Object.values(trained));
      },
    });

  let evaluation: RewardEvaluation | null = null;
  for (let step = context.resume?.step ?? 0; step < totalSteps; step++) {
    const items = batchAt(groups, step, config.seed, "reward");
    const batch = createRankingBatch(items, tokenizer.padTokenId, config, scale);
    const lr = learningRateAt(config, step, totalSteps);
    const scalars = scheduleScalars(config, step, lr);
    const dropout = dropoutSeed(config.lora.loraDropout, config.seed, step);
    const result = trainStep({ frozen: base, state, batch, dropout, scalars });
    disposeTree({ state, batch, dropout, scalars });
    state = result.state;
    const scores = Array.from(await result.scores.data());
    result.scores.dispose();
    const { loss, gradNorm } = await readScalars({ loss: result.loss, gradNorm: result.gradNorm });
    const [right, pairs] = items.reduce<[number, number]>(
      ([r, p], { ranks }, i) => {
        const [itemRight, itemPairs] = pairAccuracy(ranks, scores.slice(i * ranks.length, (i + 1) * ranks.length));
        return [r + itemRight, p + itemPairs];
      },
      [0, 0],
    );
    const done = step + 1;
    const values: Record<string, number> = { "loss/train": loss ?? Number.NaN, grad_norm: gradNorm ?? Number.NaN, lr };
    if (pairs > 0) values["accuracy/train"] = right / pairs;
    assertFinite(done, values);
    await context.emit([{ kind: "metric", step: done, values }]);
    const last = done === totalSteps;
    if (last || (config.evalSteps > 0 && done % config.evalSteps === 0)) evaluation = await evaluate(done);
    const requested = context.requested();
    if (last || requested === "pause" || done % config.saveSteps === 0) await save(done, last);
    if (requested && !last) {
      tf.dispose(Object.values(state));
      return { outcome: requested === "pause" ? "paused" : "cancelled", evaluation };
    }
  }
  tf.dispose(Object.values(state));
  return { outcome: "succeeded", evaluation };
}
