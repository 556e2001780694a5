/** Answers, drafts and the judgements they become. */
import { describe, expect, it } from "vitest";
import { answerToValue, describeValue, isEmptyAnswer, isUntouchedAnswer, parseDraft, startAnswer, stepMargin, valueToAnswer } from "../../../../domain/annotation/answer";
import { type JudgementValue, judgementValueSchema } from "../../../../domain/judgement";

const noWords = { reasons: [], comment: "" };

describe("answers and judgements", () => {
  it.each<[JudgementValue, "pairwise" | "ranking", number, string]>([
    [{ kind: "pairwise", margin: -3 }, "pairwise", 2, "A is much better"],
    [{ kind: "pairwise", margin: 0 }, "pairwise", 2, "About the same"],
    [{ kind: "pairwise", margin: 1 }, "pairwise", 2, "B is slightly better"],
    [{ kind: "both_bad" }, "pairwise", 2, "Both bad"],
    [{ kind: "ranking", ranks: [2, 1, 2] }, "ranking", 3, "B > A = C"],
  ])("%j survives undo and reads %s %i %s", (value, mode, count, words) => {
    expect(judgementValueSchema.parse(value)).toEqual(value);
    expect(answerToValue(valueToAnswer({ mode, count }, value, noWords))).toEqual(value);
    expect(describeValue(value)).toBe(words);
  });

  it("nothing is chosen for anybody", () => {
    expect(answerToValue(startAnswer("pairwise", 2))).toBeNull();
    expect(isEmptyAnswer(startAnswer("ranking", 4))).toBe(true);
    expect(isEmptyAnswer({ ...startAnswer("pairwise", 2), comment: "x" })).toBe(false);
  });

  it("an undone skip keeps reasons and comment, and chooses nothing", () => {
    const answer = valueToAnswer({ mode: "pairwise", count: 2 }, { kind: "skip", cause: "unclear_prompt" }, { reasons: ["Clear"], comment: "hm" });
    expect(answer).toEqual({ choice: null, ranking: null, reasons: ["Clear"], comment: "hm" });
    expect(describeValue({ kind: "skip", cause: "unclear_prompt" })).toBe("Skipped: unclear prompt");
  });

  it("a ranking nobody touched is known", () => {
    expect(isUntouchedAnswer(startAnswer("ranking", 3))).toBe(true);
    expect(isUntouchedAnswer(startAnswer("pairwise", 2))).toBe(false);
  });
});

describe("drafts", () => {
  const ranking = startAnswer("ranking", 3);
  it.each([
    ["of this item", ranking, "ranking", 3, ranking],
    ["of an item with more completions", ranking, "ranking", 4, null],
    ["of the other mode", ranking, "pairwise", 3, null],
    ["a choice for a ranking", { ...ranking, choice: 1 }, "ranking", 3, null],
    ["a margin that does not exist", { ...startAnswer("pairwise", 2), choice: 5 }, "pairwise", 2, null],
    ["something else", { kind: "pairwise" }, "pairwise", 2, null],
    ["nothing", null, "pairwise", 2, null],
  ] as const)("%s", (_, draft, mode, count, expected) => {
    expect(parseDraft(JSON.parse(JSON.stringify(draft)), mode, count)).toEqual(expected);
  });
});

it("arrows go one step and stop at the ends", () => {
  expect([stepMargin(null, -1), stepMargin(null, 1), stepMargin("both_bad", 1), stepMargin(0, -1), stepMargin(-3, -1), stepMargin(3, 1)]).toEqual([-1, 1, 1, -1, -3, 3]);
});
