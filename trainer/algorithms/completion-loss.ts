/**
 * The completion-only loss that fine-tuning and pretraining share: batches whose targets are the completions' tokens,
 * and the negative log-likelihood of these. Logits are computed at target positions only: of a support dialogue and its
 * summary that is a fifth of all, and with a small model the logits are the largest part of a step.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../engine/engine";
import type { Model, Params, Weights } from "../models/model";
import { oncePerModel } from "../models/once-per-model";
import { type Example, padRight, roundUp } from "./examples";
import { tokenLogprobs } from "./losses";
import { readScalars } from "./train-context";

export type CompletionBatch = {
  /** (B, T) int32 */
  inputIds: tf.Tensor;
  attentionMask: tf.Tensor;
  /** Positions b * T + t whose next token is a target, (M) int32; padded with 0. */
  targetRows: tf.Tensor;
  /** The targets, (M) int32, and 1 where they are real, (M). */
  targetIds: tf.Tensor;
  targetMask: tf.Tensor;
  /** Encoder-decoder only: the target side's inputs, (B, T); positions count along these. Null for decoders. */
  decoderInputIds: tf.Tensor | null;
};

/** Targets are padded to 128 * 2^k or 192 * 2^k, so that a run needs few graphs. */
function roundUpTargets(count: number): number {
  let size = 128;
  while (size < count) size *= 2;
  return size > 128 && count <= size * 0.75 ? size * 0.75 : size;
}

/** Batches `examples` for `model`; an example without completion is context without targets. */
export function createCompletionBatch(model: Model, examples: Example[], padTokenId: number): CompletionBatch {
  const longest = (lengths: number[]) => roundUp(Math.max(...lengths));
  const rows = examples.length;
  const isDecoder = model.kind === "decoder";
  // A decoder reads prompt and completion as one, but for the last token, which is only a target.
  const sources = examples.map(({ promptIds, completionIds }) => (isDecoder ? [...promptIds, ...completionIds.slice(0, -1)] : promptIds));
  const sourceLength = longest(sources.map(({ length }) => length));
  const source = padRight(sources, padTokenId, sourceLength);
  const targetLength = isDecoder ? sourceLength : longest(examples.map(({ completionIds }) => completionIds.length));
  const targets = examples.flatMap(({ promptIds, completionIds }, b) => {
    const start = b * targetLength + (isDecoder ? promptIds.length - 1 : 0);
    return completionIds.map((id, i) => ({ row: start + i, id }));
  });
  const size = roundUpTargets(targets.length);
  const padded = (values: number[]) => Int32Array.from({ length: size }, (_, i) => values[i] ?? 0);
  const shifted = isDecoder ? null : padRight(examples.map(({ completionIds }) => (completionIds.length === 0 ? [] : [model.decoderStartTokenId, ...completionIds.slice(0, -1)])), padTokenId, targetLength);
  return {
    inputIds: tf.tensor2d(source.ids, [rows, sourceLength], "int32"),
    attentionMask: tf.tensor2d(source.mask, [rows, sourceLength], "int32"),
    targetRows: tf.tensor1d(padded(targets.map(({ row }) => row)), "int32"),
    targetIds: tf.tensor1d(padded(targets.map(({ id }) => id)), "int32"),
    targetMask: tf.tensor1d(Float32Array.from({ length: size }, (_, i) => (i < targets.length ? 1 : 0))),
    decoderInputIds: shifted && tf.tensor2d(shifted.ids, [rows, targetLength], "int32"),
  };
}

export const disposeBatch = (batch: CompletionBatch): void => tf.dispose(Object.values(batch).filter((tensor) => tensor !== null));

/** Sum of -log p over the completion tokens, and how many the argmax got right; the caller divides. */
export function completionLoss(model: Model, weights: Weights, batch: CompletionBatch): { nll: tf.Scalar; correct: tf.Scalar } {
  const source = { inputIds: batch.inputIds as tf.Tensor2D, attentionMask: batch.attentionMask as tf.Tensor2D };
  let hidden: tf.Tensor3D;
  if (model.kind === "encoder-decoder") {
    if (!batch.decoderInputIds) throw new TypeError("completionLoss: an encoder-decoder needs decoderInputIds");
    // Right padding is behind every real target, so causal masking alone keeps it out.
    const target = { inputIds: batch.decoderInputIds as tf.Tensor2D, attentionMask: tf.onesLike(batch.decoderInputIds) as tf.Tensor2D };
    hidden = model.forward(weights, source, model.encode(weights, source), target);
  } else {
    hidden = model.forward(weights, source);
  }
  const states = tf.gather(tf.reshape(hidden, [-1, model.hiddenSize]), batch.targetRows as tf.Tensor1D);
  const logits = model.logits(weights, states) as tf.Tensor2D;
  const targets = batch.targetIds as tf.Tensor1D;
  const nll = tf.neg(tf.sum(tf.mul(tokenLogprobs(logits, targets), batch.targetMask))) as tf.Scalar;
  const correct = tf.sum(tf.mul(tf.cast(tf.equal(tf.argMax(logits, -1), targets), "float32"), batch.targetMask)) as tf.Scalar;
  return { nll, correct };
}

/** Mean loss a completion token of `examples`, which must have some. */
export type LossMeter = (base: Params, examples: Example[], options: { batchSize: number; padTokenId: number }) => number;

/** The loss of `model` without adapter: one for all runs of this process. */
export const createLossMeter = oncePerModel((engine: Engine, model: Model): LossMeter => {
  const run = engine.compile("completion-loss", ({ base, batch }: { base: Params; batch: CompletionBatch }) => completionLoss(model, { base, adapter: null }, batch));
  return (base, examples, { batchSize, padTokenId }) => {
    let sum = 0;
    let tokens = 0;
    for (let i = 0; i < examples.length; i += batchSize) {
      const rows = examples.slice(i, i + batchSize);
      const batch = createCompletionBatch(model, rows, padTokenId);
      sum += readScalars(run({ base, batch })).nll ?? Number.NaN;
      disposeBatch(batch);
      tokens += rows.reduce((count, { completionIds }) => count + completionIds.length, 0);
    }
    return sum / tokens;
  };
});
