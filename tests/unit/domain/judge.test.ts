import { describe, expect, it } from "vitest";
import { judgeMessages, readVerdict, reportJudge, settleVerdict, type Verdict } from "../../../domain/judge";

describe("what the judge is asked", () => {
  const input = {
    messages: [{ role: "user" as const, content: "2 + 2?" }],
    shown: ["four", "five"] as const,
    reference: null,
    guidelines: "",
  };
  it("shows the answers in the order given, and nothing that is not there", () => {
    const [system, user] = judgeMessages(input);
    expect(system?.content).toContain("[[tie]]");
    expect(system?.content).not.toContain("guidelines");
    expect(user?.content).toBe(
      "<conversation>\nUser:\n2 + 2?\n</conversation>\n\n<answer_1>\nfour\n</answer_1>\n\n<answer_2>\nfive\n</answer_2>",
    );
  });
  it("adds guidelines and reference where there are some", () => {
    const [system, user] = judgeMessages({ ...input, reference: "4", guidelines: "Prefer words." });
    expect(system?.content).toContain("Prefer words.");
    expect(user?.content).toContain("<reference_answer>\n4\n</reference_answer>");
  });
});

it("reads the last verdict, or none", () => {
  expect(readVerdict("Answer [[1]] looks good at first, but [[2]]")).toBe("second");
  expect(readVerdict("Both are wrong.\n[[ TIE ]]")).toBe("tie");
  expect(readVerdict("The first is better.")).toBe(null);
  expect(readVerdict("[[3]]")).toBe(null);
});

describe("the report", () => {
  const pair = (shownFirst: Verdict, shownSecond: Verdict, votes: [string, Verdict][] = [], simulated = false) => ({
    shownFirst,
    shownSecond,
    lengthDifference: 0,
    votes: votes.map(([annotatorId, verdict]) => ({ annotatorId, verdict, simulated })),
  });

  it("counts a win only where both orders say so", () => {
    expect(settleVerdict({ shownFirst: "first", shownSecond: "first" })).toBe("first");
    expect(settleVerdict({ shownFirst: "first", shownSecond: "second" })).toBe("tie");
    expect(settleVerdict({ shownFirst: "first", shownSecond: "tie" })).toBe("tie");
    const { counts, judge } = reportJudge(
      [pair("first", "first"), pair("first", "second"), pair("second", "second"), pair("first", "first")],
      1,
    );
    expect(counts).toEqual({ first: 2, second: 1, tie: 1 });
    expect(judge?.value).toBeCloseTo((2 + 0.5) / 4, 12);
  });

  it("tells a judge that prefers whatever it sees first", () => {
    const { flips, firstShownWins } = reportJudge(
      [pair("first", "second"), pair("first", "second"), pair("second", "first"), pair("first", "tie"), pair("tie", "tie")],
      1,
    );
    expect(flips).toMatchObject({ k: 3, n: 5 });
    expect(firstShownWins).toMatchObject({ k: 2, n: 3 });
  });

  it("sets it beside people's votes, with ties of either left out of the agreement", () => {
    const { people, simulated } = reportJudge(
      [
        pair("first", "first", [
          ["ann", "first"],
          ["bob", "second"],
        ]),
        pair("second", "second", [
          ["ann", "second"],
          ["bob", "second"],
        ]),
        pair("first", "second", [["ann", "first"]]),
        pair("second", "second", [["ann", "tie"]]),
        pair("second", "second", [["bot", "first"]], true),
        pair("first", "first"),
      ],
      1,
    );
    expect(people).toMatchObject({ votes: 6, pairs: 4, judgeAgrees: { k: 3, n: 4 }, amongThem: { k: 1, n: 2 } });
    expect(people?.winRate?.value).toBeCloseTo((0.5 + 0 + 1 + 0.5) / 4, 12);
    expect(simulated).toMatchObject({ votes: 1, judgeAgrees: { k: 0, n: 1 }, amongThem: null });
  });

  it("is not certain of six wins in six, and says nothing of lengths that made no difference", () => {
    const { judge, atEqualLength } = reportJudge(
      Array.from({ length: 6 }, () => pair("first", "first")),
      1,
    );
    // Wilson 1927: z² / (n + z²) below.
    expect(judge).toMatchObject({ value: 1, n: 6, low: expect.closeTo(6 / (6 + 1.959964 ** 2), 6) });
    expect(atEqualLength).toBe(null);
  });

  it("has nothing to say of nothing", () => {
    expect(reportJudge([], 1)).toMatchObject({ judge: null, flips: null, people: null });
  });
});
