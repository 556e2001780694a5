/** Measures of predicted classes, equal to scikit-learn's. Predictions and references are of one length; throws RangeError otherwise, or without rows. */

type Label = string | number;

function requirePairs(predictions: readonly unknown[], references: readonly unknown[]): void {
  if (predictions.length !== references.length)
    throw new RangeError(`There are ${predictions.length} predictions for ${references.length} references`);
  if (references.length === 0) throw new RangeError("There are no predictions");
}

/** Share of predictions that equal their reference. */
export function accuracy<T extends Label>(predictions: readonly T[], references: readonly T[]): number {
  requirePairs(predictions, references);
  return predictions.filter((prediction, i) => prediction === references[i]).length / predictions.length;
}

/** F1 of one class against the rest; 0 where the class is neither predicted nor wanted. */
export function f1Score<T extends Label>(predictions: readonly T[], references: readonly T[], positive: T): number {
  requirePairs(predictions, references);
  let [hits, predicted, wanted] = [0, 0, 0];
  for (const [i, reference] of references.entries()) {
    if (predictions[i] === positive) predicted++;
    if (reference === positive) wanted++;
    if (predictions[i] === positive && reference === positive) hits++;
  }
  return predicted + wanted === 0 ? 0 : (2 * hits) / (predicted + wanted);
}

/** Mean of the F1 of every class of `labels`; without them of those that are predicted or wanted. */
export function macroF1<T extends Label>(
  predictions: readonly T[],
  references: readonly T[],
  labels: readonly T[] = [...new Set([...predictions, ...references])],
): number {
  return labels.reduce((sum, label) => sum + f1Score(predictions, references, label), 0) / labels.length;
}

/** Matthews' correlation for any number of classes (Gorodkin 2004); 0 where either side has one class only. */
export function matthews<T extends Label>(predictions: readonly T[], references: readonly T[]): number {
  requirePairs(predictions, references);
  const n = references.length;
  const count = (labels: readonly T[]) => {
    const counts = new Map<T, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    return counts;
  };
  const [predicted, wanted] = [count(predictions), count(references)];
  const right = accuracy(predictions, references) * n;
  const sumOfProducts = (a: Map<T, number>, b: Map<T, number>) =>
    [...a].reduce((sum, [label, times]) => sum + times * (b.get(label) ?? 0), 0);
  const spread = (n * n - sumOfProducts(predicted, predicted)) * (n * n - sumOfProducts(wanted, wanted));
  return spread === 0 ? 0 : (right * n - sumOfProducts(predicted, wanted)) / Math.sqrt(spread);
}
