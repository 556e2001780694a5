/** The native engine: TensorFlow's C library through @tensorflow/tfjs-node-gpu, with traced graphs. */
import { createRequire } from "node:module";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { type Engine, runEager } from "./engine";
import { encodeGraph } from "./graph-def";
import { registerTensorflowKernels } from "./tensorflow-kernels";
import { type NodeBackend, type OpAttribute, traceGraph } from "./trace";
import { flattenTree, rebuildTree, type TensorTree, treeSignature } from "./tree";

type LoadResult = { ok: true; engine: Engine } | { ok: false; reason: string };

/** Graphs kept at a time. A worker that meets ever new shapes forgets the one that it has not used for longest. */
const MAX_GRAPHS = 64;

/** A graph is an operation of its own in the library, under `name`. */
type Graph = { name: string; attributes: OpAttribute[]; outputs: number; structure: TensorTree };

/** XLA has no kernel for them. */
const NOT_IN_XLA = new Set(["InplaceUpdate"]);

/** Loads the library; a failure is returned as a reason, since WebAssembly can stand in. */
export async function loadTensorflow(): Promise<LoadResult> {
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
  const compat = util as { isNullOrUndefined?: (value: unknown) => boolean };
  compat.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  // A third less processor time for a training step, also where TensorFlow leaves it off (AMD).
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "1";
  // A GPU's memory as it is needed, float32 products in float32 as on every other device, and sums in the same order each
  // time, so that a resumed run is the uninterrupted one (seen on an H100, for no time).
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true";
  process.env.NVIDIA_TF32_OVERRIDE ??= "0";
  process.env.TF_DETERMINISTIC_OPS ??= "1";
  try {
    const node = createRequire(import.meta.url)("@tensorflow/tfjs-node-gpu") as { version: Record<string, string> };
    await tf.setBackend("tensorflow");
    await tf.ready();
    registerTensorflowKernels();
    const backend = tf.backend() as unknown as NodeBackend;
    if (backend.binding.addFunction === undefined)
      return { ok: false, reason: "its binding is an older one, which npm run setup-engine replaces" };
    return { ok: true, engine: createTensorflowEngine(backend, node.version) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

function createTensorflowEngine(backend: NodeBackend, version: Record<string, string>): Engine {
  let built = 0;
  /** Least recently used first. */
  const graphs = new Map<string, Graph>();

  const buildGraph = <A extends TensorTree, R extends TensorTree>(name: string, fn: (args: A) => R, args: A): Graph => {
    let structure: TensorTree = null;
    const graph = traceGraph(backend, flattenTree(args).tensors, () => {
      const result = runEager(fn, args);
      structure = result;
      return flattenTree(result).tensors;
    });
    // Three times as fast on a GPU, after half a minute or more of compiling for each new shape: a choice (docs/benchmarks.md).
    const fused = process.env.HONE_XLA === "1" && graph.nodes.every(({ op }) => !NOT_IN_XLA.has(op));
    const made = {
      name: `hone_${name.replace(/\W/g, "_")}_${built++}`,
      attributes: fused ? [{ name: "_XlaMustCompile", type: backend.binding.TF_ATTR_BOOL, value: true }] : [],
      outputs: graph.outputs.length,
      structure,
    };
    backend.binding.addFunction(made.name, encodeGraph(graph.nodes), graph.inputs.length, made.outputs);
    return made;
  };
  const forget = (key: string, { name }: Graph): void => {
    backend.binding.removeFunction(name);
    graphs.delete(key);
  };
  const remember = (key: string, graph: Graph): void => {
    graphs.delete(key);
    graphs.set(key, graph);
    const [oldest] = graphs;
    if (oldest && graphs.size > MAX_GRAPHS) forget(...oldest);
  };

  let compiled = 0;
  const device = backend.binding.isUsingGpuDevice() ? "cuda" : "cpu";
  return {
    name: "tensorflow",
    description: `TensorFlow ${backend.binding.TF_Version ?? ""}, tfjs-node ${version["tfjs-node"] ?? "?"} (native graphs, ${device === "cuda" ? "CUDA" : "CPU"})`,
    device,
    graphs: true,
    compile<A extends TensorTree, R extends TensorTree>(name: string, fn: (args: A) => R) {
      const number = compiled++;
      return (args: A): R => {
        const key = `${number} ${treeSignature(args)}`;
        const graph = graphs.get(key) ?? buildGraph(name, fn, args);
        remember(key, graph);
        const made = backend.binding.executeOp(
          graph.name,
          graph.attributes,
          backend.getInputTensorIds(flattenTree(args).tensors),
          graph.outputs,
        );
        return rebuildTree(
          graph.structure as R,
          made.map((output) => backend.createOutputTensor(output)),
        );
      };
    },
    dispose() {
      for (const [key, graph] of [...graphs]) forget(key, graph);
    },
  };
}
