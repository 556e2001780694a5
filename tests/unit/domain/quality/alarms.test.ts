import { describe, expect, it } from "vitest";
import { fastLimits, findAlarms, measureHabits } from "../../../../domain/quality/alarms";
import { measureQuality } from "../../../../domain/quality/report";
import type { QualityVote } from "../../../../domain/quality/vote";

let n = 0;
const vote = (more: Partial<QualityVote>): QualityVote => ({
  id: `v${n++}`,
  itemId: `i${n}`,
  annotatorId: "a",
  mode: "pairwise",
  kind: "pairwise",
  ranks: [1, 2],
  margin: -1,
  side: -1,
  scores: [],
  gold: null,
  repeatOf: null,
  activeMs: 30_000,
  untouched: false,
  at: 0,
  guideline: 1,
  ...more,
});
const many = (count: number, more: (i: number) => Partial<QualityVote>) => Array.from({ length: count }, (_, i) => vote(more(i)));
const alarmsOf = (votes: QualityVote[], all: QualityVote[] = votes) =>
  findAlarms(measureHabits(votes, fastLimits(all))).map(({ kind }) => kind);

describe("alarms", () => {
  it("one side again and again, and not a slight preference or few votes", () => {
    expect(alarmsOf(many(40, () => ({ side: -1 })))).toEqual(["always_left"]);
    expect(alarmsOf(many(40, (i) => ({ side: i < 36 ? 1 : -1 })))).toEqual(["always_right"]);
    expect(alarmsOf(many(40, (i) => ({ side: i % 2 === 0 ? 1 : -1 })))).toEqual([]);
    expect(alarmsOf(many(2000, (i) => ({ side: i % 100 < 56 ? 1 : -1 })))).toEqual([]);
    expect(alarmsOf(many(10, () => ({ side: -1 })))).toEqual([]);
  });
  it("votes faster than a fifth of the median of their mode", () => {
    const others = many(200, (i) => ({ side: i % 2 === 0 ? 1 : -1 }));
    const hasty = many(30, (i) => ({ side: i % 2 === 0 ? 1 : -1, activeMs: i < 15 ? 2000 : 30_000 }));
    expect(alarmsOf(hasty, [...others, ...hasty])).toEqual(["too_fast"]);
    expect(
      alarmsOf(
        many(30, (i) => ({ side: i % 2 === 0 ? 1 : -1, activeMs: 0 })),
        others,
      ),
    ).toEqual([]);
  });
  it("rankings sent as they were shown", () => {
    const ranking = { mode: "ranking", kind: "ranking", side: null, margin: null, ranks: [1, 2, 3] };
    expect(alarmsOf(many(30, (i) => ({ ...ranking, untouched: i < 20 })))).toEqual(["untouched"]);
    expect(alarmsOf(many(30, (i) => ({ ...ranking, untouched: i < 6 })))).toEqual([]);
  });
});

describe("the report", () => {
  it("compares what was shown again with the first time, and gold with the known answer, and keeps repeats out of agreement", () => {
    const votes = [
      vote({ itemId: "x", ranks: [1, 2] }),
      vote({ itemId: "y", ranks: [1, 2] }),
      vote({ itemId: "x2", repeatOf: "x", ranks: [1, 2] }),
      vote({ itemId: "y2", repeatOf: "y", ranks: [2, 1] }),
      vote({ itemId: "g", ranks: [1, 3, 2], gold: [1, 2, 3], mode: "ranking", kind: "ranking", margin: null, side: null }),
    ];
    const { annotators, shared } = measureQuality(votes, { seed: 1 });
    expect(annotators).toMatchObject([{ repeats: { k: 1, n: 2 }, gold: { k: 2, n: 3 }, reliability: null }]);
    expect(shared).toEqual({ k: 0, n: 5 });
  });
  it("tells agreement before and after a change of guidelines, and scores on attributes by every level", () => {
    const pair = (item: number, guideline: number, b: number) =>
      [1, b].map((score, i) =>
        vote({
          itemId: `r${item}`,
          annotatorId: `p${i}`,
          guideline,
          mode: "rating",
          kind: "rating",
          margin: null,
          side: null,
          ranks: i === 0 || b === 1 ? [1, 2] : [2, 1],
          scores: [{ scale: "helpful", scores: [score, 5] }],
        }),
      );
    const report = measureQuality(
      [
        ...Array.from({ length: 10 }, (_, i) => pair(i, 1, i % 2 === 0 ? 4 : 1)).flat(),
        ...Array.from({ length: 10 }, (_, i) => pair(10 + i, 2, 1)).flat(),
      ],
      { seed: 1 },
    );
    expect(report.byGuideline.map(({ group, percent }) => [group, percent?.value])).toEqual([
      ["v1", 0.5],
      ["v2", 1],
    ]);
    expect(Object.keys(report.scales.find(({ name }) => name === "helpful")?.alpha ?? {})).toEqual([
      "nominal",
      "ordinal",
      "interval",
      "ratio",
    ]);
  });
});
