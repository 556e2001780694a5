/** Answers, drafts and the judgements they become. */
import { describe, expect, it } from "vitest";
import {
  describeValue,
  finishAnswer,
  isEmptyAnswer,
  isUntouchedAnswer,
  parseDraft,
  startAnswer,
  valueToAnswer,
} from "../../../../domain/annotation/answer";
import type { TaskShape } from "../../../../domain/annotation/task";
import { findValueProblem, type ItemMode, type JudgementValue, judgementValueSchema } from "../../../../domain/judgement";

const noWords = { reasons: [], comment: "" };
const SCALES = [
  { name: "Helpful", points: 5, low: "", high: "" },
  { name: "Honest", points: 3, low: "", high: "" },
];
const scales = SCALES.map(({ name, points }) => ({ name, points }));
const taskOf = (mode: ItemMode, count: number): TaskShape => ({
  mode,
  scales: SCALES,
  completions: Array.from({ length: count }, (_, i) => ({ id: String(i), text: `Text ${i}` })),
});

describe("answers and judgements", () => {
  it.each<[JudgementValue, ItemMode, number, string]>([
    [{ kind: "pairwise", margin: -3 }, "pairwise", 2, "A is much better"],
    [{ kind: "pairwise", margin: 0 }, "pairwise", 2, "About the same"],
    [{ kind: "pairwise", margin: 1 }, "pairwise", 2, "B is slightly better"],
    [{ kind: "both_bad" }, "pairwise", 2, "Both bad"],
    [{ kind: "ranking", ranks: [2, 1, 2] }, "ranking", 3, "B > A = C"],
    [{ kind: "best_of_n", best: 2 }, "best_of_n", 4, "C is best"],
    [{ kind: "both_bad" }, "best_of_n", 4, "None is good"],
    [{ kind: "rating", scales, scores: [[3, 3]] }, "rating", 1, "Rated 75 %"],
    [
      {
        kind: "rating",
        scales,
        scores: [
          [5, 3],
          [1, 2],
        ],
      },
      "rating",
      2,
      "Rated A 100 %, B 25 %",
    ],
    [{ kind: "edit", text: "Better" }, "edit", 1, "Edited"],
    [{ kind: "demonstration", text: "Mine" }, "demonstration", 0, "Written"],
  ])("%j survives undo and reads %s %i %s", (value, mode, count, words) => {
    const task = taskOf(mode, count);
    expect(judgementValueSchema.parse(value)).toEqual(value);
    expect(findValueProblem(value, { mode, size: count, scales: SCALES })).toBeNull();
    expect(finishAnswer(valueToAnswer(task, value, noWords), task)).toEqual({ value });
    expect(describeValue(value, count)).toBe(words);
  });

  it.each<[ItemMode, number, string | null]>([
    ["pairwise", 2, "Choose which answer is better first."],
    ["ranking", 3, null],
    ["best_of_n", 3, "Choose the best answer first."],
    ["rating", 2, "Give A a score for Helpful first."],
    ["rating", 1, "Give a score for Helpful first."],
    ["edit", 1, null],
    ["demonstration", 0, "Write an answer first."],
  ])("an untouched %s of %i says what is missing", (mode, count, problem) => {
    const task = taskOf(mode, count);
    const finished = finishAnswer(startAnswer(task), task);
    expect("problem" in finished ? finished.problem : null).toBe(problem);
    expect(isEmptyAnswer(startAnswer(task), task)).toBe(true);
    expect(isEmptyAnswer({ ...startAnswer(task), comment: "x" }, task)).toBe(false);
  });

  it("names the first score that is missing", () => {
    const task = taskOf("rating", 2);
    expect(
      finishAnswer(
        {
          form: {
            mode: "rating",
            scores: [
              [1, 2],
              [4, null],
            ],
          },
          ...noWords,
        },
        task,
      ),
    ).toEqual({ problem: "Give B a score for Honest first." });
  });

  it("an undone skip keeps reasons and comment, and chooses nothing", () => {
    const answer = valueToAnswer(taskOf("pairwise", 2), { kind: "skip", cause: "unclear_prompt" }, { reasons: ["Clear"], comment: "hm" });
    expect(answer).toEqual({ form: { mode: "pairwise", choice: null }, reasons: ["Clear"], comment: "hm" });
    expect(describeValue({ kind: "skip", cause: "unclear_prompt" })).toBe("Skipped: unclear prompt");
  });

  it("what nobody touched is known", () => {
    const edit = taskOf("edit", 1);
    expect(isUntouchedAnswer(startAnswer(taskOf("ranking", 3)), taskOf("ranking", 3))).toBe(true);
    expect(isUntouchedAnswer(startAnswer(edit), edit)).toBe(true);
    expect(isUntouchedAnswer({ form: { mode: "edit", text: "Text 0." }, ...noWords }, edit)).toBe(false);
    expect(isUntouchedAnswer(startAnswer(taskOf("pairwise", 2)), taskOf("pairwise", 2))).toBe(false);
  });
});

describe("drafts", () => {
  const ranking = startAnswer(taskOf("ranking", 3));
  const rating = startAnswer(taskOf("rating", 2));
  it.each([
    ["of this item", ranking, "ranking", 3, ranking],
    ["of an item with more completions", ranking, "ranking", 4, null],
    ["of the other mode", ranking, "pairwise", 3, null],
    ["a margin that does not exist", { form: { mode: "pairwise", choice: 5 }, ...noWords }, "pairwise", 2, null],
    ["a best one that is not there", { form: { mode: "best_of_n", choice: 3 }, ...noWords }, "best_of_n", 3, null],
    ["scores of this item", rating, "rating", 2, rating],
    ["a score beyond its scale", { form: { mode: "rating", scores: [[5, 4]] }, ...noWords }, "rating", 1, null],
    ["scores on fewer scales", { form: { mode: "rating", scores: [[5]] }, ...noWords }, "rating", 1, null],
    ["something else", { kind: "pairwise" }, "pairwise", 2, null],
    ["nothing", null, "pairwise", 2, null],
  ] as const)("%s", (_, draft, mode, count, expected) => {
    expect(parseDraft(JSON.parse(JSON.stringify(draft)), taskOf(mode, count))).toEqual(expected);
  });
});
