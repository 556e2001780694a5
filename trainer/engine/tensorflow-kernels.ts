/** Kernels that the native engine needs beside tfjs-node's own. */
import * as tf from "@tensorflow/tfjs-core";
import { createChain, registerBf16Kernels } from "./bf16-kernels";
import { AFTER, PACK_BYTES, SEEDED_UNIFORM, UNPACK_BYTES, WRITE_ROWS } from "./ops";
import type { NodeBackend } from "./trace";

const typeAttribute = (node: NodeBackend, name: string, value: number) => ({ name, type: node.binding.TF_ATTR_TYPE, value });

/**
 * tfjs-node's Gather reads the indices back to check their range, which costs a copy and cannot be traced;
 * TensorFlow's own kernel checks them anyway.
 */
function replaceGather(): void {
  tf.unregisterKernel("GatherV2", "tensorflow");
  tf.registerKernel({
    kernelName: "GatherV2",
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const node = backend as NodeBackend;
      const { x, indices } = inputs as { x: tf.Tensor; indices: tf.Tensor };
      const axis = tf.scalar((attrs?.axis as number | undefined) ?? 0, "int32");
      const attributes = [
        { name: "batch_dims", type: node.binding.TF_ATTR_INT, value: (attrs?.batchDims as number | undefined) ?? 0 },
        typeAttribute(node, "Tparams", node.getDTypeInteger(x.dtype)),
        typeAttribute(node, "Tindices", node.getDTypeInteger(indices.dtype)),
        typeAttribute(node, "Taxis", node.binding.TF_INT32),
      ];
      const out = node.executeSingleOutput("GatherV2", attributes, [x, indices, axis]);
      axis.dispose();
      return out;
    },
  });
}

function addPackBytes(): void {
  tf.registerKernel({
    kernelName: PACK_BYTES,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, backend }) => {
      const node = backend as NodeBackend;
      const { TF_FLOAT: float, TF_UINT8: uint8 } = node.binding;
      const { type, flag, run, freeAllBut } = createChain(node);
      const [values] = node.getInputTensorIds([inputs.bytes as tf.Tensor]);
      const bytes = run("Cast", [type("SrcT", float), type("DstT", uint8), flag("Truncate", false)], [values as number]);
      const words = run("Bitcast", [type("T", uint8), type("type", float)], [bytes.id]);
      freeAllBut(words.id);
      return node.createOutputTensor(words);
    },
  });
}

function addUnpackBytes(): void {
  tf.registerKernel({
    kernelName: UNPACK_BYTES,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, backend }) => {
      const node = backend as NodeBackend;
      const { TF_INT32: int32, TF_UINT8: uint8 } = node.binding;
      const words = inputs.words as tf.Tensor;
      const bytes = node.executeSingleOutput(
        "Bitcast",
        [typeAttribute(node, "T", node.getDTypeInteger(words.dtype)), typeAttribute(node, "type", uint8)],
        [words],
      );
      const truncate = { name: "Truncate", type: node.binding.TF_ATTR_BOOL, value: false };
      const out = node.executeSingleOutput(
        "Cast",
        [typeAttribute(node, "SrcT", uint8), typeAttribute(node, "DstT", int32), truncate],
        [bytes],
      );
      bytes.dispose();
      return out;
    },
  });
}

function addAfter(): void {
  tf.registerKernel({
    kernelName: AFTER,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, backend }) => {
      const node = backend as NodeBackend;
      const { x, dependency } = inputs as { x: tf.Tensor; dependency: tf.Tensor };
      node.binding.dependNext?.(node.getInputTensorIds([dependency])[0] as number);
      return node.executeSingleOutput("Identity", [typeAttribute(node, "T", node.getDTypeInteger(x.dtype))], [x]);
    },
  });
}

function addSeededUniform(): void {
  tf.registerKernel({
    kernelName: SEEDED_UNIFORM,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const node = backend as NodeBackend;
      const { TF_INT32: int32, TF_FLOAT: float } = node.binding;
      const shape = tf.tensor1d(attrs?.shape as number[], "int32");
      const attributes = [typeAttribute(node, "dtype", float), typeAttribute(node, "T", int32), typeAttribute(node, "Tseed", int32)];
      const out = node.executeSingleOutput("StatelessRandomUniform", attributes, [shape, inputs.seed as tf.Tensor]);
      shape.dispose();
      return out;
    },
  });
}

function addWriteRows(): void {
  tf.registerKernel({
    kernelName: WRITE_ROWS,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, backend }) => {
      const node = backend as NodeBackend;
      const { x, indices, rows } = inputs as Record<"x" | "indices" | "rows", tf.Tensor>;
      return node.executeSingleOutput("InplaceUpdate", [typeAttribute(node, "T", node.getDTypeInteger(x.dtype))], [x, indices, rows]);
    },
  });
}

export function registerTensorflowKernels(): void {
  replaceGather();
  addPackBytes();
  addUnpackBytes();
  addAfter();
  addSeededUniform();
  registerBf16Kernels();
  addWriteRows();
}
