/**
 * Shapes and types of what TensorFlow's operations give, without running them: a step is traced in milliseconds and
 * in no memory, however large its tensors are. TensorFlow checks every shape again when the graph is loaded and run.
 * Source: the shape functions of tensorflow/core/ops.
 */

/** TensorFlow's DataType numbers. */
const BOOL = 10;
const BFLOAT16 = 14;

/** `values` where they are known while tracing: the constants that tell axes, sizes and permutations. */
export type AbstractTensor = { shape: number[]; dtype: number; values?: ArrayLike<number> };
export type Attributes = ReadonlyMap<string, unknown>;
type Rule = (inputs: AbstractTensor[], attributes: Attributes) => { shape: number[]; dtype: number }[];

const only = (shape: number[], dtype: number) => [{ shape, dtype }];

function at(inputs: AbstractTensor[], index: number): AbstractTensor {
  const input = inputs[index];
  if (!input) throw new RangeError(`there is no input ${index}`);
  return input;
}

/** The values of an input that has to be a constant. */
function valuesOf(inputs: AbstractTensor[], index: number): number[] {
  const { values } = at(inputs, index);
  if (!values) throw new TypeError(`input ${index} has to be a constant`);
  return Array.from(values);
}

const normalise = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** NumPy's broadcasting. */
function broadcast(...shapes: number[][]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    const size = sizes.find((known) => known !== 1) ?? 1;
    if (sizes.some((known) => known !== 1 && known !== size))
      throw new RangeError(`shapes ${shapes.map((shape) => `[${shape}]`).join(" and ")} do not fit`);
    return size;
  });
}

const unary: Rule = (inputs) => only(at(inputs, 0).shape, at(inputs, 0).dtype);
const binary: Rule = (inputs) => only(broadcast(at(inputs, 0).shape, at(inputs, 1).shape), at(inputs, 0).dtype);
const comparison: Rule = (inputs) => only(broadcast(at(inputs, 0).shape, at(inputs, 1).shape), BOOL);
const select: Rule = (inputs) => only(broadcast(...inputs.map(({ shape }) => shape)), at(inputs, 1).dtype);

const reduction: Rule = (inputs, attributes) => {
  const { shape, dtype } = at(inputs, 0);
  const axes = new Set(valuesOf(inputs, 1).map((axis) => normalise(axis, shape.length)));
  return only(attributes.get("keep_dims") ? shape.map((size, i) => (axes.has(i) ? 1 : size)) : shape.filter((_, i) => !axes.has(i)), dtype);
};

const argument: Rule = (inputs, attributes) => {
  const { shape } = at(inputs, 0);
  const axis = normalise(valuesOf(inputs, 1)[0] ?? 0, shape.length);
  return only(
    shape.filter((_, i) => i !== axis),
    Number(attributes.get("output_type")),
  );
};

const RULES: Record<string, Rule> = {
  ...Object.fromEntries(
    [
      "Abs",
      "Cos",
      "Cumsum",
      "Exp",
      "Floor",
      "Identity",
      "Log",
      "Log1p",
      "LogSoftmax",
      "LogicalNot",
      "Neg",
      "OnesLike",
      "Relu",
      "Rsqrt",
      "Sigmoid",
      "Sign",
      "Sin",
      "Softmax",
      "Softplus",
      "Sqrt",
      "Square",
      "Tanh",
      "ZerosLike",
    ].map((name) => [name, unary]),
  ),
  ...Object.fromEntries(
    ["Add", "AddV2", "FloorDiv", "LogicalAnd", "LogicalOr", "Maximum", "Minimum", "Mul", "Pow", "RealDiv", "SquaredDifference", "Sub"].map(
      (name) => [name, binary],
    ),
  ),
  ...Object.fromEntries(["Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual"].map((name) => [name, comparison])),
  ...Object.fromEntries(["All", "Any", "Max", "Mean", "Min", "Prod", "Sum"].map((name) => [name, reduction])),
  ArgMax: argument,
  ArgMin: argument,
  Select: select,
  SelectV2: select,
  BatchMatMulV2(inputs, attributes) {
    const [a, b] = [at(inputs, 0), at(inputs, 1)];
    const rows = a.shape.at(attributes.get("adj_x") ? -1 : -2) ?? 1;
    const columns = b.shape.at(attributes.get("adj_y") ? -2 : -1) ?? 1;
    return only([...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns], a.dtype);
  },
  /** Of int32 only: to two bfloat16 or four bytes each. */
  Bitcast: (inputs, attributes) =>
    only([...at(inputs, 0).shape, attributes.get("type") === BFLOAT16 ? 2 : 4], Number(attributes.get("type"))),
  BroadcastTo: (inputs) => only(valuesOf(inputs, 1), at(inputs, 0).dtype),
  Cast: (inputs, attributes) => only(at(inputs, 0).shape, Number(attributes.get("DstT"))),
  ConcatV2(inputs) {
    const parts = inputs.slice(0, -1);
    const first = at(parts, 0);
    const axis = normalise(valuesOf(inputs, inputs.length - 1)[0] ?? 0, first.shape.length);
    return only(
      first.shape.map((size, i) => (i === axis ? parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0) : size)),
      first.dtype,
    );
  },
  ExpandDims(inputs) {
    const { shape, dtype } = at(inputs, 0);
    const axis = normalise(valuesOf(inputs, 1)[0] ?? 0, shape.length + 1);
    return only([...shape.slice(0, axis), 1, ...shape.slice(axis)], dtype);
  },
  Fill: (inputs) => only(valuesOf(inputs, 0), at(inputs, 1).dtype),
  GatherV2(inputs, attributes) {
    const [params, indices] = [at(inputs, 0), at(inputs, 1)];
    const axis = normalise(valuesOf(inputs, 2)[0] ?? 0, params.shape.length);
    return only(
      [...params.shape.slice(0, axis), ...indices.shape.slice(Number(attributes.get("batch_dims") ?? 0)), ...params.shape.slice(axis + 1)],
      params.dtype,
    );
  },
  InplaceUpdate: unary,
  OneHot(inputs, attributes) {
    const { shape } = at(inputs, 0);
    const axis = Number(attributes.get("axis") ?? -1);
    const place = axis < 0 ? shape.length : axis;
    return only([...shape.slice(0, place), valuesOf(inputs, 1)[0] ?? 0, ...shape.slice(place)], at(inputs, 2).dtype);
  },
  PadV2(inputs) {
    const { shape, dtype } = at(inputs, 0);
    const paddings = valuesOf(inputs, 1);
    return only(
      shape.map((size, i) => size + (paddings[2 * i] ?? 0) + (paddings[2 * i + 1] ?? 0)),
      dtype,
    );
  },
  Range(inputs) {
    const [start = 0, limit = 0, step = 1] = [0, 1, 2].map((i) => valuesOf(inputs, i)[0]);
    return only([Math.max(0, Math.ceil((limit - start) / step))], at(inputs, 0).dtype);
  },
  Reshape(inputs) {
    const { shape, dtype } = at(inputs, 0);
    const wanted = valuesOf(inputs, 1);
    const size = shape.reduce((product, length) => product * length, 1);
    const known = wanted.reduce((product, length) => (length === -1 ? product : product * length), 1);
    return only(
      wanted.map((length) => (length === -1 ? size / known : length)),
      dtype,
    );
  },
  Slice(inputs) {
    const { shape, dtype } = at(inputs, 0);
    const [begin, size] = [valuesOf(inputs, 1), valuesOf(inputs, 2)];
    return only(
      shape.map((length, i) => (size[i] === -1 ? length - (begin[i] ?? 0) : (size[i] ?? 0))),
      dtype,
    );
  },
  SplitV(inputs) {
    const { shape, dtype } = at(inputs, 0);
    const axis = normalise(valuesOf(inputs, 2)[0] ?? 0, shape.length);
    return valuesOf(inputs, 1).map((size) => ({ shape: shape.map((length, i) => (i === axis ? size : length)), dtype }));
  },
  StatelessRandomUniform: (inputs, attributes) => only(valuesOf(inputs, 0), Number(attributes.get("dtype"))),
  Tile(inputs) {
    const { shape, dtype } = at(inputs, 0);
    const multiples = valuesOf(inputs, 1);
    return only(
      shape.map((size, i) => size * (multiples[i] ?? 1)),
      dtype,
    );
  },
  Transpose(inputs) {
    const { shape, dtype } = at(inputs, 0);
    return only(
      valuesOf(inputs, 1).map((i) => shape[i] ?? 0),
      dtype,
    );
  },
  UnsortedSegmentSum(inputs) {
    const [data, ids] = [at(inputs, 0), at(inputs, 1)];
    return only([valuesOf(inputs, 2)[0] ?? 0, ...data.shape.slice(ids.shape.length)], data.dtype);
  },
};

/**
 * Shape and type of each output of operation `name`.
 * @throws naming the operation where it has no rule here yet, or where its inputs do not fit.
 */
export function inferOutputs(name: string, inputs: AbstractTensor[], attributes: Attributes): { shape: number[]; dtype: number }[] {
  const rule = RULES[name];
  if (!rule) throw new Error(`trace: operation ${name} has no shape rule in trainer/engine/shapes.ts`);
  try {
    return rule(inputs, attributes);
  } catch (error) {
    throw new Error(
      `trace: ${name} of ${inputs.map(({ shape }) => `[${shape}]`).join(", ")}: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}
