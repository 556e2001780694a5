/** How likely a model finds the references, token by token: for perplexity and for the calibration of its next-token guesses. */
import { setImmediate } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import { type CompletionBatch, createCompletionBatch, disposeBatch, targetLogits } from "../algorithms/completion-loss";
import { type Example, lengthOf } from "../algorithms/examples";
import { tokenLogprobs } from "../algorithms/losses";
import type { Engine } from "../engine/engine";
import type { Model, Params } from "../models/model";
import { oncePerModel } from "../models/once-per-model";

export type ReferenceLikelihood = {
  /** Sum of -log p over the reference's tokens, its end included. */
  nats: number;
  tokens: number;
  /** Of each token: probability of the likeliest one, and whether the reference goes on with it. */
  confidences: number[];
  right: boolean[];
};

type Args = { base: Params; batch: CompletionBatch };

const createMeasure = oncePerModel((engine: Engine, model: Model) =>
  engine.compile("reference-likelihood", ({ base, batch }: Args) => {
    const logits = targetLogits(model, { base, adapter: null }, batch);
    return {
      logprobs: tokenLogprobs(logits, batch.targetIds as tf.Tensor1D),
      topLogprobs: tf.max(tf.logSoftmax(logits), -1),
      right: tf.cast(tf.equal(tf.argMax(logits, -1), batch.targetIds), "float32"),
    };
  }),
);

/** Likelihoods of `examples` in their order; completions are the references. */
export async function measureReferences(
  engine: Engine,
  input: { model: Model; base: Params; examples: Example[]; batchSize: number; padTokenId: number },
): Promise<ReferenceLikelihood[]> {
  const { model, base, examples, batchSize, padTokenId } = input;
  const measure = createMeasure(engine, model);
  // Like lengths share a batch; the last one is filled up with rows without targets, so that there are few shapes.
  const order = [...examples.keys()].sort((a, b) => lengthOf(examples[a] as Example) - lengthOf(examples[b] as Example));
  const out = new Array<ReferenceLikelihood>(examples.length);
  for (let start = 0; start < order.length; start += batchSize) {
    const places = order.slice(start, start + batchSize);
    const rows = Array.from(
      { length: batchSize },
      (_, row): Example => examples[places[row] ?? -1] ?? { promptIds: [padTokenId], completionIds: [] },
    );
    const batch = createCompletionBatch(model, rows, padTokenId);
    const result = measure({ base, batch });
    const [logprobs, topLogprobs, right] = (await Promise.all(
      [result.logprobs, result.topLogprobs, result.right].map((tensor) => tensor.data()),
    )) as [Float32Array, Float32Array, Float32Array];
    let next = 0;
    for (const place of places) {
      const tokens = (examples[place] as Example).completionIds.length;
      const cells = Array.from({ length: tokens }, (_, i) => next + i);
      out[place] = {
        nats: -cells.reduce((sum, i) => sum + (logprobs[i] ?? Number.NaN), 0),
        tokens,
        // Rounding may lift a certain guess a little above one.
        confidences: cells.map((i) => Math.min(1, Math.exp(topLogprobs[i] ?? Number.NaN))),
        right: cells.map((i) => right[i] === 1),
      };
      next += tokens;
    }
    disposeBatch(batch);
    tf.dispose(Object.values(result));
    // The worker's heartbeat gets its turn.
    await setImmediate();
  }
  return out;
}
