/** Accuracy, macro F1 and Pearson's r against scikit-learn 1.9 and SciPy 1.17 on the same columns. */
import { describe, expect, it } from "vitest";
import { classScores, numberScores, summariseHead } from "../../../../trainer/evaluation/head-scores";

const predicted = [0, 2, 1, 1, 0, 2, 3, 0];
const truth = [0, 1, 1, 2, 0, 2, 2, 1];
const classes = predicted.map((value, i): [number, number] => [value, truth[i] ?? 0]);
const numbers = [
  [1.2, 1],
  [3.4, 4],
  [2.2, 2],
  [4.8, 5],
  [3.9, 3],
] as [number, number][];

describe("classScores", () => {
  it("is scikit-learn's accuracy_score and f1_score(average='macro')", () => {
    expect(classScores(classes)).toEqual({ accuracy: expect.closeTo(0.5, 10), f1: expect.closeTo(0.4, 10) });
  });
  it("refuses no rows", () => expect(() => classScores([])).toThrow("there are no rows"));
});

it("is SciPy's pearsonr, and the mean squared error", () => {
  expect(numberScores(numbers)).toEqual({ pearson: expect.closeTo(0.9368094471654881, 10), mse: expect.closeTo(0.258, 10) });
  expect(
    numberScores([
      [1, 1],
      [1, 2],
    ]).pearson,
  ).toBeNaN();
});

it("gives each score with its interval and how it was computed", () => {
  const scores = summariseHead(
    "classification",
    classes.map(([x, y]) => [String(x), String(y)]),
    1,
  );
  expect(scores.map(({ metric, n }) => [metric, n])).toEqual([
    ["accuracy", 8],
    ["f1", 8],
  ]);
  for (const { low, value, high } of [...scores, ...summariseHead("regression", numbers, 1)]) {
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
});
