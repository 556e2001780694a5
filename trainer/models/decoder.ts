/**
 * What every decoder-only architecture shares: causal and sliding masks, positions, the key-value cache, the head. The
 * layers themselves come as functions (rope-decoder.ts, gpt2.ts).
 */
import * as tf from "@tensorflow/tfjs-core";
import { writeRows } from "../engine/ops";
import { attend, HIDDEN, type KeyValues, matMulWeight, param, sameSegment, softCap } from "./linear";
import type { DecoderModel, KvCache, Params, TokenBatch, Weights } from "./model";
import { recomputed } from "./recompute";

export type DecoderParts = Pick<
  DecoderModel,
  | "family"
  | "vocabSize"
  | "hiddenSize"
  | "numLayers"
  | "freshNorm"
  | "maxPositions"
  | "linearModules"
  | "parameterShapes"
  | "storedTransposed"
> & {
  keyHeads: number;
  headSize: number;
  /** What queries are multiplied by before they meet the keys. */
  queryScale: number;
  /** Scores and logits become cap * tanh(x / cap). */
  scoreCap: number | null;
  logitCap: number | null;
  /** How many places back a layer sees, itself included; null sees all. */
  windows: (number | null)[];
  /** The name of the output matrix, [V, D]. */
  head(base: Params): string;
  /** For tokens (N) at positions (N): states (N, D), and what each layer needs to know of these positions. */
  begin(weights: Weights, ids: tf.Tensor1D, positions: tf.Tensor1D): { states: tf.Tensor2D; constants(index: number): tf.Tensor[] };
  layer(weights: Weights, index: number, constants: readonly tf.Tensor[]): DecoderLayer;
  /** What the names of a layer's parameters begin with. */
  layerPath(index: number): string;
  finalNorm(weights: Weights, states: tf.Tensor2D): tf.Tensor2D;
};

export type DecoderLayer = {
  /** Queries (B, H, T, d), keys and values (B, K, T, d) of states (B * T, D). */
  project(states: tf.Tensor2D, batch: number, time: number): { q: tf.Tensor4D } & KeyValues;
  /** The states after attention's part (B, T, H * d) and the feed-forward, both residual. */
  finish(states: tf.Tensor2D, attended: tf.Tensor3D): tf.Tensor2D;
};

export function createDecoder(parts: DecoderParts): DecoderModel {
  const { hiddenSize: width, numLayers: layers, keyHeads, headSize, queryScale, scoreCap, windows, finalNorm } = parts;

  /** (T, T): what a query may see of the places before it. */
  const causalBias = (time: number, window: number | null) => {
    const seen = (query: number, key: number) => key <= query && (window === null || query - key < window);
    return tf.tensor2d(
      Float32Array.from({ length: time * time }, (_, i) => (seen(Math.floor(i / time), i % time) ? 0 : HIDDEN)),
      [time, time],
    );
  };

  /** One bias for each width of window among the layers. */
  const biases = (make: (window: number | null) => tf.Tensor) => {
    const made = new Map([...new Set(windows)].map((window) => [window, make(window)]));
    return (layer: number) => made.get(windows[layer] ?? null) as tf.Tensor;
  };

  /** All positions at once; `keep` sees each layer's keys and values. */
  const run = (weights: Weights, batch: TokenBatch, keep?: (layer: number, keyValues: KeyValues) => void): tf.Tensor2D => {
    const [rows, time] = batch.inputIds.shape;
    if (parts.maxPositions !== null && time > parts.maxPositions)
      throw new Error(`A row of ${time} tokens is longer than the ${parts.maxPositions} positions of this ${parts.family} model`);
    const mask = tf.cast(batch.attentionMask, "float32");
    const positions = batch.packed ? batch.packed.positionIds : tf.sub(tf.cumsum(mask, 1), mask);
    const visible = batch.packed ? sameSegment(batch.packed.segmentIds) : tf.reshape(mask, [rows, 1, 1, time]);
    const hidden = tf.mul(tf.sub(1, visible), HIDDEN);
    const biasOf = biases((window) => tf.add(causalBias(time, window !== null && window >= time ? null : window), hidden));
    const { states, constants } = parts.begin(
      weights,
      tf.reshape(batch.inputIds, [-1]) as tf.Tensor1D,
      tf.reshape(positions, [-1]) as tf.Tensor1D,
    );
    let x = states;
    for (let i = 0; i < layers; i++) {
      x = recomputed(
        weights,
        parts.layerPath(i),
        { inputs: [x], constants: [biasOf(i), ...constants(i)] },
        (own, [states], [bias, ...rest]) => {
          const { project, finish } = parts.layer(own, i, rest);
          const { q, k, v } = project(states as tf.Tensor2D, rows, time);
          keep?.(i, { k, v });
          return finish(states as tf.Tensor2D, attend(q, { k, v }, bias as tf.Tensor, queryScale, scoreCap));
        },
      );
    }
    return finalNorm(weights, x);
  };

  return {
    ...parts,
    kind: "decoder",
    forward(weights, batch) {
      const [rows, time] = batch.inputIds.shape;
      return tf.reshape(run(weights, batch), [rows, time, width]);
    },
    logits(weights, hidden) {
      const flat = tf.reshape(hidden, [-1, width]) as tf.Tensor2D;
      const logits = softCap(matMulWeight({ base: weights.base }, parts.head(weights.base), flat), parts.logitCap);
      return tf.reshape(logits, [...hidden.shape.slice(0, -1), parts.vocabSize]);
    },
    prefill(weights, batch, cacheLength) {
      const cache: KvCache = {};
      const [rows, time] = batch.inputIds.shape;
      const hidden = run(weights, batch, (layer, { k, v }) => {
        for (const [name, tensor] of [
          ["k", k],
          ["v", v],
        ] as const)
          cache[`${layer}.${name}`] = tf.pad(tensor, [
            [0, 0],
            [0, 0],
            [0, cacheLength - time],
            [0, 0],
          ]);
      });
      const last = tf.slice(tf.reshape(hidden, [rows, time, width]), [0, time - 1, 0], [rows, 1, width]);
      return { hidden: tf.reshape(last, [rows, width]), cache };
    },
    decode(weights, { inputIds, position, positionIds, cacheMask }, cache) {
      const [rows, slots] = cacheMask.shape;
      const empty = tf.mul(tf.sub(1, tf.reshape(tf.cast(cacheMask, "float32"), [rows, 1, 1, slots])), HIDDEN);
      const biasOf = biases((window) => {
        if (window === null || window >= slots) return empty;
        const gone = tf.lessEqual(tf.range(0, slots, 1, "int32"), tf.sub(position, tf.scalar(window, "int32")));
        return tf.add(empty, tf.mul(tf.cast(gone, "float32"), HIDDEN));
      });
      // The new token's row in a cache of (B * K * S) rows, for each row of the batch and each head.
      const places = tf.add(tf.range(0, rows * keyHeads * slots, slots, "int32"), position) as tf.Tensor1D;
      const write = (name: string, next: tf.Tensor4D) =>
        tf.reshape(writeRows(tf.reshape(param(cache, name), [-1, headSize]), places, tf.reshape(next, [-1, headSize])), [
          rows,
          keyHeads,
          slots,
          headSize,
        ]) as tf.Tensor4D;
      const next: KvCache = {};
      const { states, constants } = parts.begin(weights, inputIds, positionIds);
      let x = states;
      for (let i = 0; i < layers; i++) {
        const { project, finish } = parts.layer(weights, i, constants(i));
        const { q, k, v } = project(x, rows, 1);
        const keyValues = { k: write(`${i}.k`, k), v: write(`${i}.v`, v) };
        Object.assign(next, { [`${i}.k`]: keyValues.k, [`${i}.v`]: keyValues.v });
        x = finish(x, attend(q, keyValues, biasOf(i), queryScale, scoreCap));
      }
      return { hidden: finalNorm(weights, x), cache: next };
    },
  };
}
