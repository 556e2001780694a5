/**
 * AdamW in PyTorch's form (decoupled weight decay, epsilon outside the bias correction of the root) with
 * clipping by the global norm, on one vector of parameters. Schedules come in as scalars, so that one traced
 * graph serves every step.
 *
 * Source: Loshchilov & Hutter 2019; torch.optim.AdamW; transformers' get_*_schedule_with_warmup.
 */
import * as tf from "@tensorflow/tfjs-core";

export type OptimiserConfig = {
  learningRate: number;
  lrSchedule: "constant" | "linear" | "cosine";
  warmupSteps: number;
  weightDecay: number;
  maxGradNorm: number | null;
  adamBeta1: number;
  adamBeta2: number;
  adamEpsilon: number;
};

/** Parameters and Adam's two moments, each (P). */
export type TrainState = { theta: tf.Tensor1D; m: tf.Tensor1D; v: tf.Tensor1D };

/** What changes from step to step: scalars, made by `scheduleScalars`. */
export type StepScalars = { lr: tf.Scalar; correction1: tf.Scalar; correction2: tf.Scalar };

export function createTrainState(theta: tf.Tensor1D): TrainState {
  return { theta, m: tf.zerosLike(theta), v: tf.zerosLike(theta) };
}

/** The learning rate of `step` (0-based) out of `totalSteps`. */
export function learningRateAt(config: OptimiserConfig, step: number, totalSteps: number): number {
  const { learningRate, lrSchedule, warmupSteps } = config;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (lrSchedule) {
    case "constant":
      return learningRate;
    case "linear":
      return learningRate * (1 - progress);
    case "cosine":
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
    default:
      return lrSchedule satisfies never;
  }
}

/** Scalars of the `updates`-th optimiser update (0-based). The caller frees them. */
export function scheduleScalars(config: OptimiserConfig, updates: number, lr: number): StepScalars {
  return {
    lr: tf.scalar(lr),
    correction1: tf.scalar(1 - config.adamBeta1 ** (updates + 1)),
    correction2: tf.scalar(Math.sqrt(1 - config.adamBeta2 ** (updates + 1))),
  };
}

/** One update; `gradNorm` is the norm before clipping. Pure: the old state stays. */
export function adamW(
  config: OptimiserConfig,
  state: TrainState,
  gradient: tf.Tensor1D,
  scalars: StepScalars,
): { state: TrainState; gradNorm: tf.Scalar } {
  const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon, maxGradNorm, weightDecay } = config;
  const gradNorm = tf.sqrt(tf.sum(tf.square(gradient))) as tf.Scalar;
  const g = maxGradNorm === null ? gradient : tf.mul(gradient, tf.minimum(1, tf.div(maxGradNorm, tf.add(gradNorm, 1e-6))));
  const m = tf.add(tf.mul(state.m, beta1), tf.mul(g, 1 - beta1)) as tf.Tensor1D;
  const v = tf.add(tf.mul(state.v, beta2), tf.mul(tf.square(g), 1 - beta2)) as tf.Tensor1D;
  const denominator = tf.add(tf.div(tf.sqrt(v), scalars.correction2), epsilon);
  const step = tf.mul(tf.div(m, denominator), tf.div(scalars.lr, scalars.correction1));
  const decayed = weightDecay === 0 ? state.theta : tf.mul(state.theta, tf.sub(1, tf.mul(scalars.lr, weightDecay)));
  return { state: { theta: tf.sub(decayed, step) as tf.Tensor1D, m, v }, gradNorm };
}
