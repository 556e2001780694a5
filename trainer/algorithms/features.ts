/**
 * Features of a frozen base: one vector a text. A decoder's is the hidden state of the last token after the final norm,
 * as transformers' *ForSequenceClassification take it; an encoder-decoder's the mean of the encoder's states over the
 * tokens (Ni et al. 2022, Sentence-T5, "encoder-only mean"). The base never changes, so each text is read once.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../engine/engine";
import type { Model, Params } from "../models/model";
import { oncePerModel } from "../models/once-per-model";
import { createSequenceBatch, hiddenAt, type SequenceBatch } from "./reward-model";

export type Pooling = "last_token" | "encoder_mean";

export const poolingOf = (model: Model): Pooling => (model.kind === "encoder-decoder" ? "encoder_mean" : "last_token");

/** Features of token sequences, (N, D) row-major, `batchSize` at a time. */
export type FeatureExtractor = (
  base: Params,
  texts: readonly number[][],
  options: { batchSize: number; padTokenId: number },
) => Promise<Float32Array>;

/** The extractor of `model`: one for all runs of this process. */
export const createFeatureExtractor = oncePerModel((engine: Engine, model: Model): FeatureExtractor => {
  const run = engine.compile("features", ({ base, batch }: { base: Params; batch: SequenceBatch }) => {
    const weights = { base, adapter: null };
    const tokens = { inputIds: batch.inputIds as tf.Tensor2D, attentionMask: batch.attentionMask as tf.Tensor2D };
    if (model.kind === "decoder") return hiddenAt(model.forward(weights, tokens), batch.lastIndex as tf.Tensor1D);
    const mask = tf.expandDims(tf.cast(tokens.attentionMask, "float32"), -1);
    return tf.div(tf.sum(tf.mul(model.encode(weights, tokens), mask), 1), tf.sum(mask, 1));
  });
  return async (base, texts, { batchSize, padTokenId }) => {
    const out = new Float32Array(texts.length * model.hiddenSize);
    // Texts of like length share a batch; the last batch is filled up with repeats.
    const order = [...texts.keys()].sort((a, b) => (texts[a]?.length ?? 0) - (texts[b]?.length ?? 0) || a - b);
    for (let i = 0; i < order.length; i += batchSize) {
      const places = order.slice(i, i + batchSize);
      const rows = Array.from({ length: batchSize }, (_, row) => ({
        promptIds: texts[places[row] ?? places[0] ?? 0] ?? [],
        completionIds: [],
      }));
      const batch = createSequenceBatch(rows, padTokenId);
      const features = run({ base, batch });
      const values = await features.data();
      places.forEach((place, row) => {
        out.set(values.subarray(row * model.hiddenSize, (row + 1) * model.hiddenSize), place * model.hiddenSize);
      });
      tf.dispose([features, ...Object.values(batch)]);
    }
    return out;
  };
});
