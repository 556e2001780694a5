/**
 * bfloat16 inside TensorFlow's graphs: tfjs has no such type, so a kernel here is several operations whose inputs and
 * result are float32. On processors with AVX-512 BF16 or AMX, and on GPUs, the product itself runs in bfloat16 with sums
 * in float32.
 */
import * as tf from "@tensorflow/tfjs-core";
import { BF16_MATMUL, UNPACK_BF16 } from "./ops";
import type { NodeBackend } from "./trace";

/** TensorFlow's DataType number. */
const BFLOAT16 = 14;

/** Runs operations of one output each on native ids; frees all but the last one's. */
export function createChain({ binding }: NodeBackend) {
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean) => ({ name, type: binding.TF_ATTR_BOOL, value });
  const made: number[] = [];
  const run = (name: string, attributes: ReturnType<typeof type | typeof flag>[], inputs: number[]) => {
    const [output] = binding.executeOp(name, attributes, inputs, 1);
    if (!output) throw new Error(`${name} gave nothing`);
    made.push(output.id);
    return output;
  };
  return {
    type,
    flag,
    run,
    cast: (id: number, from: number, to: number) => run("Cast", [type("SrcT", from), type("DstT", to), flag("Truncate", false)], [id]),
    /** Ids below zero are of a trace and no native tensors. */
    freeAllBut: (last: number) => {
      for (const id of made) if (id !== last && id >= 0) binding.deleteTensor(id);
    },
  };
}

export function registerBf16Kernels(): void {
  tf.registerKernel({
    kernelName: BF16_MATMUL,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const node = backend as NodeBackend;
      const { TF_FLOAT: float } = node.binding;
      const { type, flag, run, cast, freeAllBut } = createChain(node);
      const [a, b] = node.getInputTensorIds([inputs.a as tf.Tensor, inputs.b as tf.Tensor]).map((id) => cast(id, float, BFLOAT16).id) as [
        number,
        number,
      ];
      const product = run(
        "BatchMatMulV2",
        [type("T", BFLOAT16), flag("adj_x", attrs?.transposeA === true), flag("adj_y", attrs?.transposeB === true)],
        [a, b],
      );
      const out = cast(product.id, BFLOAT16, float);
      freeAllBut(out.id);
      return node.createOutputTensor(out);
    },
  });
  tf.registerKernel({
    kernelName: UNPACK_BF16,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, backend }) => {
      const node = backend as NodeBackend;
      const { TF_FLOAT: float } = node.binding;
      const { type, run, cast, freeAllBut } = createChain(node);
      const words = inputs.words as tf.Tensor;
      const halves = run(
        "Bitcast",
        [type("T", node.getDTypeInteger(words.dtype)), type("type", BFLOAT16)],
        node.getInputTensorIds([words]),
      );
      const out = cast(halves.id, BFLOAT16, float);
      freeAllBut(out.id);
      return node.createOutputTensor(out);
    },
  });
}
