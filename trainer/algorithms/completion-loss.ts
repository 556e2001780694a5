/**
 * The completion-only loss that fine-tuning and pretraining share: batches whose targets are the completions' tokens,
 * and the negative log-likelihood of these. Logits are computed at target positions only: of a support dialogue and its
 * summary that is a fifth of all, and with a small model the logits are the largest part of a step.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../engine/engine";
import type { Model, Params, Weights } from "../models/model";
import { oncePerModel } from "../models/once-per-model";
import { type Example, padLeftTo, padRight, roundUp } from "./examples";
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
  /** Packed rows only, (B, T) int32 each: place within the own row, and which row of the sequence, 0 for padding. */
  positionIds: tf.Tensor | null;
  segmentIds: tf.Tensor | null;
};

/** Targets are padded to 128 * 2^k or 192 * 2^k, so that a run needs few graphs. */
function roundUpTargets(count: number): number {
  let size = 128;
  while (size < count) size *= 2;
  return size > 128 && count <= size * 0.75 ? size * 0.75 : size;
}

const longest = (rows: readonly (readonly number[])[]) => roundUp(Math.max(...rows.map(({ length }) => length)));
const padded = (values: number[], size: number) => Int32Array.from({ length: size }, (_, i) => values[i] ?? 0);

/** The targets of a batch: positions b * T + t whose next token they are, and their ids. */
function targetTensors(targets: { row: number; id: number }[]): Pick<CompletionBatch, "targetRows" | "targetIds" | "targetMask"> {
  const size = roundUpTargets(targets.length);
  return {
    targetRows: tf.tensor1d(
      padded(
        targets.map(({ row }) => row),
        size,
      ),
      "int32",
    ),
    targetIds: tf.tensor1d(
      padded(
        targets.map(({ id }) => id),
        size,
      ),
      "int32",
    ),
    targetMask: tf.tensor1d(Float32Array.from({ length: size }, (_, i) => (i < targets.length ? 1 : 0))),
  };
}

/**
 * Batches `examples` for `model`; an example without completion is context without targets. The side of padding
 * changes no number: positions count real tokens. A decoder's targets stay on the right of an encoder-decoder.
 */
export function createCompletionBatch(
  model: Model,
  examples: Example[],
  padTokenId: number,
  paddingSide: "left" | "right" = "right",
): CompletionBatch {
  const rows = examples.length;
  const isDecoder = model.kind === "decoder";
  // A decoder reads prompt and completion as one, but for the last token, which is only a target.
  const sources = examples.map(({ promptIds, completionIds }) => (isDecoder ? [...promptIds, ...completionIds.slice(0, -1)] : promptIds));
  const sourceLength = longest(sources);
  const source = paddingSide === "left" ? padLeftTo(sources, padTokenId, sourceLength) : padRight(sources, padTokenId, sourceLength);
  const targetLength = isDecoder ? sourceLength : longest(examples.map(({ completionIds }) => completionIds));
  const targets = examples.flatMap(({ promptIds, completionIds }, b) => {
    const offset = isDecoder && paddingSide === "left" ? sourceLength - (sources[b]?.length ?? 0) : 0;
    const start = b * targetLength + offset + (isDecoder ? promptIds.length - 1 : 0);
    return completionIds.map((id, i) => ({ row: start + i, id }));
  });
  const shifted = isDecoder
    ? null
    : padRight(
        examples.map(({ completionIds }) => (completionIds.length === 0 ? [] : [model.decoderStartTokenId, ...completionIds.slice(0, -1)])),
        padTokenId,
        targetLength,
      );
  return {
    inputIds: tf.tensor2d(source.ids, [rows, sourceLength], "int32"),
    attentionMask: tf.tensor2d(source.mask, [rows, sourceLength], "int32"),
    ...targetTensors(targets),
    decoderInputIds: shifted && tf.tensor2d(shifted.ids, [rows, targetLength], "int32"),
    positionIds: null,
    segmentIds: null,
  };
}

/** Sequences of several examples each, for a decoder: positions begin anew and segments tell the examples apart. */
export function createPackedBatch(packs: Example[][], padTokenId: number): CompletionBatch {
  const sources = packs.map((pack) => pack.map(({ promptIds, completionIds }) => [...promptIds, ...completionIds.slice(0, -1)]));
  const length = longest(sources.map((parts) => parts.flat()));
  const shape: [number, number] = [packs.length, length];
  const { ids, mask } = padRight(
    sources.map((parts) => parts.flat()),
    padTokenId,
    length,
  );
  const positions = padRight(
    sources.map((parts) => parts.flatMap((part) => part.map((_, i) => i))),
    0,
    length,
  ).ids;
  const segments = padRight(
    sources.map((parts) => parts.flatMap((part, p) => part.map(() => p + 1))),
    0,
    length,
  ).ids;
  const targets = packs.flatMap((pack, b) => {
    let start = b * length;
    return pack.flatMap(({ promptIds, completionIds }) => {
      const first = start + promptIds.length - 1;
      start += promptIds.length + Math.max(0, completionIds.length - 1);
      return completionIds.map((id, i) => ({ row: first + i, id }));
    });
  });
  return {
    inputIds: tf.tensor2d(ids, shape, "int32"),
    attentionMask: tf.tensor2d(mask, shape, "int32"),
    ...targetTensors(targets),
    decoderInputIds: null,
    positionIds: tf.tensor2d(positions, shape, "int32"),
    segmentIds: tf.tensor2d(segments, shape, "int32"),
  };
}

export const disposeBatch = (batch: CompletionBatch): void => tf.dispose(Object.values(batch).filter((tensor) => tensor !== null));

/** Logits at the batch's targets, (M, V). */
export function targetLogits(model: Model, weights: Weights, batch: CompletionBatch): tf.Tensor2D {
  const source = { inputIds: batch.inputIds as tf.Tensor2D, attentionMask: batch.attentionMask as tf.Tensor2D };
  let hidden: tf.Tensor3D;
  if (model.kind === "encoder-decoder") {
    if (!batch.decoderInputIds) throw new TypeError("targetLogits: an encoder-decoder needs decoderInputIds");
    // Right padding is behind every real target, so causal masking alone keeps it out.
    const target = { inputIds: batch.decoderInputIds as tf.Tensor2D, attentionMask: tf.onesLike(batch.decoderInputIds) as tf.Tensor2D };
    hidden = model.forward(weights, source, model.encode(weights, source), target);
  } else {
    const { positionIds, segmentIds } = batch;
    hidden = model.forward(
      weights,
      positionIds && segmentIds
        ? { ...source, packed: { positionIds: positionIds as tf.Tensor2D, segmentIds: segmentIds as tf.Tensor2D } }
        : source,
    );
  }
  const states = tf.gather(tf.reshape(hidden, [-1, model.hiddenSize]), batch.targetRows as tf.Tensor1D);
  return model.logits(weights, states) as tf.Tensor2D;
}

/** log p of each target, (M); 0 where the target is padding. */
export function targetLogprobs(model: Model, weights: Weights, batch: CompletionBatch): tf.Tensor1D {
  return tf.mul(tokenLogprobs(targetLogits(model, weights, batch), batch.targetIds as tf.Tensor1D), batch.targetMask) as tf.Tensor1D;
}

/** Sum of -log p over the completion tokens, and how many the argmax got right; the caller divides. */
export function completionLoss(model: Model, weights: Weights, batch: CompletionBatch): { nll: tf.Scalar; correct: tf.Scalar } {
  const logits = targetLogits(model, weights, batch);
  const targets = batch.targetIds as tf.Tensor1D;
  const nll = tf.neg(tf.sum(tf.mul(tokenLogprobs(logits, targets), batch.targetMask))) as tf.Scalar;
  const correct = tf.sum(tf.mul(tf.cast(tf.equal(tf.argMax(logits, -1), targets), "float32"), batch.targetMask)) as tf.Scalar;
  return { nll, correct };
}

/** Mean loss a completion token of `examples`, which must have some. */
export type LossMeter = (base: Params, examples: Example[], options: { batchSize: number; padTokenId: number }) => Promise<number>;

/** The loss of `model` without adapter: one for all runs of this process. */
export const createLossMeter = oncePerModel((engine: Engine, model: Model): LossMeter => {
  const run = engine.compile("completion-loss", ({ base, batch }: { base: Params; batch: CompletionBatch }) =>
    completionLoss(model, { base, adapter: null }, batch),
  );
  return async (base, examples, { batchSize, padTokenId }) => {
    let sum = 0;
    let tokens = 0;
    for (let i = 0; i < examples.length; i += batchSize) {
      const rows = examples.slice(i, i + batchSize);
      const batch = createCompletionBatch(model, rows, padTokenId);
      sum += (await readScalars(run({ base, batch }))).nll ?? Number.NaN;
      disposeBatch(batch);
      tokens += rows.reduce((count, { completionIds }) => count + completionIds.length, 0);
    }
    return sum / tokens;
  };
});
