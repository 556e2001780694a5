/** What `compile` promises: the eager result, one graph a shape, no tensor left over, impure functions refused. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type Engine, loadEngine, runEager } from "../../../../trainer/engine/engine";

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

const step = ({ w, x }: { w: tf.Tensor; x: tf.Tensor }) => {
  const { value, grad } = tf.valueAndGrad((v: tf.Tensor) => tf.mean(tf.square(tf.matMul(x as tf.Tensor2D, v as tf.Tensor2D))) as tf.Scalar)(
    w,
  );
  return { loss: value as tf.Tensor, next: { w: tf.sub(w, tf.mul(grad, 0.1)) } };
};

describe("compile", () => {
  it("gives the eager result for every shape, without leaks", () => {
    const compiled = engine.compile("step", step);
    for (const rows of [2, 3, 2]) {
      const args = {
        w: tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
        x: tf.ones([rows, 2]),
      };
      const eager = runEager(step, args);
      compiled(args); // makes the graph
      const before = tf.memory().numTensors;
      const result = compiled(args);
      expect(Array.from(result.next.w.dataSync())).toEqual(Array.from(eager.next.w.dataSync()));
      expect(result.loss.dataSync()[0]).toBe(eager.loss.dataSync()[0]);
      tf.dispose([result.loss, result.next.w]);
      expect(tf.memory().numTensors).toBe(before);
    }
  });
  it("passes an argument through", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const result = engine.compile("same", ({ x }: { x: tf.Tensor }) => ({ x }))({ x });
    x.dispose();
    expect(Array.from(result.x.dataSync())).toEqual([1, 2, 3]);
  });
  it("refuses a function that reads values, or uses a tensor it was not given", (context) => {
    if (!engine.graphs) return context.skip("the engine does not trace");
    const x = tf.tensor1d([1, 2]);
    const outside = tf.tensor1d([3, 4]);
    expect(() => engine.compile("read", ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, tf.add(x, 1).dataSync()[0] ?? 0) }))({ x })).toThrow(
      /values of a traced tensor were read/,
    );
    expect(() => engine.compile("outside", ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, outside) }))({ x })).toThrow(
      /not part of the argument/,
    );
  });
});
