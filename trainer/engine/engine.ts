/**
 * The one interface in front of the backends. Model and algorithm code is plain tfjs functions over trees
 * of tensors; `compile` turns such a function into whatever runs it fastest: a native TensorFlow graph
 * traced once for each signature of shapes, or the function itself, eagerly.
 *
 * A compiled function must be pure: everything it reads comes in through its argument, everything it makes
 * goes out through its result; no value of a tensor may decide the course of the JavaScript, and random
 * numbers and schedules come in as tensors.
 */
import * as tf from "@tensorflow/tfjs-core";
import { rebuildTree, flattenTree, type TensorTree } from "./tree";

export type EngineName = "tensorflow" | "webgpu" | "wasm";

export type Engine = {
  name: EngineName;
  /** For people: library, version, device. */
  description: string;
  device: "cpu" | "cuda" | "webgpu";
  /** Whether `compile` makes native graphs. */
  graphs: boolean;
  /**
   * A function with the same result as `fn`. The caller owns the tensors of the result and keeps those of
   * the argument; nothing else stays allocated.
   */
  compile<A extends TensorTree, R extends TensorTree>(name: string, fn: (args: A) => R): (args: A) => R;
  /** Frees the graphs made so far. */
  dispose(): void;
};

export type EnginePreference = "auto" | EngineName;

let loaded: Promise<Engine> | undefined;

/**
 * Loads the backend once for this process. "auto" takes TensorFlow's native library where it loads, then WebGPU on a real
 * card, and WebAssembly otherwise; naming one makes its absence an error that says why.
 */
export function loadEngine({ prefer = "auto" }: { prefer?: EnginePreference } = {}): Promise<Engine> {
  loaded ??= (async () => {
    if (prefer === "auto" || prefer === "tensorflow") {
      const { loadTensorflow } = await import("./tensorflow");
      const result = await loadTensorflow();
      if (result.ok) return result.engine;
      if (prefer === "tensorflow") throw new Error(`The TensorFlow engine does not load: ${result.reason}`);
    }
    if (prefer === "auto" || prefer === "webgpu") {
      const { loadWebgpu } = await import("./webgpu");
      const result = await loadWebgpu({ software: prefer === "webgpu" });
      if (result.ok) return result.engine;
      if (prefer === "webgpu") throw new Error(`The WebGPU engine does not load: ${result.reason}`);
    }
    const { loadWasm } = await import("./wasm");
    return loadWasm();
  })();
  return loaded;
}

/** Runs `fn` eagerly with the ownership rules of `compile`: shared by every backend without graphs. */
export function runEager<A extends TensorTree, R extends TensorTree>(fn: (args: A) => R, args: A): R {
  const given = new Set(flattenTree(args).tensors);
  let structure: R | undefined;
  const kept = tf.tidy(() => {
    structure = fn(args);
    return flattenTree(structure).tensors.map((tensor) => (given.has(tensor) ? tf.clone(tensor) : tensor));
  });
  return rebuildTree(structure as R, kept);
}
