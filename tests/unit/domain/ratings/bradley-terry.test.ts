import { describe, expect, it } from "vitest";
import { bootstrapStrengths } from "../../../../domain/ratings/bootstrap";
import { estimateCovariance, fitPairs, logTieOf } from "../../../../domain/ratings/bradley-terry";
import { createOnlineRatings } from "../../../../domain/ratings/online";
import { differenceError } from "../../../../domain/ratings/ranks";
import { countPairs, packVotes, type VoteRow } from "../../../../domain/ratings/votes";
import { maxDifference } from "../../../helpers/golden";
import { goldenRatings as golden, votesOf } from "./golden";

const times = (count: number, row: VoteRow): VoteRow[] => Array.from({ length: count }, () => row);
const strengths = (models: number, rows: VoteRow[]) => fitPairs(countPairs(packVotes(models, rows))).x;

describe("Bradley-Terry", () => {
  it("gives the published estimates of the 1987 American League (Agresti, Categorical Data Analysis, table 10.10)", () => {
    // Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore: wins of the row over the column.
    const wins = [
      [0, 7, 9, 7, 7, 9, 11],
      [6, 0, 7, 5, 11, 9, 9],
      [4, 6, 0, 7, 7, 8, 12],
      [6, 8, 6, 0, 6, 7, 10],
      [6, 2, 6, 7, 0, 7, 12],
      [4, 4, 5, 6, 6, 0, 6],
      [2, 4, 1, 3, 1, 7, 0],
    ];
    const theta = strengths(
      7,
      wins.flatMap((row, i) => row.flatMap((count, j) => times(count, { a: i, b: j, result: "a" }))),
    );
    [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0].forEach((logit, i) => expect((theta[i] ?? 0) - (theta[6] ?? 0)).toBeCloseTo(logit, 2));
  });
  it("two models: the logit is the log of the odds, and Davidson's v is ties / sqrt(wins * losses)", () => {
    const fit = fitPairs(
      countPairs(
        packVotes(2, [
          ...times(60, { a: 0, b: 1, result: "a" }),
          ...times(15, { a: 0, b: 1, result: "b" }),
          ...times(30, { a: 1, b: 0, result: "tie" }),
        ]),
      ),
    );
    expect((fit.x[0] ?? 0) - (fit.x[1] ?? 0)).toBeCloseTo(Math.log(60 / 15), 9);
    expect(Math.exp(logTieOf(fit))).toBeCloseTo(30 / Math.sqrt(60 * 15), 9);
  });
  it("with ties equals the maximum found vote by vote, and its sandwich", () => {
    const votes = votesOf(golden.plain);
    const fit = fitPairs(countPairs(votes));
    expect(maxDifference(fit.x.subarray(0, 6), golden.plain.theta)).toBeLessThan(1e-9);
    expect(logTieOf(fit)).toBeCloseTo(golden.plain.logTie, 9);
    const { covariance, kind } = estimateCovariance(votes, fit);
    expect(kind).toEqual(["sandwich"]);
    expect(maxDifference(covariance, golden.plain.sandwich.flat())).toBeLessThan(1e-9);
  });
  it("without ties equals statsmodels' Logit and its HC0 errors", () => {
    const votes = votesOf(golden.noTies);
    const fit = fitPairs(countPairs(votes));
    expect(maxDifference(fit.x, golden.noTies.theta)).toBeLessThan(1e-8);
    const { covariance } = estimateCovariance(votes, fit);
    golden.noTies.errorAgainst0.forEach((error, i) => expect(differenceError(covariance, 5, 0, i + 1)).toBeCloseTo(error, 8));
  });
  it("weighs votes, and keeps the rows of one judgement together in its errors", () => {
    const votes = votesOf(golden.clustered);
    const fit = fitPairs(countPairs(votes));
    expect(maxDifference(fit.x.subarray(0, 4), golden.clustered.theta)).toBeLessThan(1e-9);
    expect(logTieOf(fit)).toBeCloseTo(golden.clustered.logTie, 9);
    expect(maxDifference(estimateCovariance(votes, fit).covariance, golden.clustered.sandwich.flat())).toBeLessThan(1e-9);
  });
  it("a few votes get the model's errors, which are the inverse information", () => {
    const { models, a, b, outcome } = golden.plain;
    // The same information, said to be few: one vote in twenty of weight twenty.
    const few = { ...votesOf({ models, a: a.slice(0, 40), b: b.slice(0, 40), outcome: outcome.slice(0, 40) }) };
    expect(estimateCovariance(few, fitPairs(countPairs(few))).kind).toEqual(["model"]);
    const whole = votesOf(golden.plain);
    const all = { ...whole, judgement: Int32Array.from(whole.a, (_, row) => row % 8).sort() };
    expect(maxDifference(estimateCovariance(all, fitPairs(countPairs(all))).covariance, golden.plain.model.flat())).toBeLessThan(1e-9);
  });
  it("a model that never lost has the mode under Jeffreys' prior", () => {
    const theta = strengths(
      4,
      golden.firth.wins.flatMap((row, i) => row.flatMap((count, j) => times(count, { a: i, b: j, result: "a" }))),
    );
    expect(maxDifference(theta, golden.firth.theta)).toBeLessThan(1e-6);
    // Two models: half a win more on both sides.
    const [up, down] = strengths(2, times(20, { a: 0, b: 1, result: "a" }));
    expect((up ?? 0) - (down ?? 0)).toBeCloseTo(Math.log(20.5 / 0.5), 6);
  });
  it.each([
    [{ a: 0, b: 1, result: "draw" as "tie" }, /vote 1: unknown outcome "draw"/],
    [{ a: 0, b: 2, result: "a" as const }, /vote 1: b is 2, not a model below 2/],
    [{ a: 1, b: 1, result: "a" as const }, /vote 1: model 1 against itself/],
    [{ a: 0, b: 1, result: "a" as const, weight: 0 }, /vote 1: weight 0/],
  ])("refuses %j", (row, message) => {
    expect(() => packVotes(2, [{ a: 0, b: 1, result: "a" }, row])).toThrow(message);
  });
});

describe("the bootstrap", () => {
  it("spreads as the sandwich does, by counts and by judgements", () => {
    for (const example of [golden.plain, golden.clustered]) {
      const votes = votesOf(example);
      const fit = fitPairs(countPairs(votes));
      const draws = bootstrapStrengths(votes, fit, { seed: 3, samples: 1500 });
      for (let i = 0; i < example.models; i++) {
        const values = draws.map((draw) => draw[i] ?? 0);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
        expect(Math.sqrt(variance) / Math.sqrt(example.sandwich[i]?.[i] ?? 0)).toBeGreaterThan(0.9);
        expect(Math.sqrt(variance) / Math.sqrt(example.sandwich[i]?.[i] ?? 0)).toBeLessThan(1.15);
      }
    }
  });
  it("is the same for the same seed", () => {
    const votes = votesOf(golden.clustered);
    const fit = fitPairs(countPairs(votes));
    const draw = (seed: number) => bootstrapStrengths(votes, fit, { seed, samples: 3 });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});

describe("online ratings", () => {
  it("equal a fit from nothing after each vote, from the first on", () => {
    const { models, a, b, outcome } = golden.plain;
    const empty = votesOf({ models, a: [], b: [], outcome: [] });
    const online = createOnlineRatings(empty);
    a.forEach((model, row) => {
      online.add(model, b[row] ?? 0, outcome[row] ?? 0);
      if (row > 20 && row % 9 !== 0) return;
      const soFar = votesOf({ models, a: a.slice(0, row + 1), b: b.slice(0, row + 1), outcome: outcome.slice(0, row + 1) });
      expect(maxDifference(online.strengths(), fitPairs(countPairs(soFar)).x.subarray(0, models)), `after vote ${row + 1}`).toBeLessThan(
        1e-5,
      );
    });
    expect(maxDifference(online.strengths(), golden.plain.theta)).toBeLessThan(1e-6);
  });
});
