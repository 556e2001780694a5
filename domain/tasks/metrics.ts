/** Each metric of a task as a statistic of rows that are resampled as one: items, or groups of items. */
import { f1Score, macroF1, matthews } from "../metrics/classification";
import { pearson, spearman } from "../metrics/correlation";
import { scoreRouge } from "../metrics/rouge";
import type { TaskItem } from "./build";
import type { TaskMetric } from "./task";
import { exactMatch, tokenF1 } from "../metrics/text-match";

/** What the model made of an item: a log-likelihood for each choice, or the text that it wrote. */
export type Outcome = { item: TaskItem; logprobs: number[]; text: string };

export type Statistic = { rows: readonly unknown[]; of: (rows: readonly never[]) => number };

const statistic = <T>(rows: readonly T[], of: (rows: readonly T[]) => number): Statistic => ({ rows, of: of as Statistic["of"] });
/** A plain loop: this and `both` run a thousand times over tens of thousands of rows. */
function mean(values: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** The first of the largest, as numpy's argmax. */
const argmax = (values: readonly number[]) =>
  values.reduce((best, value, i) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? i : best), 0);
const lengthOf = (choice: string) => [...choice].length;

export const predict = ({ logprobs }: Outcome): number => argmax(logprobs);
/** By log-likelihood over length in characters (code points). */
const predictByLength = ({ item, logprobs }: Outcome): number =>
  argmax(logprobs.map((logprob, i) => logprob / lengthOf(item.choices[i] ?? "")));
/** What the model says: its text, or the text of its choice. */
const answerOf = (outcome: Outcome): string =>
  outcome.logprobs.length === 0 ? outcome.text.trim() : (outcome.item.choiceTexts[predict(outcome)] ?? "");

const probabilities = (logprobs: readonly number[]) => {
  const max = Math.max(...logprobs);
  const weights = logprobs.map((logprob) => Math.exp(logprob - max));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

const bestReference = (outcome: Outcome, score: (answer: string, reference: string) => number): number =>
  Math.max(...outcome.item.references.map((reference) => score(answerOf(outcome), reference)));

function groups(outcomes: readonly Outcome[]): Outcome[][] {
  const byGroup = new Map<string, Outcome[]>();
  for (const outcome of outcomes) byGroup.set(outcome.item.group, [...(byGroup.get(outcome.item.group) ?? []), outcome]);
  return [...byGroup.values()];
}

/** Grades of a query's passages, likeliest "Yes" first (log-odds of the first choice). */
function rankedGrades(group: readonly Outcome[]): number[] {
  const odds = ({ logprobs }: Outcome) => (logprobs[0] ?? 0) - (logprobs[1] ?? 0);
  return [...group].sort((a, b) => odds(b) - odds(a)).map(({ item }) => item.relevance);
}

const CUT = 10;
/** TREC's gain is the grade itself (Järvelin & Kekäläinen 2002). */
const dcg = (grades: readonly number[]) => grades.slice(0, CUT).reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);

function ndcg(grades: readonly number[]): number {
  const best = dcg([...grades].sort((a, b) => b - a));
  return best === 0 ? 0 : dcg(grades) / best;
}

function reciprocalRank(grades: readonly number[]): number {
  const first = grades.slice(0, CUT).findIndex((grade) => grade > 0);
  return first < 0 ? 0 : 1 / (first + 1);
}

const isRight = (outcome: Outcome) => Number(predict(outcome) === outcome.item.gold);

/** A correlation that does not exist says 0: a resampled series may be constant. */
const orZero = (measure: (x: readonly number[], y: readonly number[]) => number) => (x: readonly number[], y: readonly number[]) => {
  const value = x.length < 2 ? Number.NaN : measure(x, y);
  return Number.isNaN(value) ? 0 : value;
};

/** `outcomes` of one task. */
export function metricStatistic(metric: TaskMetric, outcomes: readonly Outcome[]): Statistic {
  const labels = () => outcomes.map((outcome) => ({ predicted: predict(outcome), gold: outcome.item.gold }));
  type Labels = readonly { predicted: number; gold: number }[];
  const predictions: number[] = [];
  const references: number[] = [];
  const both = (of: (predictions: number[], references: number[]) => number) => (rows: Labels) => {
    predictions.length = references.length = rows.length;
    for (let i = 0; i < rows.length; i++) {
      predictions[i] = rows[i]?.predicted ?? Number.NaN;
      references[i] = rows[i]?.gold ?? Number.NaN;
    }
    return of(predictions, references);
  };
  switch (metric) {
    case "acc":
      return statistic(outcomes.map(isRight), mean);
    case "acc_norm":
      return statistic(
        outcomes.map((outcome) => Number(predictByLength(outcome) === outcome.item.gold)),
        mean,
      );
    case "acc_text":
    case "exact_match":
      return statistic(
        outcomes.map((outcome) => bestReference(outcome, exactMatch)),
        mean,
      );
    case "f1_text":
      return statistic(
        outcomes.map((outcome) => bestReference(outcome, tokenF1)),
        mean,
      );
    case "rouge2":
    case "rougeL":
      return statistic(
        outcomes.map((outcome) => bestReference(outcome, (answer, reference) => scoreRouge(reference, answer, { stem: true })[metric].f)),
        mean,
      );
    case "mc2":
      return statistic(
        outcomes.map(({ item, logprobs }) => probabilities(logprobs).reduce((sum, p, i) => sum + (item.truths[i] === 1 ? p : 0), 0)),
        mean,
      );
    case "f1":
      return statistic(
        labels(),
        both((predictions, references) => f1Score(predictions, references, 1)),
      );
    case "f1_macro": {
      const classes = [...(outcomes[0]?.item.choices.keys() ?? [])];
      return statistic(
        labels(),
        both((predictions, references) => macroF1(predictions, references, classes)),
      );
    }
    case "mcc":
      return statistic(labels(), both(matthews));
    case "pearson":
    case "spearman": {
      const expected = outcomes.map(({ item, logprobs }) => ({
        predicted: probabilities(logprobs).reduce((sum, p, i) => sum + p * i, 0),
        gold: item.gold,
      }));
      return statistic(expected, both(orZero(metric === "pearson" ? pearson : spearman)));
    }
    case "f1_answers":
      // The first choice says that the answer option is right.
      return statistic(groups(outcomes), (rows) =>
        f1Score(
          rows.flat().map(predict),
          rows.flat().map(({ item }) => item.gold),
          0,
        ),
      );
    case "em_questions":
      return statistic(
        groups(outcomes).map((group) => Number(group.every((outcome) => isRight(outcome) === 1))),
        mean,
      );
    case "parity":
      return statistic(
        groups(outcomes).map((group) => Number(new Set(group.map(predict)).size === 1)),
        mean,
      );
    case "rr10":
      return statistic(
        groups(outcomes).map((group) => reciprocalRank(rankedGrades(group))),
        mean,
      );
    case "ndcg10":
      return statistic(
        groups(outcomes).map((group) => ndcg(rankedGrades(group))),
        mean,
      );
    default:
      return metric satisfies never;
  }
}
