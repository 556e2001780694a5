/** bfloat16: packing is exact to the bit, products are close to float32's, and training over a packed base is that over the rounded one. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import { completionLoss, createCompletionBatch } from "../../../../trainer/algorithms/completion-loss";
import { flattenParams, layoutOf, unflattenParams } from "../../../../trainer/algorithms/flat-params";
import { lossAndGradient } from "../../../../trainer/algorithms/gradient";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { fitsBf16, gatherPacked, matMulMixed, packBf16 } from "../../../../trainer/models/bf16";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import type { Params, Weights } from "../../../../trainer/models/model";
import { maxDifference } from "../../../helpers/golden";

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

const random = createRandom(1);
const normal = (size: number) => Float32Array.from({ length: size }, () => random.normal());

/** torch.tensor([...]).to(torch.bfloat16).to(torch.float32), PyTorch 2.9.1. */
const ROUNDED: [number, number][] = [
  [1, 1],
  [1.00390625, 1],
  [1.01171875, 1.015625],
  [3.2, 3.203125],
  [-2.7, -2.703125],
  [65504, 65536],
  [1e-40, 9.183549615799121e-41],
  [0, 0],
];

it("packs as PyTorch rounds", () => {
  const values = Float32Array.from(ROUNDED, ([value]) => value);
  const read = gatherPacked(packBf16("w", values, [1, values.length]), "w", tf.tensor1d([0], "int32"));
  expect(Array.from(read.dataSync())).toEqual(ROUNDED.map(([, rounded]) => Math.fround(rounded)));
  expect([fitsBf16([3, 4]), fitsBf16([3, 5]), fitsBf16([4])]).toEqual([true, false, false]);
});

it("multiplies close to float32, forward and back", () => {
  const [x, w] = [tf.tensor2d(normal(32 * 64), [32, 64]), tf.tensor2d(normal(48 * 64), [48, 64])];
  const run = (name: string, product: (x: tf.Tensor2D, w: tf.Tensor2D) => tf.Tensor) => {
    const fn = engine.compile(name, ({ x, w }: { x: tf.Tensor; w: tf.Tensor }) => {
      const [dx, dw] = tf.grads((a, b) => tf.sum(tf.square(product(a as tf.Tensor2D, b as tf.Tensor2D))))([x, w]);
      return { y: product(x as tf.Tensor2D, w as tf.Tensor2D), dx: dx as tf.Tensor, dw: dw as tf.Tensor };
    });
    return Object.values(fn({ x, w })).map((tensor) => Array.from(tensor.dataSync()));
  };
  const exact = run("exact", (a, b) => tf.matMul(a, b, false, true));
  const mixed = run("mixed", matMulMixed);
  for (const [i, values] of exact.entries()) {
    const scale = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    const error =
      Math.sqrt(values.reduce((sum, value, j) => sum + (value - (mixed[i]?.[j] ?? Number.NaN)) ** 2, 0) / values.length) / scale;
    expect(error).toBeLessThan(0.01);
    // WebAssembly computes these in float32.
    if (engine.graphs) expect(error).toBeGreaterThan(1e-4);
  }
});

const rope = {
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
};
const CONFIGS: Record<string, Record<string, unknown>> = {
  gpt2: { model_type: "gpt2", vocab_size: 40, n_positions: 64, n_embd: 16, n_layer: 2, n_head: 2 },
  llama: { model_type: "llama", ...rope, tie_word_embeddings: true },
  "llama with a head": { model_type: "llama", ...rope, tie_word_embeddings: false },
  t5: {
    model_type: "t5",
    vocab_size: 40,
    d_model: 16,
    d_kv: 8,
    d_ff: 32,
    num_layers: 2,
    num_heads: 2,
    feed_forward_proj: "gated-gelu",
    tie_word_embeddings: true,
  },
};

describe.each(Object.keys(CONFIGS))("%s", (family) => {
  const model = createModel(CONFIGS[family] ?? {});
  const lora = sftConfigSchema.parse({ kind: "sft" }).lora;
  const ids = (length: number) => Array.from({ length }, () => 2 + random.int(38));
  const examples = Array.from({ length: 3 }, (_, i) => ({ promptIds: ids(4 + i), completionIds: [...ids(3 + i), 1] }));
  const adapter = () => {
    const made = initAdapter(model, lora, 2);
    for (const [name, tensor] of Object.entries(made.params)) if (name.endsWith("lora_B")) made.params[name] = tf.fill(tensor.shape, 0.02);
    return made;
  };
  const gradientOf = (base: Params, options: Pick<Weights, "bf16" | "recompute">) => {
    const { params, scaling } = adapter();
    const layout = layoutOf(params);
    const fn = engine.compile(
      "bf16-test",
      ({ theta, base, batch }: { theta: tf.Tensor; base: Params; batch: ReturnType<typeof createCompletionBatch> }) => {
        const { loss, gradient } = lossAndGradient(
          (x) => ({
            loss: completionLoss(model, { base, adapter: { params: unflattenParams(layout, x), scaling }, ...options }, batch).nll,
            report: {},
          }),
          theta as tf.Tensor1D,
        );
        return { loss, gradient };
      },
    );
    const { loss, gradient } = fn({ theta: flattenParams(params), base, batch: createCompletionBatch(model, examples, 0) });
    return { loss: loss.dataSync()[0] ?? Number.NaN, gradient: gradient.dataSync() };
  };

  it("trains over a packed base as over the rounded one, layers computed again or not", () => {
    const [packed, rounded]: [Params, Params] = [{}, {}];
    for (const [name, tensor] of Object.entries(initParams(model, 1))) {
      const fits = fitsBf16(tensor.shape) && !name.includes("relative_attention_bias");
      const words = fits ? packBf16(name, tensor.dataSync() as Float32Array, tensor.shape as [number, number]) : { [name]: tensor };
      Object.assign(packed, words);
      rounded[name] = fits ? gatherPacked(words, name, tf.range(0, tensor.shape[0] ?? 0, 1, "int32") as tf.Tensor1D) : tensor;
    }
    expect(Object.keys(packed).some((name) => name.endsWith(".bf16"))).toBe(true);
    const expected = gradientOf(rounded, {});
    for (const recompute of [false, true]) {
      const found = gradientOf(packed, { recompute });
      expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-6);
      expect(maxDifference(found.gradient, expected.gradient)).toBeLessThan(1e-5 * Math.max(1, ...Array.from(expected.gradient, Math.abs)));
    }
  });

  it("has a loss and gradients close to float32's with products in bf16", () => {
    const base = initParams(model, 1);
    const [exact, mixed] = [gradientOf(base, {}), gradientOf(base, { bf16: true })];
    expect(Math.abs(mixed.loss / exact.loss - 1)).toBeLessThan(2e-3);
    const [dot, a, b] = Array.from(exact.gradient).reduce<[number, number, number]>(
      ([d, x, y], value, i) => [d + value * (mixed.gradient[i] ?? 0), x + value ** 2, y + (mixed.gradient[i] ?? 0) ** 2],
      [0, 0, 0],
    );
    expect(dot / Math.sqrt(a * b)).toBeGreaterThan(0.999);
  });
});
