/** The native engine: TensorFlow's C library through @tensorflow/tfjs-node-gpu, with traced graphs. */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { type Engine, runEager } from "./engine";
import { writeSavedModel } from "./saved-model";
import { registerTensorflowKernels } from "./tensorflow-kernels";
import { type NodeBackend, traceGraph } from "./trace";
import { flattenTree, rebuildTree, type TensorTree, treeSignature } from "./tree";

type LoadResult = { ok: true; engine: Engine } | { ok: false; reason: string };

/** Graphs kept at a time. A worker that meets ever new shapes forgets the one that it has not used for longest. */
const MAX_GRAPHS = 64;

type Graph = { id: number; inputInfos: { name: string }[]; outputNames: string[]; structure: TensorTree };

/** Loads the library; a failure is returned as a reason, since WebAssembly can stand in. */
export async function loadTensorflow(): Promise<LoadResult> {
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
  const compat = util as { isNullOrUndefined?: (value: unknown) => boolean };
  compat.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  // A third less processor time for a training step, also where TensorFlow leaves it off (AMD).
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "1";
  try {
    const node = createRequire(import.meta.url)("@tensorflow/tfjs-node-gpu") as { version: Record<string, string> };
    await tf.setBackend("tensorflow");
    await tf.ready();
    registerTensorflowKernels();
    return { ok: true, engine: createTensorflowEngine(tf.backend() as unknown as NodeBackend, node.version) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

function createTensorflowEngine(backend: NodeBackend, version: Record<string, string>): Engine {
  /** Least recently used first. */
  const graphs = new Map<string, Graph>();

  const buildGraph = <A extends TensorTree, R extends TensorTree>(name: string, fn: (args: A) => R, args: A): Graph => {
    let structure: TensorTree = null;
    const graph = traceGraph(backend, flattenTree(args).tensors, () => {
      const result = runEager(fn, args);
      structure = result;
      return flattenTree(result).tensors;
    });
    const folder = mkdtempSync(path.join(os.tmpdir(), `hone-${name}-`));
    try {
      writeSavedModel(folder, graph);
      const id = backend.binding.loadSavedModel(folder, "serve");
      return { id, inputInfos: graph.inputs.map(({ name }) => ({ name })), outputNames: graph.outputs.map(({ name }) => name), structure };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const forget = (key: string, { id }: Graph): void => {
    backend.binding.deleteSavedModel(id);
    graphs.delete(key);
  };
  const remember = (key: string, graph: Graph): void => {
    graphs.delete(key);
    graphs.set(key, graph);
    const [oldest] = graphs;
    if (oldest && graphs.size > MAX_GRAPHS) forget(...oldest);
  };

  let compiled = 0;
  return {
    name: "tensorflow",
    description: `TensorFlow ${backend.binding.TF_Version ?? ""}, tfjs-node ${version["tfjs-node"] ?? "?"} (native graphs)`,
    graphs: true,
    compile<A extends TensorTree, R extends TensorTree>(name: string, fn: (args: A) => R) {
      const number = compiled++;
      return (args: A): R => {
        const key = `${number} ${treeSignature(args)}`;
        const graph = graphs.get(key) ?? buildGraph(name, fn, args);
        remember(key, graph);
        const made = backend.runSavedModel(graph.id, flattenTree(args).tensors, graph.inputInfos, graph.outputNames);
        return rebuildTree(graph.structure as R, made);
      };
    },
    dispose() {
      for (const [key, graph] of [...graphs]) forget(key, graph);
    },
  };
}
