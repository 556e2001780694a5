/**
 * Gradient checkpointing: a layer keeps its input alone, and is computed again where its gradient is needed. Memory for
 * the states inside the layers shrinks to that of one layer; a step costs about one forward pass more.
 * Source: Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"; one segment a layer.
 *
 * In a graph the second computation begins with the input "after" the layer's gradient: else TensorFlow would find it
 * equal to the first one and keep that, or run it at once.
 */
import * as tf from "@tensorflow/tfjs-core";
import { after } from "../engine/ops";
import type { Weights } from "./model";

/** Gradients of `fn` at `xs` for a given `dy`, 0 of what it does not use; also while another gradient is computed. */
function pullBack(fn: (...xs: tf.Tensor[]) => tf.Tensor, xs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  // tfjs ends its one tape with the inner gradient, and would miss it in the outer one.
  const tape = state.activeTape;
  try {
    const { grads } = tf.engine().gradients(() => fn(...xs), xs, dy, true);
    return xs.map((x, i) => grads[i] ?? tf.zerosLike(x));
  } finally {
    state.activeTape = tape;
  }
}

/**
 * `layer(weights, inputs, constants)`, computed again for its gradient where `weights.recompute` says so. Its trained
 * parameters have names that begin with `path`; these and `inputs` are float32. Every other tensor that was made for the
 * step and that the layer reads is one of `constants`: tfjs frees what no operation has saved.
 */
export function recomputed<T extends tf.Tensor>(
  weights: Weights,
  path: string,
  { inputs, constants }: { inputs: tf.Tensor[]; constants: tf.Tensor[] },
  layer: (weights: Weights, inputs: tf.Tensor[], constants: tf.Tensor[]) => T,
): T {
  if (!weights.recompute) return layer(weights, inputs, constants);
  const { base, adapter } = weights;
  const trained = adapter?.params ?? base;
  const names = Object.keys(trained).filter((name) => name.startsWith(`${path}.`));
  const [firstName, firstConstant] = [inputs.length, inputs.length + names.length];
  const run = (differentiable: tf.Tensor[], given: tf.Tensor[]): T => {
    const own = { ...trained, ...Object.fromEntries(names.map((name, i) => [name, differentiable[firstName + i] as tf.Tensor])) };
    return layer(
      { ...weights, ...(adapter ? { adapter: { ...adapter, params: own } } : { base: own }) },
      differentiable.slice(0, firstName),
      given,
    );
  };
  const op = tf.customGrad((...args) => {
    const given = args.slice(0, -1) as unknown as tf.Tensor[];
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save(given);
    return {
      value: run(given.slice(0, firstConstant), given.slice(firstConstant)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const kept = saved.slice(firstConstant);
        const again = saved.slice(0, firstConstant).map((tensor, i) => (i < firstName ? after(tensor, dy) : tensor));
        return [...pullBack((...xs) => run(xs, kept), again, dy), ...kept.map((constant) => tf.zerosLike(constant))];
      },
    };
  });
  return op(...inputs, ...names.map((name) => trained[name] as tf.Tensor), ...constants) as T;
}
