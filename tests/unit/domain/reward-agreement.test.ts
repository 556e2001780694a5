import { describe, expect, it } from "vitest";
import { measureRewardAgreement, type ScoredVote, voteLikelihood } from "../../../domain/reward-agreement";

let next = 0;
/** A pair as one annotator saw it; the first completion is better unless `ranks` says otherwise. */
const vote = (itemId: string, annotatorId: string, scores: (number | null)[], more: Partial<ScoredVote> = {}): ScoredVote => ({
  id: `v${next++}`,
  itemId,
  annotatorId,
  shownOrder: [`${itemId}a`, `${itemId}b`],
  ranks: [1, 2],
  scores,
  margin: 1,
  ...more,
});

describe("voteLikelihood", () => {
  it("is Bradley-Terry's of a pair, the geometric mean of a ranking, and nothing without an order or a score", () => {
    expect(voteLikelihood(vote("i", "a", [Math.log(3), 0]))).toBeCloseTo(0.75, 12);
    expect(voteLikelihood(vote("i", "a", [Math.log(3), 0], { ranks: [2, 1] }))).toBeCloseTo(0.25, 12);
    const ranking = vote("i", "a", [2, 1, 0], { shownOrder: ["x", "y", "z"], ranks: [1, 2, 3] });
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    expect(voteLikelihood(ranking)).toBeCloseTo(Math.cbrt(sigmoid(1) * sigmoid(1) * sigmoid(2)), 12);
    expect(voteLikelihood(vote("i", "a", [1, 0], { ranks: [1, 1] }))).toBeNull();
    expect(voteLikelihood(vote("i", "a", [1, null]))).toBeNull();
  });
});

describe("measureRewardAgreement", () => {
  const votes = [
    // Three of three prefer what is scored better.
    ...["a", "b", "c"].map((who) => vote("1", who, [2, 0], { margin: 3 })),
    // Two of three do; the third saw the sides swapped.
    vote("2", "a", [1, 0]),
    vote("2", "b", [1, 0]),
    vote("2", "c", [0, 1], { shownOrder: ["2b", "2a"] }),
    // One each way.
    vote("3", "a", [0.1, 0]),
    vote("3", "b", [0.1, 0], { ranks: [2, 1] }),
    // Alone, against the scores; a tie; without a score.
    vote("4", "c", [0, 5]),
    vote("5", "c", [1, 0], { ranks: [1, 1] }),
    vote("6", "c", [1, null]),
  ];
  const measured = measureRewardAgreement(votes, { seed: 1 });

  it("counts what orders and is scored, of all and of each annotator", () => {
    expect(measured).toMatchObject({ votes: 9, of: 10, all: { pairs: 9 } });
    expect(measured.all?.accuracy.value).toBeCloseTo(6 / 9, 12);
    expect(measured.all?.accuracy.n).toBe(4);
    expect(measured.annotators.map(({ annotatorId, pairs, accuracy }) => [annotatorId, pairs, accuracy.value])).toEqual([
      ["a", 3, 1],
      ["b", 3, 2 / 3],
      ["c", 3, 1 / 3],
    ]);
  });
  it("by how far people agreed, with the most that scores could reach", () => {
    expect(measured.byConsensus.map(({ consensus, pairs, accuracy, ceiling }) => [consensus, pairs, accuracy.value, ceiling])).toEqual([
      ["unanimous", 3, 1, 1],
      ["majority", 3, 2 / 3, 2 / 3],
      ["split", 2, 0.5, 0.5],
      ["single", 1, 0, 1],
    ]);
  });
  it("by its own certainty and by the vote's margin", () => {
    // sigmoid(0.1) = .525, sigmoid(1) = .731, sigmoid(2) = .881, sigmoid(5) = .993
    expect(measured.byCertainty.map(({ from, pairs, accuracy }) => [from, pairs, accuracy.value])).toEqual([
      [0.5, 2, 0.5],
      [0.7, 3, 2 / 3],
      [0.8, 3, 1],
      [0.9, 1, 0],
    ]);
    expect(measured.byCertainty[1]?.predicted).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(measured.byMargin.map(({ margin, pairs }) => [margin, pairs])).toEqual([
      [1, 6],
      [3, 3],
    ]);
  });
  it("is empty without votes, and equal scores are not right", () => {
    expect(measureRewardAgreement([], { seed: 1 })).toEqual({
      votes: 0,
      of: 0,
      all: null,
      annotators: [],
      byCertainty: [],
      byMargin: [],
      byConsensus: [],
    });
    expect(measureRewardAgreement([vote("1", "a", [1, 1])], { seed: 1 }).all?.accuracy.value).toBe(0);
  });
});
