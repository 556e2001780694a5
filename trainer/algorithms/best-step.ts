/**
 * The best step so far by validation loss: what early stopping counts from and what may become the run's result.
 * Source: Prechelt 1998; transformers' EarlyStoppingCallback (patience, threshold) and load_best_model_at_end.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Snapshot, snapshotTensor } from "./train-context";

export type BestStep = {
  /** Validation loss and step of the best; null before the first validation. */
  loss: number | null;
  step: number;
  /** Validations in a row that were no better by more than the threshold. */
  misses: number;
  /** Parameters of the best step, (P); null where they are not kept. */
  theta: tf.Tensor1D | null;
};

/** Where a run begins, or was. */
export function restoreBestStep(resume: Snapshot | null): BestStep {
  const stored = resume?.state.best as Omit<BestStep, "theta"> | undefined;
  if (!resume || !stored) return { loss: null, step: 0, misses: 0, theta: null };
  return { ...stored, theta: "best" in resume.tensors ? snapshotTensor(resume, "best") : null };
}

/** After a validation of `theta`; the old best's parameters are freed where they are replaced. */
export function updateBestStep(
  best: BestStep,
  validation: { loss: number; step: number; theta: tf.Tensor1D },
  config: { earlyStoppingThreshold: number; keepBest: boolean },
): BestStep {
  const { loss, step, theta } = validation;
  const improved = best.loss === null || loss < best.loss - config.earlyStoppingThreshold;
  // What is kept is the lowest of all, however small the step down was.
  if (best.loss !== null && loss >= best.loss) return { ...best, misses: best.misses + 1 };
  best.theta?.dispose();
  return { loss, step, misses: improved ? 0 : best.misses + 1, theta: config.keepBest ? tf.clone(theta) : null };
}

/** Why the run ends at `step` before its time, for its log; null where it goes on. */
export function explainEarlyStop({ misses, step: bestStep, loss }: BestStep, step: number, patience: number | null): string | null {
  if (patience === null || misses < patience) return null;
  return `Stopped early at step ${step}: ${misses} validations were no better than step ${bestStep}'s loss of ${loss?.toFixed(4)}`;
}

/** What of it goes into a snapshot. */
export function storeBestStep({ theta, ...state }: BestStep): { tensors: Record<string, tf.Tensor>; state: Record<string, unknown> } {
  return { tensors: theta ? { best: theta } : {}, state: { best: state } };
}
