/** Metrics of tasks against scikit-learn and SciPy, and by hand where these have none. */
import { describe, expect, it } from "vitest";
import { accuracy, f1Score, macroF1, matthews } from "../../../../domain/metrics/classification";
import { pearson, spearman } from "../../../../domain/metrics/correlation";
import type { TaskItem } from "../../../../domain/tasks/build";
import { metricStatistic, type Outcome } from "../../../../domain/tasks/metrics";
import type { TaskMetric } from "../../../../domain/tasks/task";
import { exactMatch, tokenF1 } from "../../../../domain/metrics/text-match";
import { readGolden } from "../../../helpers/golden";

type Golden = {
  classification: {
    predictions: number[];
    references: number[];
    classes: number;
    accuracy: number;
    f1: number;
    macro: number;
    matthews: number;
  }[];
  correlation: { x: number[]; y: number[]; pearson: number; spearman: number }[];
};
const golden = readGolden<Golden>("tasks", "metrics.json");

describe("labels and correlations", () => {
  it.each(golden.classification.map((entry, i) => ({ ...entry, i })))(
    "scikit-learn, case $i",
    ({ predictions, references, classes, ...wanted }) => {
      expect(accuracy(predictions, references)).toBeCloseTo(wanted.accuracy, 10);
      expect(f1Score(predictions, references, 1)).toBeCloseTo(wanted.f1, 10);
      expect(macroF1(predictions, references, [...Array(classes).keys()])).toBeCloseTo(wanted.macro, 10);
      expect(matthews(predictions, references)).toBeCloseTo(wanted.matthews, 10);
    },
  );
  it.each(golden.correlation.map((entry, i) => ({ ...entry, i })))("SciPy, case $i", ({ x, y, ...wanted }) => {
    expect(pearson(x, y)).toBeCloseTo(wanted.pearson, 8);
    expect(spearman(x, y)).toBeCloseTo(wanted.spearman, 10);
  });
  it("refuses series that do not fit", () => {
    expect(() => accuracy([1], [1, 0])).toThrow("1 predictions for 2 references");
    expect(() => pearson([1, 2], [1])).toThrow("2 predictions for 1 references");
  });
});

/** Values of SQuAD's script, by hand. */
describe("short answers", () => {
  it.each([
    ["The Eiffel Tower!", "eiffel tower", 1, 1],
    ["in the tower", "tower", 0, 2 / 3],
    ["a b b", "b b c", 0, 0.8],
    ["", "tower", 0, 0],
    ["the", "", 1, 1],
    ["3,000", "3000", 1, 1],
  ])("%s | %s", (prediction, reference, exact, overlap) => {
    expect(exactMatch(prediction, reference)).toBe(exact);
    expect(tokenF1(prediction, reference)).toBeCloseTo(overlap, 10);
  });
});

const outcome = (change: Partial<TaskItem>, logprobs: number[]): Outcome => ({
  item: {
    place: "test row 1",
    group: "g",
    context: "",
    ownText: "",
    continuations: [],
    choices: ["a", "b"],
    gold: 0,
    choiceTexts: ["a", "b"],
    references: [],
    truths: [],
    relevance: 0,
    ...change,
  },
  logprobs,
  text: "",
});
const value = (metric: TaskMetric, outcomes: Outcome[]) => {
  const { rows, of } = metricStatistic(metric, outcomes);
  return of(rows as never[]);
};
const YES = [-1, -2];
const NO = [-2, -1];

describe("metrics over groups", () => {
  it("MultiRC: F1a over all answers, EM over questions", () => {
    // Question 1: both judged rightly; question 2: one false alarm, one hit.
    const outcomes = [
      outcome({ group: "1", gold: 0 }, YES),
      outcome({ group: "1", gold: 1 }, NO),
      outcome({ group: "2", gold: 1 }, YES),
      outcome({ group: "2", gold: 0 }, YES),
    ];
    expect(value("f1_answers", outcomes)).toBeCloseTo((2 * 2) / (2 * 2 + 1), 10);
    expect(value("em_questions", outcomes)).toBe(0.5);
    expect(value("acc", outcomes)).toBe(0.75);
  });
  it("Winogender: pairs with one answer", () => {
    expect(
      value("parity", [
        outcome({ group: "1" }, YES),
        outcome({ group: "1" }, YES),
        outcome({ group: "2" }, YES),
        outcome({ group: "2" }, NO),
      ]),
    ).toBe(0.5);
  });
  it("MS MARCO: reciprocal rank and NDCG of the order by log-odds", () => {
    const passages = [outcome({ relevance: 0 }, [-1, -5]), outcome({ relevance: 3 }, [-2, -4]), outcome({ relevance: 1 }, [-3, -3])];
    expect(value("rr10", passages)).toBe(0.5);
    expect(value("ndcg10", passages)).toBeCloseTo((3 / Math.log2(3) + 1 / 2) / (3 + 1 / Math.log2(3)), 10);
  });
  it("accuracy by length divides by characters; MC2 sums the true answers' probabilities", () => {
    expect(value("acc", [outcome({ choices: ["ab", "abcdefgh"] }, [-4, -8])])).toBe(1);
    expect(value("acc_norm", [outcome({ choices: ["ab", "abcdefgh"] }, [-4, -8])])).toBe(0);
    expect(value("mc2", [outcome({ truths: [1, 0, 1] }, [Math.log(0.1), Math.log(0.2), Math.log(0.1)])])).toBeCloseTo(0.5, 10);
  });
  it("STS-B: the expected score is what is correlated", () => {
    const graded = (gold: number, p: number) => outcome({ gold, choices: ["0", "1"] }, [Math.log(1 - p), Math.log(p)]);
    expect(value("pearson", [graded(0, 0.1), graded(2.5, 0.4), graded(5, 0.7)])).toBeCloseTo(1, 10);
  });
});
