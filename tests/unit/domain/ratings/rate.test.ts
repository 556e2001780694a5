import { describe, expect, it } from "vitest";
import { findFragility } from "../../../../domain/ratings/fragility";
import { estimateCovariance, fitPairs } from "../../../../domain/ratings/bradley-terry";
import { votesNeeded } from "../../../../domain/ratings/power";
import { rateVotes, winRateAgainst } from "../../../../domain/ratings/rate";
import { differenceError } from "../../../../domain/ratings/ranks";
import { createRandom } from "../../../../domain/random";
import { countPairs, packVotes, type VoteRow } from "../../../../domain/ratings/votes";
import { goldenRatings as golden, votesOf } from "./golden";

const times = (count: number, row: VoteRow): VoteRow[] => Array.from({ length: count }, () => row);
const win = (a: number, b: number, count = 1) => times(count, { a, b, result: "a" });
const rate = (models: number, rows: VoteRow[]) => rateVotes(packVotes(models, rows), { seed: 1 });

/** Votes between models of these strengths, without ties. */
function simulate(theta: number[], count: number, seed: number) {
  const random = createRandom(seed, "rate-test");
  return packVotes(
    theta.length,
    Array.from({ length: count }, (): VoteRow => {
      const a = random.int(theta.length);
      const b = (a + 1 + random.int(theta.length - 1)) % theta.length;
      return { a, b, result: random.next() < 1 / (1 + Math.exp((theta[b] ?? 0) - (theta[a] ?? 0))) ? "a" : "b" };
    }),
  );
}

describe("a board", () => {
  it.each([
    ["no vote", 3, []],
    ["one vote", 2, win(0, 1)],
    ["one tie", 2, [{ a: 0, b: 1, result: "tie" as const }]],
    ["a model that never lost and one that never won", 3, [...win(0, 1, 9), ...win(1, 2, 9), ...win(0, 2, 9)]],
    ["a circle", 3, [...win(0, 1, 30), ...win(1, 2, 30), ...win(2, 0, 30)]],
    ["two groups", 4, [...win(0, 1, 20), ...win(2, 3, 2), ...win(3, 2, 1)]],
  ])("is finite with %s", (_, models, rows) => {
    for (const rating of rate(models, rows).ratings)
      for (const value of Object.values(rating)) if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
  });
  it("says which models have no bound, and keeps their errors wide", () => {
    const board = rate(3, [...win(0, 1, 9), ...win(1, 2, 5), ...win(2, 1, 4)]);
    expect(board.ratings.map(({ open }) => open)).toEqual(["above", "below", "below"]);
    expect(board.errors).toEqual(["model"]);
    expect((board.ratings[0]?.high ?? 0) - (board.ratings[0]?.low ?? 0)).toBeGreaterThan(400);
  });
  it("ranks groups that were never compared apart, each about 1000", () => {
    const board = rate(5, [...win(0, 1, 20), ...win(1, 0, 5), ...win(2, 3, 8), ...win(3, 2, 4), ...win(3, 4, 4), ...win(4, 3, 2)]);
    expect(board.groups).toEqual([
      [2, 3, 4],
      [0, 1],
    ]);
    expect(board.ratings.map(({ group }) => group)).toEqual([1, 1, 0, 0, 0]);
    expect((board.ratings[0]?.score ?? 0) + (board.ratings[1]?.score ?? 0)).toBeCloseTo(2000, 6);
    expect(board.ratings[0]?.rank).toBe(1);
    expect((board.ratings[0]?.first ?? 0) + (board.ratings[1]?.first ?? 0)).toBeCloseTo(1, 9);
  });
  it("finds votes that no single scale explains, and does not where one does", () => {
    expect(
      rate(3, [...win(0, 1, 60), ...win(1, 0, 20), ...win(1, 2, 60), ...win(2, 1, 20), ...win(2, 0, 60), ...win(0, 2, 20)]).misfit?.p,
    ).toBeLessThan(1e-6);
    expect(rateVotes(simulate([0.5, 0, -0.5, 0.2], 2000, 4), { seed: 1 }).misfit?.p).toBeGreaterThan(0.01);
    expect(rate(2, win(0, 1, 3)).misfit).toBeNull();
  });
  it("its intervals of scores and ranks hold what they promise", () => {
    const theta = [0.6, 0.3, 0.25, 0, -1.15];
    const [truth, rounds] = [[1, 2, 3, 4, 5], 200];
    let [scores, ranks, led] = [0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      const { ratings } = rateVotes(simulate(theta, 500, round), { seed: 1, draws: 200 });
      ratings.forEach(({ low, high, rankLow, rankHigh }, i) => {
        const score = 1000 + (400 / Math.LN10) * (theta[i] ?? 0);
        scores += Number(low <= score && score <= high);
        ranks += Number(rankLow <= (truth[i] ?? 0) && (truth[i] ?? 0) <= rankHigh);
      });
      led += ratings[0]?.first ?? 0;
    }
    // 95 %, less three standard errors over 1000 dependent intervals; ranks by Bonferroni are on the safe side.
    expect(scores / (5 * rounds)).toBeGreaterThan(0.93);
    expect(scores / (5 * rounds)).toBeLessThan(0.97);
    expect(ranks / (5 * rounds)).toBeGreaterThan(0.95);
    expect(led / rounds).toBeGreaterThan(0.8);
  });
});

it("the win rate of two models is what was counted, ties half", () => {
  const board = rate(2, [...win(0, 1, 60), ...win(1, 0, 15), ...times(30, { a: 0, b: 1, result: "tie" })]);
  const { value, low, high } = winRateAgainst({ theta: board.fit.x.subarray(0, 2), covariance: board.covariance, tie: board.tie }, 0, 1);
  expect(value).toBeCloseTo((60 + 15) / 105, 9);
  // The binomial standard error is that of the share with ties as halves: sqrt(sum of squares about the mean) / n.
  const error = Math.sqrt(60 * (1 - value) ** 2 + 15 * value ** 2 + 30 * (0.5 - value) ** 2) / 105;
  // v is taken as known, which is a tenth off at most.
  expect(high - low).toBeGreaterThan(2 * 1.96 * error * 0.9);
  expect(high - low).toBeLessThan(2 * 1.96 * error * 1.1);
});

describe("fragility", () => {
  it.each(golden.fragility.map((example, k) => [k, example] as const))(
    "finds the fewest votes of all subsets, example %d",
    (_, example) => {
      const votes = votesOf(example);
      const fit = fitPairs(countPairs(votes));
      const found = findFragility(votes, fit, estimateCovariance(votes, fit).covariance);
      expect(found?.leader).toBe(example.leader);
      expect(found?.judgements).toHaveLength(example.fewest);
      // Without them somebody else leads.
      const rest = new Uint8Array(votes.a.length).fill(1);
      for (const judgement of found?.judgements ?? []) rest[judgement] = 0;
      const { x } = fitPairs(countPairs(votes, rest));
      expect(x[found?.challenger ?? 0]).toBeGreaterThanOrEqual(x[example.leader] ?? 0);
    },
  );
  it("finds none where half of the votes change nothing", () => {
    const votes = packVotes(2, win(0, 1, 40));
    const fit = fitPairs(countPairs(votes));
    expect(findFragility(votes, fit, estimateCovariance(votes, fit).covariance)).toBeNull();
  });
});

describe("power", () => {
  it("is the textbook's number of votes for two models: (z_.975 + z_.8)^2 p (1 - p) / (information * difference)^2", () => {
    const board = rate(2, [...win(0, 1, 50), ...win(1, 0, 50)]);
    const delta = (50 * Math.LN10) / 400;
    const total = (1.959964 + 0.841621) ** 2 / (0.25 * delta ** 2);
    const needed = votesNeeded(board, { difference: 50 });
    expect(needed[1]).toBe(Math.ceil(total - 100));
    expect(votesNeeded(board, { difference: 300 })[1]).toBe(0);
    expect(() => votesNeeded(board, { difference: 0 })).toThrow(/above 0/);
  });
  it("that many votes do settle a true difference four times in five", () => {
    const delta = (60 * Math.LN10) / 400;
    const needed = votesNeeded({ ...rate(2, [...win(0, 1, 10), ...win(1, 0, 10)]) }, { difference: 60 })[1] ?? 0;
    let settled = 0;
    for (let round = 0; round < 400; round++) {
      const votes = simulate([delta, 0], needed + 20, round);
      const fit = fitPairs(countPairs(votes));
      settled += Number(
        Math.abs((fit.x[0] ?? 0) - (fit.x[1] ?? 0)) > 1.96 * differenceError(estimateCovariance(votes, fit).covariance, 2, 0, 1),
      );
    }
    // .8, four standard errors of 400 rounds.
    expect(settled / 400).toBeGreaterThan(0.72);
    expect(settled / 400).toBeLessThan(0.88);
  });
});
