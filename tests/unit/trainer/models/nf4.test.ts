/** NF4 with double quantisation against bitsandbytes' codes, and the quantised product against the plain one. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import type { Params } from "../../../../trainer/models/model";
import {
  DYNAMIC_CODES,
  dequantizeMatrix,
  matMulNf4,
  quantizeAbsmax,
  quantizeMatrix,
  quantizeNf4,
  roundToNf4,
} from "../../../../trainer/models/nf4";
import { goldenPath, maxDifference } from "../../../helpers/golden";

type Golden = Record<string, { shape: number[]; values: Uint8Array | Float32Array }>;

/** The golden file holds bytes too, which models never do. */
function readGoldenTensors(): Golden {
  const file = readFileSync(goldenPath("nf4", "nf4.safetensors"));
  const start = 8 + Number(file.readBigUInt64LE());
  const header = JSON.parse(file.subarray(8, start).toString()) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const bytes = Uint8Array.from(file.subarray(start + from, start + to));
        return [name, { shape, values: dtype === "U8" ? bytes : new Float32Array(bytes.buffer) }];
      },
    ),
  );
}

const golden = readGoldenTensors();
const floats = (name: string) => golden[name]?.values as Float32Array;
const bytes = (name: string) => Array.from(golden[name]?.values ?? []);

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

describe.each(["x", "y", "z"])("tensor %s", (name) => {
  it("has bitsandbytes' codes and scales", () => {
    const { packed, absmax } = quantizeNf4(floats(name));
    expect(Array.from(packed)).toEqual(bytes(`${name}.double.packed`));
    const { codes, nestedAbsmax, offset } = quantizeAbsmax(absmax);
    expect(offset).toBeCloseTo(floats(`${name}.double.offset`)[0] ?? Number.NaN, 6);
    expect(Array.from(codes)).toEqual(bytes(`${name}.double.absmax`));
    expect(maxDifference(nestedAbsmax, floats(`${name}.double.nested_absmax`))).toBeLessThan(1e-6);
  });
  it("comes back as bitsandbytes gives it back", () => {
    expect(maxDifference(roundToNf4(floats(name)), floats(`${name}.double.dequantised`))).toBeLessThan(2e-6);
  });
});

it("has bitsandbytes' dynamic map", () => {
  expect(maxDifference(DYNAMIC_CODES, floats("x.double.nested_code"))).toBeLessThan(1e-7);
});

it("loses what the literature says of a normal distribution, in .516 bytes a value", () => {
  const random = createRandom(1);
  const values = Float32Array.from({ length: 1024 * 1024 }, () => random.normal());
  const back = roundToNf4(values);
  let error = 0;
  let relative = 0;
  values.forEach((value, i) => {
    const off = Math.abs((back[i] ?? 0) - value);
    error += off / values.length;
    relative += off / Math.abs(value) / values.length;
  });
  expect(Math.abs(error - 0.072798)).toBeLessThan(0.000074 * 3);
  expect(Math.abs(relative - 0.203339)).toBeLessThan(0.00034 * 3);
  const before = tf.memory().numBytes;
  const params = quantizeMatrix("w.weight", values, [1024, 1024]);
  expect((tf.memory().numBytes - before) / values.length).toBeLessThan(0.52);
  tf.dispose(Object.values(params));
});

describe.each([
  ["whole blocks", "x", [64, 256]],
  ["a ragged last block", "x", [3, 72]],
] as const)("a matrix of %s", (_, name, [out, width]) => {
  it("gives its values, its product and the product's gradient in a graph", () => {
    const values = floats(name).slice(0, out * width);
    const params = quantizeMatrix("w", values, [out, width]);
    const plain = tf.tensor2d(roundToNf4(values), [out, width]);
    const x = tf.randomNormal([5, width], 0, 1, "float32", 1) as tf.Tensor2D;
    const run = engine.compile("nf4", ({ params, x }: { params: Params; x: tf.Tensor }) => {
      const { value, grad } = tf.valueAndGrad(
        (states: tf.Tensor) => tf.sum(tf.square(matMulNf4(params, "w", states as tf.Tensor2D))) as tf.Scalar,
      )(x);
      return { w: dequantizeMatrix(params, "w", x), value: value as tf.Tensor, grad: grad as tf.Tensor };
    });
    const result = run({ params, x });
    expect(maxDifference(result.w.dataSync(), plain.dataSync())).toBeLessThan(1e-6);
    const expected = tf.valueAndGrad(
      (states: tf.Tensor) => tf.sum(tf.square(tf.matMul(states as tf.Tensor2D, plain, false, true))) as tf.Scalar,
    )(x);
    expect(Math.abs((result.value.dataSync()[0] ?? 0) / (expected.value.dataSync()[0] ?? 1) - 1)).toBeLessThan(1e-5);
    const scale = tf.max(tf.abs(expected.grad)).dataSync()[0] ?? 1;
    expect(maxDifference(result.grad.dataSync(), expected.grad.dataSync()) / scale).toBeLessThan(1e-5);
  });
});

it("names a matrix whose rows do not fit", () => {
  expect(() => quantizeMatrix("model.x.weight", new Float32Array(60), [2, 30])).toThrow(/model\.x\.weight has rows of 30 values/);
});
