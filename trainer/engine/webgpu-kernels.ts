/** The operations of ops.ts for WebGPU, as shaders; each reads and writes buffers by the flat index of an output's element. */
import * as tf from "@tensorflow/tfjs-core";
import { AFTER, BF16_MATMUL, SEEDED_UNIFORM, UNPACK_BF16, UNPACK_BYTES, WRITE_ROWS } from "./ops";

type FreeBuffer = { size: number; destroy(): void };

/** What is used of the backend's internals. */
export type WebgpuBackend = {
  runWebGPUProgram(
    program: object,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms?: { type: string; data: number[] }[],
    output?: tf.TensorInfo,
  ): tf.TensorInfo;
  bufferManager: { numBytesAllocated: number; numBytesUsed: number; numFreeBuffers: number; freeBuffers: Map<string, FreeBuffer[]> };
};

type KernelArguments = { inputs: tf.NamedTensorInfoMap; attrs: tf.NamedAttrMap; backend: WebgpuBackend };
type KernelFunction = (args: KernelArguments) => tf.TensorInfo;

const WORKGROUP = 64;

function input(inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (!tensor) throw new TypeError(`kernel input ${name} is missing`);
  return tensor;
}

/** One invocation for each element of `shape`; `body` knows its flat `index`, the inputs' arrays by name and `result`. */
function elementwise(name: string, shape: number[], variableNames: string[], body: string, { uniforms = "", helpers = "" } = {}): object {
  return {
    shaderKey: name,
    outputShape: shape,
    variableNames,
    uniforms,
    size: true,
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: shape.map((_, i) => i) },
    dispatch: [Math.ceil(tf.util.sizeFromShape(shape) / WORKGROUP), 1, 1],
    getUserCode: () => `${helpers}
      fn main(index : i32) {
        if (index < uniforms.size) { ${body} }
      }`,
  };
}

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011), the first word of the counter (index, 0) under the key (seed). */
const THREEFRY = `
  fn threefry(key : vec2<u32>, counter : vec2<u32>) -> vec2<u32> {
    let keys = array<u32, 3>(key.x, key.y, key.x ^ key.y ^ 0x1BD11BDAu);
    var rotations = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
    var words = keys;
    var x = counter + key;
    for (var round = 0u; round < 20u; round++) {
      x.x += x.y;
      let by = rotations[round % 8u];
      x.y = ((x.y << by) | (x.y >> (32u - by))) ^ x.x;
      if (round % 4u == 3u) {
        let block = round / 4u + 1u;
        x += vec2<u32>(words[block % 3u], words[(block + 1u) % 3u] + block);
      }
    }
    return x;
  }`;

/**
 * Angles as fractions of a turn in integers (Payne and Hanek 1983), then Taylor's series on an eighth of a turn: WGSL's own
 * sin and cos may be wrong by 5e-4 between -pi and pi and by more beyond, which positions of a long text are.
 */
const SINE = `
  fn multiplyHigh(a : u32, b : u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u);
  }
  /** The fraction of |x| / (2 pi), 1 being 2^32, for 1/4 <= |x| < 2^24: mantissa times 96 bits of 1 / (2 pi). */
  fn turn(bits : u32) -> u32 {
    let mantissa = (bits & 0x7fffffu) | 0x800000u;
    let shift = 150u - ((bits >> 23u) & 255u);
    let low = mantissa * 0x9391054Au;
    let carried = low + multiplyHigh(mantissa, 0x7F09D5F4u);
    let middle = mantissa * 0x28BE60DBu;
    let upper = middle + multiplyHigh(mantissa, 0x9391054Au) + select(0u, 1u, carried < low);
    let top = multiplyHigh(mantissa, 0x28BE60DBu) + select(0u, 1u, upper < middle);
    return select((upper >> shift) | (top << (32u - shift)), upper, shift == 0u);
  }
  /** sin(x + quarters * pi / 2) */
  fn sine(x : f32, quarters : u32) -> f32 {
    let bits = bitcast<u32>(x);
    var angle = x;
    var quarter = quarters;
    if (abs(x) >= 0.25 && abs(x) < 16777216.0) {
      let fraction = select(turn(bits), 0u - turn(bits), x < 0.0);
      let nearest = (fraction + 0x20000000u) >> 30u;
      angle = f32(bitcast<i32>(fraction - (nearest << 30u))) * 1.4629180792671596e-9;
      quarter += nearest;
    }
    let s = angle * angle;
    let sin = angle * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0)))));
    let cos = 1.0 + s * (-0.5 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0))));
    let value = select(sin, cos, quarter % 2u == 1u);
    return select(value, -value, quarter % 4u >= 2u);
  }`;

export function registerWebgpuKernels(): void {
  const kernel = (kernelName: string): KernelFunction => {
    const config = tf.getKernel(kernelName, "webgpu");
    if (!config) throw new Error(`the WebGPU backend has no kernel ${kernelName}`);
    return config.kernelFunc as unknown as KernelFunction;
  };
  const register = (kernelName: string, kernelFunc: KernelFunction) =>
    tf.registerKernel({ kernelName, backendName: "webgpu", kernelFunc: kernelFunc as unknown as tf.KernelFunc });

  for (const [name, quarters] of [
    ["Sin", 0],
    ["Cos", 1],
  ] as const) {
    tf.unregisterKernel(name, "webgpu");
    register(name, ({ inputs, backend }) => {
      const x = input(inputs, "x");
      const program = elementwise(`Hone${name}`, x.shape, ["x"], `result[index] = sine(x[index], ${quarters}u);`, { helpers: SINE });
      return backend.runWebGPUProgram(program, [x], "float32");
    });
  }
  register(UNPACK_BYTES, ({ inputs, backend }) => {
    const words = input(inputs, "words");
    const body = "result[index] = (words[index / 4] >> (8u * u32(index % 4))) & 255;";
    return backend.runWebGPUProgram(elementwise(UNPACK_BYTES, [...words.shape, 4], ["words"], body), [words], "int32");
  });
  register(UNPACK_BF16, ({ inputs, backend }) => {
    const words = input(inputs, "words");
    const body = "result[index] = bitcast<f32>((bitcast<u32>(words[index / 2]) >> (16u * u32(index % 2))) << 16u);";
    return backend.runWebGPUProgram(elementwise(UNPACK_BF16, [...words.shape, 2], ["words"], body), [words], "float32");
  });
  register(BF16_MATMUL, ({ inputs, attrs, backend }) => kernel("BatchMatMul")({ inputs, attrs, backend }));
  // The queue runs in order: what was asked for first is there first.
  register(AFTER, ({ inputs, backend }) => kernel("Identity")({ inputs: { x: input(inputs, "x") }, attrs: {}, backend }));
  register(WRITE_ROWS, ({ inputs, backend }) => {
    const [x, indices, rows] = [input(inputs, "x"), input(inputs, "indices"), input(inputs, "rows")];
    const program = elementwise(
      WRITE_ROWS,
      rows.shape,
      ["indices", "rows"],
      "result[indices[index / uniforms.width] * uniforms.width + index % uniforms.width] = rows[index];",
      { uniforms: "width : i32," },
    );
    backend.runWebGPUProgram(program, [indices, rows], x.dtype, [{ type: "int32", data: [x.shape[1] ?? 1] }], x);
    return kernel("Identity")({ inputs: { x }, attrs: {}, backend });
  });
  register(SEEDED_UNIFORM, ({ inputs, attrs, backend }) => {
    const body = `
      let bits = threefry(vec2<u32>(bitcast<u32>(seed[0]), bitcast<u32>(seed[1])), vec2<u32>(u32(index), 0u)).x;
      result[index] = f32(bits >> 8u) / 16777216.0;`;
    const program = elementwise(SEEDED_UNIFORM, attrs.shape as number[], ["seed"], body, { helpers: THREEFRY });
    return backend.runWebGPUProgram(program, [input(inputs, "seed")], "float32");
  });
}
