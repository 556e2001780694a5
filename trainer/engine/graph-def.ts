/** Graphs made in JavaScript in TensorFlow's own form, with the protobuf classes that ship inside the tfjs-node package. */
import { createRequire } from "node:module";

/** TensorFlow's DataType numbers. */
export type DataType = number;

export type ConstTensor = { dtype: DataType; shape: number[]; bytes: Uint8Array };

export type Attribute =
  | { type: DataType }
  | { types: DataType[] }
  | { bool: boolean }
  | { int: number }
  | { ints: number[] }
  | { float: number }
  | { string: string }
  | { shape: number[] }
  | { tensor: ConstTensor };

export type GraphNode = { name: string; op: string; inputs: string[]; attributes: Record<string, Attribute> };

export type TensorEnd = { name: string; dtype: DataType; shape: number[] };

/** The parts of google-protobuf's generated classes that are used here; the package ships no types for them. */
type Message = Record<string, (...args: never[]) => unknown> & { serializeBinary(): Uint8Array };
type Proto = Record<string, new () => Message> & {
  AttrValue: { ListValue: new () => Message };
  TensorShape: { Dim: new () => Message };
};

const require = createRequire(import.meta.url);
let proto: Proto | undefined;

function make(path: string, fields: Record<string, unknown>): Message {
  proto ??= require("@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js") as Proto;
  let Class: unknown = proto;
  for (const part of path.split(".")) Class = (Class as Record<string, unknown>)[part];
  const message = new (Class as new () => Message)();
  for (const [field, value] of Object.entries(fields)) {
    const set = message[`set${field}`] as ((value: unknown) => unknown) | undefined;
    if (!set) throw new TypeError(`${path} has no field ${field}`);
    set.call(message, value);
  }
  return message;
}

function putAll(message: Message, map: string, entries: Iterable<[string, Message]>): Message {
  const target = (message[`get${map}Map`] as unknown as () => Map<string, Message>).call(message);
  for (const [key, value] of entries) target.set(key, value);
  return message;
}

const shapeMessage = (shape: number[]) => make("TensorShape", { DimList: shape.map((size) => make("TensorShape.Dim", { Size: size })) });

const tensorMessage = (tensor: ConstTensor) =>
  make("Tensor", { Dtype: tensor.dtype, TensorShape: shapeMessage(tensor.shape), TensorContent: tensor.bytes });

function attributeMessage(attribute: Attribute): Message {
  if ("type" in attribute) return make("AttrValue", { Type: attribute.type });
  if ("bool" in attribute) return make("AttrValue", { B: attribute.bool });
  if ("int" in attribute) return make("AttrValue", { I: attribute.int });
  if ("float" in attribute) return make("AttrValue", { F: attribute.float });
  if ("string" in attribute) return make("AttrValue", { S: Buffer.from(attribute.string).toString("base64") });
  if ("shape" in attribute) return make("AttrValue", { Shape: shapeMessage(attribute.shape) });
  if ("tensor" in attribute) return make("AttrValue", { Tensor: tensorMessage(attribute.tensor) });
  if ("types" in attribute) return make("AttrValue", { List: make("AttrValue.ListValue", { TypeList: attribute.types }) });
  if ("ints" in attribute) return make("AttrValue", { List: make("AttrValue.ListValue", { IList: attribute.ints }) });
  return attribute satisfies never;
}

const nodeMessage = (node: GraphNode) =>
  putAll(
    make("NodeDef", { Name: node.name, Op: node.op, InputList: node.inputs }),
    "Attr",
    Object.entries(node.attributes).map(([key, value]) => [key, attributeMessage(value)]),
  );

/** GraphDef version of TensorFlow 2.21; ops take their newest meaning. */
const GRAPH_PRODUCER = 2000;

/** The bytes of a GraphDef, which the native library imports. */
export function encodeGraph(nodes: readonly GraphNode[]): Uint8Array {
  return make("GraphDef", {
    Versions: make("VersionDef", { Producer: GRAPH_PRODUCER }),
    NodeList: nodes.map(nodeMessage),
  }).serializeBinary();
}
