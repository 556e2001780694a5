/**
 * NF4 with double quantisation, as bitsandbytes stores it: 4-bit codes of a normal distribution's quantiles for blocks
 * of 64 values, their scales in 8 bits for blocks of 256 scales. 4.13 bits a value.
 * Source: Dettmers et al. 2023 (QLoRA); Dettmers et al. 2022 for the 8-bit dynamic map; bitsandbytes 0.50 on the CPU.
 */
import * as tf from "@tensorflow/tfjs-core";
import { after, packBytes, packedTensor, unpackBytes } from "../engine/ops";
import type { Params } from "./model";

const BLOCK = 64;
const NESTED_BLOCK = 256;

/** The 16 values that a code stands for, times the block's scale. */
export const NF4_CODES: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
  0.7229568362236023, 1,
];

/** The 256 values of the signed 8-bit dynamic map, ascending: the number of leading zeros is an exponent to base 10. */
export const DYNAMIC_CODES: Float32Array = (() => {
  const values: number[] = [0, 1];
  for (let exponent = 0; exponent < 7; exponent++) {
    const items = 2 ** exponent;
    const boundary = (i: number) => Math.fround(0.1 + (0.9 * i) / items);
    for (let i = 0; i < items; i++) {
      const mean = Math.fround(Math.fround(10 ** (exponent - 6)) * Math.fround((boundary(i) + boundary(i + 1)) / 2));
      values.push(mean, -mean);
    }
  }
  return Float32Array.from(values.sort((a, b) => a - b));
})();

const midpoints = (codes: ArrayLike<number>): Float32Array =>
  Float32Array.from({ length: codes.length - 1 }, (_, i) => ((codes[i] ?? 0) + (codes[i + 1] ?? 0)) / 2);
const NF4_MIDPOINTS = midpoints(NF4_CODES);
const DYNAMIC_MIDPOINTS = midpoints(DYNAMIC_CODES);

/** Index of the nearest code: how many midpoints lie below `value`; a tie takes the lower one. */
function nearest(sortedMidpoints: Float32Array, value: number): number {
  let low = 0;
  let high = sortedMidpoints.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value > (sortedMidpoints[middle] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The 8-bit code of a scale in [-1, 1]. bitsandbytes looks it up in a table of 65,536 places, so that next to a midpoint
 * the place's nearest code counts, not the value's own.
 */
function dynamicCode(value: number): number {
  const place = Math.trunc(Math.fround(Math.fround(Math.fround(Math.fround(value + 1) * 0.5) * 65535) + 0.5));
  return nearest(DYNAMIC_MIDPOINTS, (place / 65535) * 2 - 1);
}

/** Codes of `values` by blocks of `size`, and each block's largest absolute value. */
function quantizeBlocks(
  values: Float32Array,
  size: number,
  codeOf: (scaled: number) => number,
): { codes: Uint8Array; absmax: Float32Array } {
  const codes = new Uint8Array(values.length);
  const absmax = new Float32Array(Math.ceil(values.length / size));
  for (let block = 0; block < absmax.length; block++) {
    const end = Math.min(values.length, (block + 1) * size);
    let largest = 0;
    for (let i = block * size; i < end; i++) largest = Math.max(largest, Math.abs(values[i] ?? 0));
    absmax[block] = largest;
    const inverse = Math.fround(1 / Math.max(largest, 1e-38));
    for (let i = block * size; i < end; i++) codes[i] = codeOf(Math.min(1, Math.max(-1, Math.fround((values[i] ?? 0) * inverse))));
  }
  return { codes, absmax };
}

/** Two codes a byte, the first in the high four bits (the last byte of an odd count ends in 0), and the blocks' scales. */
export function quantizeNf4(values: Float32Array): { packed: Uint8Array; absmax: Float32Array } {
  const { codes, absmax } = quantizeBlocks(values, BLOCK, (scaled) => nearest(NF4_MIDPOINTS, scaled));
  const packed = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < packed.length; i++) packed[i] = ((codes[2 * i] ?? 0) << 4) | (codes[2 * i + 1] ?? 0);
  return { packed, absmax };
}

/** The scales in 8 bits: code times nested scale plus offset. */
export function quantizeAbsmax(absmax: Float32Array): { codes: Uint8Array; nestedAbsmax: Float32Array; offset: number } {
  const offset = Math.fround(absmax.reduce((sum, value) => sum + value, 0) / absmax.length);
  const { codes, absmax: nestedAbsmax } = quantizeBlocks(
    absmax.map((value) => value - offset),
    NESTED_BLOCK,
    dynamicCode,
  );
  return { codes, nestedAbsmax, offset };
}

/** What stands for a matrix: names beside "<path>.weight", as bitsandbytes has them, four bytes to a word. */
const suffixes = { codes: ".nf4", absmax: ".absmax", nestedAbsmax: ".nested_absmax", offset: ".offset" };

/** Whether `quantizeMatrix` can hold [out, in]: eight codes fill a word of a row. */
export const fitsNf4 = (shape: readonly number[]): boolean => shape.length === 2 && (shape[1] ?? 0) % 8 === 0;

/**
 * The tensors that stand for the matrix `name`, .516 bytes a value: codes (out, in / 8) words, scales' codes (blocks / 4)
 * words filled up to whole nested blocks, nested scales, offset (1).
 */
export function quantizeMatrix(name: string, values: Float32Array | tf.Tensor2D, [out, width]: [number, number]): Params {
  if (!fitsNf4([out, width])) throw new RangeError(`${name} has rows of ${width} values; NF4 needs a multiple of 8`);
  const shape: [number, number] = [out, width / 8];
  const { packed, absmax } =
    tf.getBackend() === "tensorflow" && (out * width) % BLOCK === 0
      ? quantizeOnEngine(values, shape)
      : quantizeOnHost(values instanceof tf.Tensor ? (values.dataSync() as Float32Array) : values, shape);
  const { codes, nestedAbsmax, offset } = quantizeAbsmax(absmax);
  const padded = new Uint8Array(nestedAbsmax.length * NESTED_BLOCK);
  padded.set(codes);
  return {
    [name + suffixes.codes]: packed,
    [name + suffixes.absmax]: packedTensor(padded, [padded.length / 4]),
    [name + suffixes.nestedAbsmax]: tf.tensor1d(nestedAbsmax),
    [name + suffixes.offset]: tf.tensor1d([offset]),
  };
}

type Quantized = { packed: tf.Tensor; absmax: Float32Array };

function quantizeOnHost(values: Float32Array, shape: [number, number]): Quantized {
  const { packed, absmax } = quantizeNf4(values);
  return { packed: packedTensor(packed, shape), absmax };
}

/** The same as `quantizeNf4`, to the last code, on the device: a model of billions of weights is ready in seconds there. */
function quantizeOnEngine(values: Float32Array | tf.Tensor2D, shape: [number, number]): Quantized {
  const [packed, absmax] = tf.tidy(() => {
    const blocks = tf.reshape(values instanceof tf.Tensor ? values : tf.tensor1d(values), [-1, BLOCK]);
    const largest = tf.max(tf.abs(blocks), 1, true);
    // The smallest that TensorFlow does not take for zero.
    const scaled = tf.clipByValue(tf.mul(blocks, tf.div(1, tf.maximum(largest, 2 ** -126))), -1, 1);
    let codes: tf.Tensor = tf.zerosLike(scaled);
    for (const midpoint of NF4_MIDPOINTS) codes = tf.tidy(() => tf.add(codes, tf.cast(tf.greater(scaled, midpoint), "float32")));
    const bytes = tf.sum(tf.mul(tf.reshape(codes, [-1, 4, 2]), tf.tensor1d([16, 1])), 2);
    return [tf.reshape(packBytes(bytes), shape), tf.reshape(largest, [-1])];
  }) as [tf.Tensor, tf.Tensor];
  const host = absmax.dataSync() as Float32Array;
  absmax.dispose();
  return { packed, absmax: host };
}

export const isQuantized = (params: Params, name: string): boolean => name + suffixes.codes in params;

/** A byte's two values. */
const BYTE_VALUES = Float32Array.from({ length: 512 }, (_, i) => NF4_CODES[i % 2 === 0 ? i >> 5 : (i >> 1) & 15] ?? 0);

/** The matrix `name` of `params`, [out, in] float32. In a graph it is made when `dependency` is there. */
export function dequantizeMatrix(params: Params, name: string, dependency: tf.Tensor): tf.Tensor2D {
  const part = (suffix: string): tf.Tensor => {
    const tensor = params[name + suffix];
    if (!tensor) throw new Error(`The model has no tensor "${name}${suffix}"`);
    return tensor;
  };
  const words = part(suffixes.codes);
  const [out, width] = [words.shape[0] as number, 8 * (words.shape[1] as number)];
  const blocks = Math.ceil((out * width) / BLOCK);
  const scaleBytes = tf.reshape(unpackBytes(after(part(suffixes.absmax), dependency)), [-1]) as tf.Tensor1D;
  const nested = tf.reshape(tf.gather(tf.tensor1d(DYNAMIC_CODES), scaleBytes), [-1, NESTED_BLOCK]);
  const scales = tf.add(tf.mul(nested, tf.expandDims(part(suffixes.nestedAbsmax), 1)), part(suffixes.offset));
  const bytes = tf.reshape(unpackBytes(after(words, dependency)), [-1]) as tf.Tensor1D;
  const values = tf.reshape(tf.gather(tf.tensor2d(BYTE_VALUES, [256, 2]), bytes), [-1]);
  const rest = blocks * BLOCK - out * width;
  const filled = rest === 0 ? values : tf.pad(values, [[0, rest]]);
  const scaled = tf.reshape(tf.mul(tf.reshape(filled, [blocks, BLOCK]), tf.slice(tf.reshape(scales, [-1, 1]), [0, 0], [blocks, 1])), [-1]);
  return tf.reshape(rest === 0 ? scaled : tf.slice(scaled, [0], [out * width]), [out, width]);
}

/**
 * x W^T for a quantised W: x (N, in) -> (N, out). Its gradient dequantises W once more, so that no layer's copy lives
 * from the forward to the backward pass; W itself has none.
 */
export function matMulNf4(params: Params, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [states] = args as unknown as [tf.Tensor2D];
    return {
      value: tf.matMul(states, dequantizeMatrix(params, name, states), false, true),
      gradFunc: (dy: tf.Tensor) => tf.matMul(dy as tf.Tensor2D, dequantizeMatrix(params, name, dy)),
    };
  });
  return op(x) as tf.Tensor2D;
}

/** `values` as NF4 gives them back: what a layer computes with once it is quantised. */
export function roundToNf4(values: Float32Array): Float32Array {
  const { packed, absmax } = quantizeNf4(values);
  const { codes, nestedAbsmax, offset } = quantizeAbsmax(absmax);
  const scales = Float32Array.from(codes, (code, i) =>
    Math.fround(Math.fround((DYNAMIC_CODES[code] ?? 0) * (nestedAbsmax[Math.floor(i / NESTED_BLOCK)] ?? 0)) + offset),
  );
  return values.map(
    (_, i) => (NF4_CODES[((packed[i >> 1] ?? 0) >> (i % 2 === 0 ? 4 : 0)) & 15] ?? 0) * (scales[Math.floor(i / BLOCK)] ?? 0),
  );
}
