/**
 * Records one run of a function on tfjs-node, operation by operation, as a TensorFlow graph. Nothing is computed:
 * the recorder stands in front of the native binding and answers with shapes only (shapes.ts).
 *
 * Tensors of the argument become placeholders, those that JavaScript makes on the way become constants, every
 * operation becomes a node. A function that reads a tensor's values while it runs, or uses a tensor that it was not
 * given, cannot be traced and is refused, since its graph would silently repeat today's values.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Attribute, ConstTensor, GraphNode, TensorEnd } from "./graph-def";
import { type AbstractTensor, inferOutputs } from "./shapes";

type OutputMetadata = { id: number; shape: number[]; dtype: number };
export type OpAttribute = { name: string; type: number; value: unknown };

/** What is used of tfjs-node's native binding. */
export type Binding = {
  createTensor(shape: number[], dtype: number, values: ArrayLike<number> | ArrayBufferView): number;
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): OutputMetadata[];
  tensorDataSync(id: number): ArrayBufferView;
  deleteTensor(id: number): void;
  /** Nodes a0, a1, ... become the arguments and o0, o1, ... the results of an operation `name` (native/binding.cc). */
  addFunction(name: string, graphDef: Uint8Array, inputs: number, outputs: number): void;
  removeFunction(name: string): void;
  /** Only while a graph is traced: the next operation waits for tensor `id`. */
  dependNext?(id: number): void;
  isUsingGpuDevice(): boolean;
  TF_ATTR_BOOL: number;
  TF_ATTR_INT: number;
  TF_ATTR_FLOAT: number;
  TF_ATTR_TYPE: number;
  TF_ATTR_STRING: number;
  TF_ATTR_SHAPE: number;
  TF_FLOAT: number;
  TF_BOOL: number;
  TF_INT32: number;
  TF_UINT8: number;
  TF_Version?: string;
};

export type NodeBackend = {
  binding: Binding;
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  /** Registers values under a new id; the native tensor is made when it is first used. */
  move(dataId: object, values: unknown, shape: number[], dtype: string, refCount: number): void;
  tensorMap: { get(dataId: object): { values: unknown } };
  getDTypeInteger(dtype: string): number;
  createOutputTensor(metadata: OutputMetadata): tf.Tensor;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
};

export type TracedGraph = { nodes: GraphNode[]; inputs: TensorEnd[]; outputs: TensorEnd[] };

type RecordedOp = { name: string; attributes: OpAttribute[]; inputs: number[]; outputs: number[]; waitsFor: number[] };

type TypedValues = Float32Array | Int32Array | Uint8Array;

/** A copy: the caller may change what it gave. */
function toTyped(binding: Binding, dtype: number, values: ArrayLike<number> | ArrayBufferView): TypedValues {
  const numbers = values as ArrayLike<number>;
  return dtype === binding.TF_FLOAT
    ? Float32Array.from(numbers)
    : dtype === binding.TF_BOOL
      ? Uint8Array.from(numbers)
      : Int32Array.from(numbers);
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
 * The graph of `fn` on `inputs`. Input nodes are named a0, a1, ... and output nodes o0, o1, ... in order. The tensors
 * that `fn` returns have no values and are freed here.
 */
export function traceGraph(backend: NodeBackend, inputs: tf.Tensor[], fn: () => tf.Tensor[]): TracedGraph {
  const binding = backend.binding;
  const inputIds = backend.getInputTensorIds(inputs);
  const constants = new Map<number, TypedValues>();
  const ops: RecordedOp[] = [];
  const known = new Map<number, AbstractTensor>(
    inputs.map(({ shape, dtype }, i) => [inputIds[i] as number, { shape, dtype: backend.getDTypeInteger(dtype) }]),
  );
  let waitsFor: number[] = [];
  // Ids below zero are no native tensors: the backend never asks to delete them. -1 is its own mark.
  let nextId = -2;

  const createTensor: Binding["createTensor"] = (shape, dtype, values) => {
    const id = nextId--;
    const typed = toTyped(binding, dtype, values);
    constants.set(id, typed);
    known.set(id, { shape: [...shape], dtype, values: typed });
    return id;
  };
  const executeOp: Binding["executeOp"] = (name, given, ids) => {
    const abstract = ids.map((id) => {
      const tensor = known.get(id);
      if (!tensor) throw new Error(`trace: ${name} uses a tensor that is not part of the argument`);
      return tensor;
    });
    const outputs = inferOutputs(name, abstract, new Map(given.map((attribute) => [attribute.name, attribute.value]))).map(
      (output): OutputMetadata => {
        const id = nextId--;
        known.set(id, output);
        return { id, ...output };
      },
    );
    // The one kernel that leaves its type to be inferred, which a graph does not do.
    const attributes = name === "ExpandDims" ? [{ name: "T", type: binding.TF_ATTR_TYPE, value: abstract[0]?.dtype }] : given;
    ops.push({ name, attributes, inputs: [...ids], outputs: outputs.map(({ id }) => id), waitsFor });
    waitsFor = [];
    return outputs;
  };
  const tensorDataSync: Binding["tensorDataSync"] = (id) => {
    const constant = constants.get(id);
    if (constant) return constant;
    if (known.has(id)) throw new Error("trace: the values of a traced tensor were read");
    return binding.tensorDataSync(id);
  };
  // The binding's own properties cannot be redefined: an empty object stands in and passes the rest through.
  const dependNext = (id: number): void => {
    waitsFor.push(id);
  };
  const recorder = { createTensor, executeOp, tensorDataSync, dependNext } as Partial<Binding>;
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
      if (dataId && !made.has(dataId) && backend.tensorMap.get(dataId).values != null)
        throw new Error("trace: a tensor is used that is not part of the argument");
    }
    return getInputTensorIds.call(backend, tensors);
  };
  let outputIds: number[];
  let outputEnds: TensorEnd[];
  try {
    const outputs = fn();
    outputIds = backend.getInputTensorIds(outputs);
    outputEnds = outputs.map((tensor, i) => ({ name: `o${i}`, dtype: backend.getDTypeInteger(tensor.dtype), shape: tensor.shape }));
    tf.dispose(outputs);
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
    const values = constants.get(id);
    const tensor = known.get(id);
    if (!values || !tensor) throw new Error("trace: a result is neither an input, a constant nor computed");
    const constant: ConstTensor = { shape: tensor.shape, dtype: tensor.dtype, bytes: new Uint8Array(values.buffer) };
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
    // "^n5" is a control input: the node waits for n5 and takes nothing from it.
    const controls = op.waitsFor.map((id) => `^${sourceOf(id).split(":")[0]}`);
    nodes.push({ name, op: op.name, inputs: [...op.inputs.map(sourceOf), ...controls], attributes });
    op.outputs.forEach((id, k) => {
      sources.set(id, k === 0 ? name : `${name}:${k}`);
    });
  });
  outputEnds.forEach(({ name, dtype }, i) => {
    nodes.push({ name, op: "Identity", inputs: [sourceOf(outputIds[i] as number)], attributes: { T: { type: dtype } } });
  });
  return { nodes, inputs: inputEnds, outputs: outputEnds };
}
