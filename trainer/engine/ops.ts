/** Operations that tfjs lacks and every engine has: each registers kernels under these names. */
import * as tf from "@tensorflow/tfjs-core";

export const PACK_BYTES = "HonePackBytes";
export const UNPACK_BYTES = "HoneUnpackBytes";
export const UNPACK_BF16 = "HoneUnpackBf16";
export const BF16_MATMUL = "HoneBf16MatMul";
export const AFTER = "HoneAfter";
export const SEEDED_UNIFORM = "HoneSeededUniform";
export const WRITE_ROWS = "HoneWriteRows";

/**
 * Four bytes a word, as a tensor that only `unpackBytes` and `unpackBf16` can read. TensorFlow keeps tensors of int32 in the
 * host's memory and would send them to the GPU in each step, so there the words go by the name of float32.
 */
export function packedTensor(bytes: Uint8Array, shape: number[]): tf.Tensor {
  const { buffer, byteOffset, byteLength } = bytes;
  return tf.getBackend() === "tensorflow"
    ? tf.tensor(new Float32Array(buffer, byteOffset, byteLength / 4), shape, "float32")
    : tf.tensor(new Int32Array(buffer, byteOffset, byteLength / 4), shape, "int32");
}

/** Whole numbers 0..255 in float32 as a packed tensor: (..., 4) -> (...). TensorFlow alone has it. */
export function packBytes(bytes: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(PACK_BYTES, { bytes }) as tf.Tensor;
}

/** The four bytes of each packed word, lowest first, as int32 0..255: (...) -> (..., 4). */
export function unpackBytes(words: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(UNPACK_BYTES, { words }) as tf.Tensor;
}

/**
 * `x`, which in a graph is not there before `dependency` is. A graph runs whatever is ready, so what is computed from
 * weights alone, such as their dequantised copies, would else be computed for all layers at once and kept.
 */
export function after(x: tf.Tensor, dependency: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(AFTER, { x, dependency }) as tf.Tensor;
}

/** Uniform numbers in [0, 1) of `shape` that depend on `seed` (2) int32 alone, for one engine and version of it. */
export function seededUniform(seed: tf.Tensor, shape: number[]): tf.Tensor {
  return tf.engine().runKernel(SEEDED_UNIFORM, { seed }, { shape }) as tf.Tensor;
}

/** The two bfloat16 values of each packed word, lower half first, as float32: (...) -> (..., 2). */
export function unpackBf16(words: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(UNPACK_BF16, { words }) as tf.Tensor;
}

/** The product of two float32 matrices, rounded to bfloat16 before and after it. WebAssembly and WebGPU compute it in float32. */
export function matMulBf16(a: tf.Tensor, b: tf.Tensor, transposeA = false, transposeB = false): tf.Tensor2D {
  return tf.engine().runKernel(BF16_MATMUL, { a, b }, { transposeA, transposeB }) as tf.Tensor2D;
}

/**
 * `x` (N, D) with `rows` (M, D) in the places `indices` (M) int32. It is written into the memory of `x`, which must be nobody
 * else's and no constant, and is not to be used afterwards: a cache of keys grows by a token without being copied.
 */
export function writeRows(x: tf.Tensor2D, indices: tf.Tensor1D, rows: tf.Tensor2D): tf.Tensor2D {
  return tf.engine().runKernel(WRITE_ROWS, { x, indices, rows }) as tf.Tensor2D;
}
