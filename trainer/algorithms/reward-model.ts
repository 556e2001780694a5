/**
 * The reward model: a decoder with a linear score (no bias) on the hidden state of the last real token.
 * Shared by its training and by PPO, which reads it.
 * Source: Ouyang et al. 2022; transformers' AutoModelForSequenceClassification with one label.
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { Engine } from "../engine/engine";
import type { DecoderModel, Params, TokenBatch, Weights } from "../models/model";
import { oncePerModel } from "../models/once-per-model";
import { type Example, lengthOf, padRight, roundUp } from "./examples";

/** Name of the head beside the adapter's matrices; PEFT saves it through modules_to_save ["score"]. */
export const SCORE_NAME = "score.weight";

/** (1, D), N(0, 1 / sqrt(D + 1)): scores start near zero whatever the width. */
export function initScore(hiddenSize: number, seed: number): tf.Tensor2D {
  const random = createRandom(seed, "score");
  const deviation = 1 / Math.sqrt(hiddenSize + 1);
  return tf.tensor2d(
    Float32Array.from({ length: hiddenSize }, () => random.normal() * deviation),
    [1, hiddenSize],
  );
}

/** Hidden states (B, T, D) at one position a row, `lastIndex` (B): (B, D). */
export function hiddenAt(hidden: tf.Tensor3D, lastIndex: tf.Tensor1D): tf.Tensor2D {
  const oneHot = tf.cast(tf.oneHot(lastIndex, hidden.shape[1]), "float32");
  return tf.squeeze(tf.matMul(tf.expandDims(oneHot, 1), hidden), [1]) as tf.Tensor2D;
}

/** Scores of whole sequences, (B). */
export function rewardScores(
  model: DecoderModel,
  weights: Weights,
  score: tf.Tensor,
  batch: TokenBatch,
  lastIndex: tf.Tensor1D,
): tf.Tensor1D {
  const hidden = model.forward(weights, batch);
  return tf.squeeze(tf.matMul(hiddenAt(hidden, lastIndex), score as tf.Tensor2D, false, true), [1]) as tf.Tensor1D;
}

export type SequenceBatch = { inputIds: tf.Tensor; attentionMask: tf.Tensor; lastIndex: tf.Tensor };

/** Prompt and completion as one right-padded sequence a row. */
export function createSequenceBatch(examples: Example[], padTokenId: number, lengthMultiple?: number): SequenceBatch {
  const sequences = examples.map(({ promptIds, completionIds }) => [...promptIds, ...completionIds]);
  const length = roundUp(Math.max(...sequences.map((ids) => ids.length)), lengthMultiple);
  const { ids, mask } = padRight(sequences, padTokenId, length);
  return {
    inputIds: tf.tensor2d(ids, [examples.length, length], "int32"),
    attentionMask: tf.tensor2d(mask, [examples.length, length], "int32"),
    lastIndex: tf.tensor1d(
      Int32Array.from(sequences, (sequence) => sequence.length - 1),
      "int32",
    ),
  };
}

export type RewardWeights = { weights: Weights; score: tf.Tensor };

/** Scores any number of sequences, `batchSize` at a time; the last batch is filled up with repeats. */
export type Scorer = (weights: RewardWeights, examples: Example[], options: { batchSize: number; padTokenId: number }) => Promise<number[]>;

/** The scorer of `model`: one for all runs of this process. */
export const createScorer = oncePerModel((engine: Engine, model: DecoderModel): Scorer => {
  type Args = { base: Params; adapter: Params | null; score: tf.Tensor; batch: SequenceBatch };
  const byScaling = new Map<number, (args: Args) => tf.Tensor>();
  return async ({ weights, score }, examples, { batchSize, padTokenId }) => {
    const scaling = weights.adapter?.scaling ?? 1;
    let run = byScaling.get(scaling);
    if (!run) {
      run = engine.compile("reward-score", ({ base, adapter, score, batch }: Args) =>
        rewardScores(
          model,
          { base, adapter: adapter ? { params: adapter, scaling } : null },
          score,
          { inputIds: batch.inputIds as tf.Tensor2D, attentionMask: batch.attentionMask as tf.Tensor2D },
          batch.lastIndex as tf.Tensor1D,
        ),
      );
      byScaling.set(scaling, run);
    }
    // Sequences of like length share a batch; scores come back in the order that was given.
    const order = [...examples.keys()].sort((a, b) => lengthOf(examples[a] as Example) - lengthOf(examples[b] as Example));
    const out = new Array<number>(examples.length);
    for (let i = 0; i < order.length; i += batchSize) {
      const places = order.slice(i, i + batchSize);
      const rows = Array.from({ length: batchSize }, (_, row) => examples[places[row] ?? places[0] ?? 0] as Example);
      const batch = createSequenceBatch(rows, padTokenId);
      const scores = run({ base: weights.base, adapter: weights.adapter?.params ?? null, score, batch });
      const values = await scores.data();
      places.forEach((place, row) => {
        out[place] = values[row] ?? Number.NaN;
      });
      tf.dispose([scores, ...Object.values(batch)]);
    }
    return out;
  };
});
