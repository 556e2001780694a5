/**
 * Records one eager run of a function on tfjs-node, operation by operation, as a TensorFlow graph.
 *
 * The recorder stands in front of the native binding: tensors of the argument become placeholders, those
 * that JavaScript makes on the way become constants, every executed operation becomes a node. A function
 * that reads a tensor's values while it runs, or uses a tensor that it was not given, cannot be traced and
 * is refused, since its graph would silently repeat today's values.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { Attribute, ConstTensor, GraphNode, TensorEnd } from "./saved-model";

type OutputMetadata = { id: number; shape: number[]; dtype: number };
type OpAttribute = { name: string; type: number; value: unknown };

/** What is used of tfjs-node's native binding. */
export type Binding = {
  createTensor(shape: number[], dtype: number, values: ArrayLike<number> | ArrayBufferView): number;
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): OutputMetadata[];
  tensorDataSync(id: number): ArrayBufferView;
  deleteTensor(id: number): void;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  TF_ATTR_BOOL: number;
  TF_ATTR_INT: number;
  TF_ATTR_FLOAT: number;
  TF_ATTR_TYPE: number;
  TF_ATTR_STRING: number;
  TF_ATTR_SHAPE: number;
  TF_FLOAT: number;
  TF_BOOL: number;
  TF_INT32: number;
  TF_Version?: string;
};

export type NodeBackend = {
  binding: Binding;
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  /** Registers values under a new id; the native tensor is made when it is first used. */
  move(dataId: object, values: unknown, shape: number[], dtype: string, refCount: number): void;
  tensorMap: { get(dataId: object): { values: unknown } };
  getDTypeInteger(dtype: string): number;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  runSavedModel(id: number, inputs: tf.Tensor[], inputInfos: { name: string }[], outputNames: string[]): tf.Tensor[];
};

export type TracedGraph = { nodes: GraphNode[]; inputs: TensorEnd[]; outputs: TensorEnd[] };

type RecordedOp = { name: string; attributes: OpAttribute[]; inputs: number[]; outputs: number[] };

function toBytes(binding: Binding, dtype: number, values: ArrayLike<number> | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(values)) return new Uint8Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength));
  const typed =
    dtype === binding.TF_FLOAT ? Float32Array.from(values) : dtype === binding.TF_BOOL ? Uint8Array.from(values) : Int32Array.from(values);
  return new Uint8Array(typed.buffer);
}

function toAttribute(binding: Binding, op: string, { name, type, value }: OpAttribute): Attribute {
  switch (type) {
    case binding.TF_ATTR_BOOL:
      return { bool: Boolean(value) };
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? { ints: value as number[] } : { int: value as number };
    case binding.TF_ATTR_FLOAT:
      return { float: value as number };
    case binding.TF_ATTR_TYPE:
      return Array.isArray(value) ? { types: value as number[] } : { type: value as number };
    case binding.TF_ATTR_STRING:
      return { string: value as string };
    case binding.TF_ATTR_SHAPE:
      return { shape: value as number[] };
    default:
      throw new Error(`trace: attribute ${name} of ${op} has an unknown type (${type})`);
  }
}

/**
 * Runs `fn` once on `inputs` and returns its graph; the result of that run is `outputs`, which the caller
 * frees. Input nodes are named a0, a1, ... and output nodes o0, o1, ... in order.
 */
export function traceGraph(
  backend: NodeBackend,
  inputs: tf.Tensor[],
  fn: () => tf.Tensor[],
): { graph: TracedGraph; outputs: tf.Tensor[] } {
  const binding = backend.binding;
  const inputIds = backend.getInputTensorIds(inputs);
  const known = new Set(inputIds);
  const constants = new Map<number, ConstTensor>();
  const ops: RecordedOp[] = [];
  const dtypes = new Map<number, number>(inputs.map((tensor, i) => [inputIds[i] as number, backend.getDTypeInteger(tensor.dtype)]));

  const createTensor: Binding["createTensor"] = (shape, dtype, values) => {
    const id = binding.createTensor(shape, dtype, values);
    constants.set(id, { shape: [...shape], dtype, bytes: toBytes(binding, dtype, values) });
    dtypes.set(id, dtype);
    known.add(id);
    return id;
  };
  const executeOp: Binding["executeOp"] = (name, attributes, ids, count) => {
    const foreign = ids.find((id) => !known.has(id));
    if (foreign !== undefined) throw new Error(`trace: ${name} uses a tensor that is not part of the argument`);
    const outputs = binding.executeOp(name, attributes, ids, count);
    for (const output of outputs) {
      known.add(output.id);
      dtypes.set(output.id, output.dtype);
    }
    // The one kernel that leaves its type to be inferred, which a graph does not do.
    if (name === "ExpandDims") attributes = [{ name: "T", type: binding.TF_ATTR_TYPE, value: dtypes.get(ids[0] as number) }];
    ops.push({ name, attributes, inputs: [...ids], outputs: outputs.map((output) => output.id) });
    return outputs;
  };
  const tensorDataSync: Binding["tensorDataSync"] = (id) => {
    if (known.has(id) && !constants.has(id)) throw new Error("trace: the values of a traced tensor were read");
    return binding.tensorDataSync(id);
  };
  // The binding's own properties cannot be redefined: an empty object stands in and passes the rest through.
  const recorder = { createTensor, executeOp, tensorDataSync } as Partial<Binding>;
  backend.binding = new Proxy({} as Binding, {
    get(_, property) {
      const key = property as keyof Binding;
      const recorded = recorder[key];
      if (recorded) return recorded;
      const value = binding[key];
      return typeof value === "function" ? value.bind(binding) : value;
    },
  });
  // A tensor from outside whose values were not sent yet would look like a constant made here.
  const made = new Set<object>();
  const { move, getInputTensorIds } = backend;
  backend.move = (dataId, ...rest) => {
    made.add(dataId);
    move.call(backend, dataId, ...rest);
  };
  backend.getInputTensorIds = (tensors) => {
    for (const { dataId } of tensors) {
      if (dataId && !made.has(dataId) && backend.tensorMap.get(dataId).values != null) throw new Error("trace: a tensor is used that is not part of the argument");
    }
    return getInputTensorIds.call(backend, tensors);
  };
  let outputs: tf.Tensor[];
  let outputIds: number[];
  try {
    outputs = fn();
    outputIds = backend.getInputTensorIds(outputs);
  } finally {
    Object.assign(backend, { binding, move, getInputTensorIds });
  }

  const nodes: GraphNode[] = [];
  const sources = new Map<number, string>();
  const inputEnds = inputs.map((tensor, i): TensorEnd => {
    const end = { name: `a${i}`, dtype: backend.getDTypeInteger(tensor.dtype), shape: tensor.shape };
    sources.set(inputIds[i] as number, end.name);
    nodes.push({ name: end.name, op: "Placeholder", inputs: [], attributes: { dtype: { type: end.dtype }, shape: { shape: end.shape } } });
    return end;
  });
  const sharedConstants = new Map<string, string>();
  const sourceOf = (id: number): string => {
    const source = sources.get(id);
    if (source) return source;
    const constant = constants.get(id);
    if (!constant) throw new Error("trace: a result is neither an input, a constant nor computed");
    const key = `${constant.dtype}|${constant.shape.join(",")}|${Buffer.from(constant.bytes).toString("base64")}`;
    let name = sharedConstants.get(key);
    if (!name) {
      name = `c${sharedConstants.size}`;
      sharedConstants.set(key, name);
      nodes.push({ name, op: "Const", inputs: [], attributes: { dtype: { type: constant.dtype }, value: { tensor: constant } } });
    }
    sources.set(id, name);
    return name;
  };
  ops.forEach((op, i) => {
    const name = `n${i}`;
    const attributes = Object.fromEntries(op.attributes.map((a) => [a.name, toAttribute(binding, op.name, a)]));
    nodes.push({ name, op: op.name, inputs: op.inputs.map(sourceOf), attributes });
    op.outputs.forEach((id, k) => {
      sources.set(id, k === 0 ? name : `${name}:${k}`);
    });
  });
  const outputEnds = outputs.map((tensor, i): TensorEnd => {
    const end = { name: `o${i}`, dtype: backend.getDTypeInteger(tensor.dtype), shape: tensor.shape };
    nodes.push({ name: end.name, op: "Identity", inputs: [sourceOf(outputIds[i] as number)], attributes: { T: { type: end.dtype } } });
    return end;
  });
  return { graph: { nodes, inputs: inputEnds, outputs: outputEnds }, outputs };
}
