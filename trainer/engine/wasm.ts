/**
 * The WebAssembly engine: no native library needed, one thread, eager. Three repairs of tfjs' own backend:
 * its BatchMatMul leaves the fast path when an operand is transposed (transposing first is 3 to 4 times
 * faster), its SplitV copies the whole tensor once for each part (a quarter of a training step), and it lacks
 * UnsortedSegmentSum, which the gradient of gather needs.
 */
import { createRequire } from "node:module";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import { type Engine, runEager } from "./engine";
import { AFTER, BF16_MATMUL, SEEDED_UNIFORM, UNPACK_BF16, UNPACK_BYTES, WRITE_ROWS } from "./ops";
import type { TensorTree } from "./tree";

/** What is used of the backend's internals. */
type WasmBackend = {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array;
  disposeData(dataId: object): void;
};

type KernelArguments = { inputs: tf.NamedTensorInfoMap; attrs: tf.NamedAttrMap; backend: WasmBackend };
type KernelFunction = (args: KernelArguments) => tf.TensorInfo;

function input(inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (!tensor) throw new TypeError(`kernel input ${name} is missing`);
  return tensor;
}

function kernel(name: string): KernelFunction {
  const config = tf.getKernel(name, "wasm");
  if (!config) throw new Error(`the WebAssembly backend has no kernel ${name}`);
  return config.kernelFunc as unknown as KernelFunction;
}

function repairMatMul(): void {
  const matMul = kernel("BatchMatMul");
  const transpose = kernel("Transpose");
  tf.unregisterKernel("BatchMatMul", "wasm");
  const kernelFunc: KernelFunction = ({ inputs, attrs, backend }) => {
    const temporaries: tf.TensorInfo[] = [];
    const straighten = (x: tf.TensorInfo, transposed: unknown): tf.TensorInfo => {
      if (!transposed) return x;
      const rank = x.shape.length;
      const perm = [...Array(rank).keys()];
      perm[rank - 1] = rank - 2;
      perm[rank - 2] = rank - 1;
      const y = transpose({ inputs: { x }, attrs: { perm }, backend });
      temporaries.push(y);
      return y;
    };
    const a = straighten(input(inputs, "a"), attrs.transposeA);
    const b = straighten(input(inputs, "b"), attrs.transposeB);
    const out = matMul({ inputs: { a, b }, attrs: { transposeA: false, transposeB: false }, backend });
    for (const temporary of temporaries) backend.disposeData(temporary.dataId);
    return out;
  };
  tf.registerKernel({ kernelName: "BatchMatMul", backendName: "wasm", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

function replaceSplit(): void {
  tf.unregisterKernel("SplitV", "wasm");
  const kernelFunc = ({ inputs, attrs, backend }: KernelArguments): tf.TensorInfo[] => {
    const x = input(inputs, "x");
    const axis = ((attrs.axis as number) + x.shape.length) % x.shape.length;
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits as number | number[], axis);
    const inner = x.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const length = (x.shape[axis] ?? 0) * inner;
    const outer = x.shape.slice(0, axis).reduce((product, size) => product * size, 1);
    const parts = sizes.map((size) =>
      backend.makeOutput(
        x.shape.map((own, i) => (i === axis ? size : own)),
        x.dtype,
      ),
    );
    // Views of the heap, which outputs may have moved: taken when all are there.
    const values = backend.typedArrayFromHeap(x);
    let start = 0;
    parts.forEach((part, p) => {
      const width = (sizes[p] ?? 0) * inner;
      const target = backend.typedArrayFromHeap(part);
      for (let o = 0; o < outer; o++) target.set(values.subarray(o * length + start, o * length + start + width), o * width);
      start += width;
    });
    return parts;
  };
  tf.registerKernel({ kernelName: "SplitV", backendName: "wasm", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

function addUnsortedSegmentSum(): void {
  if (tf.getKernel("UnsortedSegmentSum", "wasm")) return;
  const kernelFunc: KernelFunction = ({ inputs, attrs, backend }) => {
    const x = input(inputs, "x");
    const segmentIds = input(inputs, "segmentIds");
    const inner = x.shape.slice(1).reduce((product, size) => product * size, 1);
    const out = backend.makeOutput([attrs.numSegments as number, ...x.shape.slice(1)], x.dtype);
    const sums = backend.typedArrayFromHeap(out);
    sums.fill(0);
    const values = backend.typedArrayFromHeap(x);
    backend.typedArrayFromHeap(segmentIds).forEach((segment, i) => {
      for (let j = 0; j < inner; j++) sums[segment * inner + j] = (sums[segment * inner + j] ?? 0) + (values[i * inner + j] ?? 0);
    });
    return out;
  };
  tf.registerKernel({ kernelName: "UnsortedSegmentSum", backendName: "wasm", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

/** The operations of ops.ts; the random numbers are those of domain/random.ts. */
function addOwnKernels(): void {
  const register = (kernelName: string, kernelFunc: KernelFunction) =>
    tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
  register(UNPACK_BYTES, ({ inputs, backend }) => {
    const words = input(inputs, "words");
    const out = backend.makeOutput([...words.shape, 4], "int32");
    const values = backend.typedArrayFromHeap(words);
    backend.typedArrayFromHeap(out).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return out;
  });
  register(UNPACK_BF16, ({ inputs, backend }) => {
    const words = input(inputs, "words");
    const out = backend.makeOutput([...words.shape, 2], "float32");
    const values = backend.typedArrayFromHeap(words);
    const halves = new Uint16Array(values.buffer, values.byteOffset, 2 * values.length);
    const floats = backend.typedArrayFromHeap(out);
    const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
    for (let i = 0; i < bits.length; i++) bits[i] = (halves[i] ?? 0) << 16;
    return out;
  });
  register(BF16_MATMUL, ({ inputs, attrs, backend }) => kernel("BatchMatMul")({ inputs, attrs, backend }));
  register(AFTER, ({ inputs, backend }) => kernel("Identity")({ inputs: { x: input(inputs, "x") }, attrs: {}, backend }));
  register(WRITE_ROWS, ({ inputs, backend }) => {
    const x = input(inputs, "x");
    const width = x.shape[1] ?? 1;
    const values = backend.typedArrayFromHeap(x);
    const rows = backend.typedArrayFromHeap(input(inputs, "rows"));
    backend.typedArrayFromHeap(input(inputs, "indices")).forEach((place, i) => {
      values.set(rows.subarray(i * width, (i + 1) * width), place * width);
    });
    return kernel("Identity")({ inputs: { x }, attrs: {}, backend });
  });
  register(SEEDED_UNIFORM, ({ inputs, attrs, backend }) => {
    const random = createRandom(1, Array.from(backend.typedArrayFromHeap(input(inputs, "seed"))).join(","));
    const out = backend.makeOutput(attrs.shape as number[], "float32");
    const values = backend.typedArrayFromHeap(out);
    for (let i = 0; i < values.length; i++) values[i] = random.next();
    return out;
  });
}

/** Loads the backend; its .wasm files come from the package. */
export async function loadWasm(): Promise<Engine> {
  const require = createRequire(import.meta.url);
  require("@tensorflow/tfjs"); // registers the gradients
  const wasm = require("@tensorflow/tfjs-backend-wasm") as { setWasmPaths(prefix: string): void; version_wasm: string };
  wasm.setWasmPaths(`${path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`);
  await tf.setBackend("wasm");
  await tf.ready();
  repairMatMul();
  replaceSplit();
  addUnsortedSegmentSum();
  addOwnKernels();
  return {
    name: "wasm",
    description: `WebAssembly (tfjs-backend-wasm ${wasm.version_wasm}, one thread)`,
    device: "cpu",
    graphs: false,
    compile<A extends TensorTree, R extends TensorTree>(_name: string, fn: (args: A) => R) {
      return (args: A) => runEager(fn, args);
    },
    dispose() {},
  };
}
