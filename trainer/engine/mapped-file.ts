/**
 * Values of a file as tensors without a way through JavaScript: the native library maps the file into memory, and copies or
 * widens from there. Of a model in bfloat16 that is one pass over its weights instead of three.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { NodeBackend } from "./trace";

/** TensorFlow's DataType numbers. */
const DATA_TYPES = { F32: 1, BF16: 14, F16: 19 } as const;
const BYTES = { F32: 4, BF16: 2, F16: 2 } as const;

/** Where values lie in a file: `start` in bytes. */
export type FilePlace = { dtype: keyof typeof DATA_TYPES; shape: number[]; start: number };

export type MappedFile = {
  /** The values as float32, a copy of its own: the file may change afterwards. Null where they do not begin at a multiple of their size. */
  read(place: FilePlace): tf.Tensor | null;
  close(): void;
};

/** Null where the engine is not the native one. `size` is that of the file, in bytes. */
export function mapFile(file: string, size: number): MappedFile | null {
  if (tf.getBackend() !== "tensorflow") return null;
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const execute = (name: string, attributes: { name: string; type: number; value: unknown }[], inputs: number[]) =>
    binding.executeOp(name, attributes, inputs, 1)[0] as { id: number; shape: number[]; dtype: number };
  const typeAttribute = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  /** The whole file as values of one type. */
  const regions = new Map<keyof typeof DATA_TYPES, number>();
  const regionOf = (dtype: keyof typeof DATA_TYPES): number => {
    const region =
      regions.get(dtype) ??
      execute(
        "ImmutableConst",
        [
          typeAttribute("dtype", DATA_TYPES[dtype]),
          { name: "shape", type: binding.TF_ATTR_SHAPE, value: [Math.floor(size / BYTES[dtype])] },
          { name: "memory_region_name", type: binding.TF_ATTR_STRING, value: file },
        ],
        [],
      ).id;
    regions.set(dtype, region);
    return region;
  };
  return {
    read({ dtype, shape, start }) {
      const count = shape.reduce((product, length) => product * length, 1);
      const first = start / BYTES[dtype];
      if (!Number.isInteger(first) || first + count >= 2 ** 31) return null;
      const type = DATA_TYPES[dtype];
      const begin = binding.createTensor([1], binding.TF_INT32, Int32Array.of(first));
      const length = binding.createTensor([1], binding.TF_INT32, Int32Array.of(count));
      const slice = execute(
        "Slice",
        [typeAttribute("T", type), typeAttribute("Index", binding.TF_INT32)],
        [regionOf(dtype), begin, length],
      );
      // A slice may be the file's own memory, which must not be what the model computes with.
      const own =
        dtype === "F32"
          ? execute("DeepCopy", [typeAttribute("T", type)], [slice.id])
          : execute(
              "Cast",
              [
                typeAttribute("SrcT", type),
                typeAttribute("DstT", binding.TF_FLOAT),
                { name: "Truncate", type: binding.TF_ATTR_BOOL, value: false },
              ],
              [slice.id],
            );
      for (const id of [begin, length, slice.id]) binding.deleteTensor(id);
      const values = backend.createOutputTensor(own);
      const tensor = tf.reshape(values, shape);
      values.dispose();
      return tensor;
    },
    close() {
      for (const id of regions.values()) binding.deleteTensor(id);
    },
  };
}
