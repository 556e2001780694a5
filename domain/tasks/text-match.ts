/** Short answers against references. Source: SQuAD's evaluation script (Rajpurkar et al. 2016), as HELM and SuperGLUE use it. */

/** Lower case, ASCII punctuation and articles removed, white space collapsed. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, "")
    .replace(/(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu, " ")
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
}

/** 1 when the answers are equal after normalisation. */
export const exactMatch = (prediction: string, reference: string): number =>
  Number(normalizeAnswer(prediction) === normalizeAnswer(reference));

/** F1 of the tokens, counted; without tokens on either side 1 when both have none. */
export function tokenF1(prediction: string, reference: string): number {
  const [predicted, wanted] = [prediction, reference].map((text) => normalizeAnswer(text).split(" ").filter(Boolean)) as [
    string[],
    string[],
  ];
  if (predicted.length === 0 || wanted.length === 0) return Number(predicted.length === wanted.length);
  const left = new Map<string, number>();
  for (const token of wanted) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of predicted) {
    const count = left.get(token) ?? 0;
    if (count > 0) common++;
    left.set(token, count - 1);
  }
  if (common === 0) return 0;
  const precision = common / predicted.length;
  const recall = common / wanted.length;
  return (2 * precision * recall) / (precision + recall);
}
