/**
 * Trainable parameters as one vector. Inside a step the vector is split into the named tensors, so that the
 * gradient arrives as one vector too and the optimiser is a dozen operations, however many tensors there are.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Params } from "../models/model";

export type ParamLayout = { name: string; shape: number[]; size: number }[];

const sizeOf = (shape: number[]) => shape.reduce((product, size) => product * size, 1);

/** Names, shapes and sizes in key order. */
export function layoutOf(params: Params): ParamLayout {
  return Object.entries(params).map(([name, { shape }]) => ({ name, shape, size: sizeOf(shape) }));
}

/** All tensors in one vector, (P). The caller keeps `params`. */
export function flattenParams(params: Params): tf.Tensor1D {
  return tf.tidy(() => tf.concat(Object.values(params).map((tensor) => tf.reshape(tensor, [-1])))) as tf.Tensor1D;
}

/** The named tensors of a vector, differentiable. Throws when the sizes do not add up. */
export function unflattenParams(layout: ParamLayout, vector: tf.Tensor1D): Params {
  const sizes = layout.map(({ size }) => size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== vector.size) throw new RangeError(`unflattenParams: the layout holds ${total} values, the vector ${vector.size}`);
  const parts = sizes.length === 1 ? [vector] : tf.split(vector, sizes);
  return Object.fromEntries(layout.map(({ name, shape }, i) => [name, tf.reshape(parts[i] as tf.Tensor, shape)]));
}
