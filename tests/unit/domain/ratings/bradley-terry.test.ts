import { describe, expect, it } from "vitest";
import { fitBradleyTerry, type Vote } from "../../../../domain/ratings/bradley-terry";

const LOGIT = 400 / Math.LN10;
const repeat = (vote: Vote, times: number): Vote[] => Array.from({ length: times }, () => vote);
const pair = (a: number, b: number, result: "a" | "b" | "tie"): Vote => [{ a, b, result, weight: 1 }];

describe("Bradley-Terry", () => {
  it("gives the published estimates of the 1987 American League (Agresti, Categorical Data Analysis, table 10.10)", () => {
    // Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore: wins of the row over the column.
    const wins = [[0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12], [6, 8, 6, 0, 6, 7, 10], [6, 2, 6, 7, 0, 7, 12], [4, 4, 5, 6, 6, 0, 6], [2, 4, 1, 3, 1, 7, 0]];
    const votes = wins.flatMap((row, i) => row.flatMap((count, j) => repeat(pair(i, j, "a"), count)));
    const { ratings, groups } = fitBradleyTerry(votes, 7, { seed: 1, samples: 50, ridge: 0 });
    const logits = ratings.map(({ score }) => (score - (ratings[6]?.score ?? 0)) / LOGIT);
    [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0].forEach((logit, i) => expect(logits[i]).toBeCloseTo(logit, 2));
    expect(groups).toHaveLength(1);
    for (const { low, score, high } of ratings) expect(low < score && score < high).toBe(true);
  });
  it("two models: the logit is the log of the odds, and Davidson's v is ties / sqrt(wins * losses)", () => {
    const votes = [...repeat(pair(0, 1, "a"), 60), ...repeat(pair(0, 1, "b"), 15), ...repeat(pair(0, 1, "tie"), 30)];
    const { ratings, tie } = fitBradleyTerry(votes, 2, { seed: 1, samples: 10, ridge: 0 });
    expect(((ratings[0]?.score ?? 0) - (ratings[1]?.score ?? 0)) / LOGIT).toBeCloseTo(Math.log(60 / 15), 6);
    expect(tie).toBeCloseTo(30 / Math.sqrt(60 * 15), 6);
  });
  it("a model that never lost has a finite score; groups that were never compared are told apart", () => {
    const { ratings, groups } = fitBradleyTerry([...repeat(pair(0, 1, "a"), 20), ...repeat(pair(2, 3, "b"), 5)], 4, { seed: 1, samples: 20 });
    expect(Number.isFinite(ratings[0]?.score)).toBe(true);
    expect(ratings[0]?.first).toBeGreaterThan(0);
    expect(groups).toEqual([[0, 1], [2, 3]]);
  });
  it("refuses an outcome that it does not know", () => {
    expect(() => fitBradleyTerry([[{ a: 0, b: 1, result: "draw" as "tie", weight: 1 }]], 2, { seed: 1 })).toThrow(/Unknown outcome "draw"/);
  });
});
