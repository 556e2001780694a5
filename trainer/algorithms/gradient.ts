/** Value and gradient of a loss together with what else the forward pass computed. */
import * as tf from "@tensorflow/tfjs-core";
import type { Weights } from "../models/model";

/**
 * `fn(x)` returns a loss and tensors to report; returns these with the gradient of the loss with respect to x. tfjs
 * frees what a differentiated function makes besides its value, so the reports are kept; the caller owns them.
 */
export function lossAndGradient<A extends Record<string, tf.Tensor>>(
  fn: (x: tf.Tensor1D) => { loss: tf.Scalar; report: A },
  x: tf.Tensor1D,
): { loss: tf.Scalar; gradient: tf.Tensor1D; report: A } {
  let kept: A | undefined;
  const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => {
    const { loss, report } = fn(input as tf.Tensor1D);
    for (const tensor of Object.values(report)) tf.keep(tensor);
    kept = report;
    return loss;
  })(x);
  return { loss: value as tf.Scalar, gradient: grad as tf.Tensor1D, report: kept as A };
}

/** How a config wants layers to be computed: what `Weights` says of it. */
export const computeOptions = ({
  gradientCheckpointing,
  precision,
}: {
  gradientCheckpointing: boolean;
  precision: "f32" | "bf16";
}): Pick<Weights, "recompute" | "bf16"> => ({
  recompute: gradientCheckpointing,
  bf16: precision === "bf16",
});
