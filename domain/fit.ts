/** What the two curves of a run say: whether validation got worse while training got better (overfitting). */
import type { SeriesPoint } from "./run-series";

export type FitSummary = {
  /** The step with the lowest validation loss. */
  bestStep: number;
  bestValidation: number;
  lastStep: number;
  lastValidation: number;
  /** Mean training loss of as many steps before the best and before the last validation; null without training points there. */
  trainAtBest: number | null;
  trainAtLast: number | null;
  verdict: "overfitting" | "still improving" | "level";
};

/** A rise of the validation loss by less than this share of it is noise. */
const LEVEL = 0.01;
/** Training steps whose mean stands for the loss at a step: single batches are noisy. */
const WINDOW = 10;

/** Null with fewer than two validations. */
export function summariseFit(train: readonly SeriesPoint[], validation: readonly SeriesPoint[]): FitSummary | null {
  const last = validation.at(-1);
  if (last === undefined || validation.length < 2) return null;
  const best = validation.reduce((lowest, point) => (point.value < lowest.value ? point : lowest));
  const trainAt = (step: number): number | null => {
    const points = train.filter((point) => point.step <= step).slice(-WINDOW);
    return points.length === 0 ? null : points.reduce((sum, { value }) => sum + value, 0) / points.length;
  };
  const [trainAtBest, trainAtLast] = [trainAt(best.step), trainAt(last.step)];
  const rose = last.value > best.value * (1 + LEVEL);
  const trainFell = trainAtLast !== null && (trainAtBest === null || trainAtLast < trainAtBest);
  const verdict = rose && trainFell ? "overfitting" : best.step === last.step ? "still improving" : "level";
  return {
    bestStep: best.step,
    bestValidation: best.value,
    lastStep: last.step,
    lastValidation: last.value,
    trainAtBest,
    trainAtLast,
    verdict,
  };
}
