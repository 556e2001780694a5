/** Agreement of predicted with reference labels. Values equal scikit-learn's with zero_division 0. */

type Label = number | string;

function requireSame(predictions: readonly unknown[], references: readonly unknown[]): void {
  if (predictions.length !== references.length)
    throw new RangeError(`${predictions.length} predictions do not fit ${references.length} references`);
  if (references.length === 0) throw new RangeError("There is nothing to score");
}

/** Share of equal labels. */
export function accuracy(predictions: readonly Label[], references: readonly Label[]): number {
  requireSame(predictions, references);
  return predictions.filter((label, i) => label === references[i]).length / predictions.length;
}

/** F1 of one class; 0 where it is neither predicted nor right. */
export function f1(predictions: readonly Label[], references: readonly Label[], positive: Label = 1): number {
  requireSame(predictions, references);
  let both = 0;
  let either = 0;
  for (let i = 0; i < references.length; i++) {
    const [predicted, wanted] = [predictions[i] === positive, references[i] === positive];
    if (predicted && wanted) both++;
    either += Number(predicted) + Number(wanted);
  }
  return either === 0 ? 0 : (2 * both) / either;
}

/** Mean of the F1 of each of `labels`. */
export function macroF1(predictions: readonly Label[], references: readonly Label[], labels: readonly Label[]): number {
  return labels.reduce<number>((sum, label) => sum + f1(predictions, references, label), 0) / labels.length;
}

/** Matthews correlation of any number of classes (Gorodkin 2004); 0 where one side has one class only. */
export function matthews(predictions: readonly Label[], references: readonly Label[]): number {
  requireSame(predictions, references);
  const n = references.length;
  const predicted = new Map<Label, number>();
  const wanted = new Map<Label, number>();
  let right = 0;
  for (let i = 0; i < n; i++) {
    const [p, w] = [predictions[i] as Label, references[i] as Label];
    if (p === w) right++;
    predicted.set(p, (predicted.get(p) ?? 0) + 1);
    wanted.set(w, (wanted.get(w) ?? 0) + 1);
  }
  const product = (a: Map<Label, number>, b: Map<Label, number>) =>
    [...a].reduce((sum, [label, count]) => sum + count * (b.get(label) ?? 0), 0);
  const scale = Math.sqrt((n * n - product(predicted, predicted)) * (n * n - product(wanted, wanted)));
  return scale === 0 ? 0 : (right * n - product(predicted, wanted)) / scale;
}
