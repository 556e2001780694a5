/** Trees of tensors: what a compiled function takes and gives. Paths are joined with "/" . */
import * as tf from "@tensorflow/tfjs-core";

export type TensorTree = tf.Tensor | null | { readonly [key: string]: TensorTree };

/** Leaves in key order of insertion, with their paths; nulls carry no leaf but count in the structure. */
export function flattenTree(tree: TensorTree): { paths: string[]; tensors: tf.Tensor[] } {
  const paths: string[] = [];
  const tensors: tf.Tensor[] = [];
  const visit = (node: TensorTree, path: string): void => {
    if (node === null) return;
    if (node instanceof tf.Tensor) {
      paths.push(path);
      tensors.push(node);
      return;
    }
    for (const key of Object.keys(node)) visit(node[key] ?? null, path === "" ? key : `${path}/${key}`);
  };
  visit(tree, "");
  return { paths, tensors };
}

/** The same structure with its leaves replaced in order. Throws when the count differs. */
export function rebuildTree<T extends TensorTree>(structure: T, tensors: readonly tf.Tensor[]): T {
  let next = 0;
  const visit = (node: TensorTree): TensorTree => {
    if (node === null) return null;
    if (node instanceof tf.Tensor) {
      const tensor = tensors[next++];
      if (!tensor) throw new RangeError(`rebuildTree: ${tensors.length} tensors are too few`);
      return tensor;
    }
    return Object.fromEntries(Object.keys(node).map((key) => [key, visit(node[key] ?? null)]));
  };
  const out = visit(structure);
  if (next !== tensors.length) throw new RangeError(`rebuildTree: ${tensors.length} tensors for ${next} leaves`);
  return out as T;
}

/** Frees every leaf. */
export function disposeTree(tree: TensorTree): void {
  tf.dispose(flattenTree(tree).tensors);
}

/** Path, dtype and shape of every leaf: calls with one signature share one graph. */
export function treeSignature(tree: TensorTree): string {
  const { paths, tensors } = flattenTree(tree);
  return tensors.map((tensor, i) => `${paths[i]}:${tensor.dtype}[${tensor.shape.join(",")}]`).join(";");
}
