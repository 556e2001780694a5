/** Dropout of adapters: how much is dropped, what decides it, and that only training sees it. Targets by name. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { loraConfigSchema } from "../../../../domain/run";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel } from "../../../../trainer/models/create-model";
import { linear } from "../../../../trainer/models/linear";
import { dropoutSeed, initAdapter, loraTargets, toDropout } from "../../../../trainer/models/lora";

const WIDTH = 100;
const ROWS = 200;

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

/** What an adapter whose matrices add up its inputs gives: the kept values of each row. */
function seen(rate: number, seed: tf.Tensor | null, path = "layer"): Float32Array {
  const run = engine.compile(
    "dropout",
    ({ x, w, a, b, seed }: { x: tf.Tensor; w: tf.Tensor; a: tf.Tensor; b: tf.Tensor; seed: tf.Tensor | null }) => ({
      y: linear(
        {
          base: { [`${path}.weight`]: w },
          adapter: { params: { [`${path}.lora_A`]: a, [`${path}.lora_B`]: b }, scaling: 1, dropout: toDropout(rate, seed) },
        },
        path,
        x as tf.Tensor2D,
      ),
    }),
  );
  return run({
    x: tf.ones([ROWS, WIDTH]),
    w: tf.zeros([1, WIDTH]),
    a: tf.ones([1, WIDTH]),
    b: tf.ones([1, 1]),
    seed,
  }).y.dataSync() as Float32Array;
}

it("drops the share that it is told, scales the rest, and keeps the mean", () => {
  const kept = seen(0.3, dropoutSeed(0.3, 1, 0));
  const mean = kept.reduce((sum, value) => sum + value, 0) / ROWS;
  // 20,000 draws: the mean of a row's sum is 100 with a deviation of .46.
  expect(Math.abs(mean - WIDTH)).toBeLessThan(2);
  const counts = kept.map((value) => value * 0.7);
  for (const count of counts) expect(Math.abs(count - Math.round(count))).toBeLessThan(1e-3);
  expect(new Set(counts.map(Math.round)).size).toBeGreaterThan(5);
});

it("is decided by seed, step, part and module alone", () => {
  const of = (seed: number, step: number, part: number, path?: string) => Array.from(seen(0.5, dropoutSeed(0.5, seed, step, part), path));
  expect(of(1, 2, 3)).toEqual(of(1, 2, 3));
  for (const other of [of(2, 2, 3), of(1, 3, 3), of(1, 2, 4), of(1, 2, 3, "other")]) expect(other).not.toEqual(of(1, 2, 3));
});

it("is off without a rate and outside training", () => {
  expect(dropoutSeed(0, 1, 1)).toBeNull();
  expect(Array.from(seen(0.5, null))).toEqual(new Array(ROWS).fill(WIDTH));
});

it("finds targets by name, by path and all of them, and names one that is not there", () => {
  const model = createModel({ model_type: "gpt2", vocab_size: 10, n_embd: 8, n_layer: 2, n_head: 2 });
  const targets = (targetModules: "all-linear" | string[]) => loraTargets(model, targetModules);
  expect(targets("all-linear").length).toBe(8);
  expect(targets(["mlp.c_proj"])).toEqual(["transformer.h.0.mlp.c_proj", "transformer.h.1.mlp.c_proj"]);
  expect(targets(["c_proj"]).length).toBe(4);
  expect(() => targets(["q_proj"])).toThrow(/no linear layer "q_proj" \(it has c_attn, c_proj, c_fc\)/);
  expect(Object.keys(initAdapter(model, loraConfigSchema.parse({ targetModules: ["c_attn"] }), 1).params).length).toBe(4);
});
