/**
 * bfloat16 on float32 tensors: matrices of a frozen base held in 16 bits, two to a word, and products computed in 16
 * bits with sums in float32. What is trained, the loss, norms and softmaxes stay in float32 (Micikevicius et al. 2018;
 * Kalamkar et al. 2019).
 */
import * as tf from "@tensorflow/tfjs-core";
import { toBf16 } from "../checkpoint/safetensors";
import { after, matMulBf16, packedTensor, unpackBf16 } from "../engine/ops";
import type { Params } from "./model";

const SUFFIX = ".bf16";

/** Whether `packBf16` can hold a tensor: two values fill a word of a row. */
export const fitsBf16 = (shape: readonly number[]): boolean => shape.length === 2 && (shape[1] ?? 0) % 2 === 0;

export const isPacked = (params: Params, name: string): boolean => name + SUFFIX in params;

/** The tensor that stands for the matrix `name` in 2 bytes a value, (out, in / 2) words, rounded to nearest, ties to even. */
export function packBf16(name: string, values: Float32Array, [out, width]: [number, number]): Params {
  if (!fitsBf16([out, width])) throw new RangeError(`${name} has rows of ${width} values; bf16 needs an even number`);
  return { [name + SUFFIX]: packedTensor(new Uint8Array(toBf16(values).buffer), [out, width / 2]) };
}

function packed(params: Params, name: string): tf.Tensor2D {
  const words = params[name + SUFFIX];
  if (!words) throw new Error(`The model has no tensor "${name}${SUFFIX}"`);
  return words as tf.Tensor2D;
}

/** (R, C / 2) words to (R, C) float32. */
const unpack = (words: tf.Tensor2D): tf.Tensor2D => tf.reshape(unpackBf16(words), [words.shape[0], 2 * words.shape[1]]);

/** Rows of the packed matrix `name`, (N) to (N, in) float32; no other row is unpacked. */
export const gatherPacked = (params: Params, name: string, rows: tf.Tensor1D): tf.Tensor2D => unpack(tf.gather(packed(params, name), rows));

/**
 * x W^T for a packed W: x (N, in) -> (N, out). As with NF4 its gradient unpacks W once more, so that no layer's copy lives
 * from the forward to the backward pass; W itself has none.
 */
export function matMulPacked(params: Params, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [states] = args as unknown as [tf.Tensor2D];
    const weight = (dependency: tf.Tensor) => unpack(after(packed(params, name), dependency) as tf.Tensor2D);
    return {
      value: tf.matMul(states, weight(states), false, true),
      gradFunc: (dy: tf.Tensor) => tf.matMul(dy as tf.Tensor2D, weight(dy)),
    };
  });
  return op(x) as tf.Tensor2D;
}

/** x W^T in bfloat16, gradients too: x (N, in), W [out, in] float32. */
export function matMulMixed(x: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [states, weight, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([states, weight]);
    return {
      value: matMulBf16(states, weight, false, true),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        matMulBf16(dy, saved[1] as tf.Tensor),
        matMulBf16(dy, saved[0] as tf.Tensor, true, false),
      ],
    };
  });
  return op(x, w) as tf.Tensor2D;
}
