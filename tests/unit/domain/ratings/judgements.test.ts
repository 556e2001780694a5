import { describe, expect, it } from "vitest";
import { describeFragility, describeLimits } from "../../../../domain/ratings/describe";
import {
  BEST_ONLY,
  BOTH_BAD,
  type JudgementColumns,
  judgementId,
  packJudgements,
  RANKED,
  sortJudgements,
} from "../../../../domain/ratings/judgements";
import { rateVotes } from "../../../../domain/ratings/rate";
import { measureStyle } from "../../../../domain/ratings/text-style";
import { packVotes, type VoteRow } from "../../../../domain/ratings/votes";

/** Judgements of completions that are their own models' only ones, but 9, which belongs to model 0 as well. */
function columnsOf(rows: { kind: number; shown: number[]; rank?: number[]; propensity?: number }[]): JudgementColumns {
  const start = Int32Array.from([0, ...rows.map((_, k) => rows.slice(0, k + 1).reduce((sum, { shown }) => sum + shown.length, 0))]);
  return {
    length: rows.length,
    annotators: 1,
    ids: Uint32Array.from(rows.flatMap((_, k) => [0xb6618763, 0xe14a460f, 0xae10e0c4, k])),
    annotator: new Int32Array(rows.length),
    at: new Float64Array(rows.length),
    propensity: Float64Array.from(rows, ({ propensity }) => propensity ?? 1),
    kind: Uint8Array.from(rows, ({ kind }) => kind),
    start,
    shown: Int32Array.from(rows.flatMap(({ shown }) => shown)),
    rank: Uint8Array.from(rows.flatMap(({ shown, rank }) => rank ?? shown.map(() => 0))),
  };
}
const options = { modelOf: Int32Array.from([0, 1, 2, -1, -1, -1, -1, -1, -1, 0]), models: 3 };

describe("judgements", () => {
  it("become pairs of different models, in the order shown", () => {
    const packed = packJudgements(
      columnsOf([
        { kind: RANKED, shown: [2, 0, 1], rank: [2, 1, 2] },
        { kind: BOTH_BAD, shown: [0, 1] },
        { kind: RANKED, shown: [0, 9], rank: [1, 2] },
        { kind: RANKED, shown: [1, 3], rank: [1, 2] },
        { kind: RANKED, shown: [1, 9], rank: [2, 1] },
        { kind: BEST_ONLY, shown: [1, 0, 2], rank: [2, 1, 2] },
      ]),
      options,
    );
    expect([...packed.a].map((a, row) => [a, packed.b[row], packed.outcome[row], packed.weight?.[row], packed.judgement?.[row]])).toEqual([
      [2, 0, 1, 0.5, 0],
      [2, 1, 2, 0.5, 0],
      [0, 1, 0, 0.5, 0],
      [1, 0, 1, 1, 1],
      [1, 0, 1, 0.5, 2],
      [0, 2, 0, 0.5, 2],
    ]);
    expect([...packed.source]).toEqual([0, 4, 5]);
    expect(packed.same).toBe(1);
  });
  it("weigh 1 / propensity over the mean, at most twentyfold, and say what they are worth", () => {
    const even = packJudgements(
      columnsOf([
        { kind: RANKED, shown: [0, 1], rank: [1, 2], propensity: 0.5 },
        { kind: RANKED, shown: [1, 2], rank: [1, 2], propensity: 0.25 },
      ]),
      { ...options, byPropensity: true },
    );
    expect([...(even.weight ?? [])].map((weight) => weight.toFixed(6))).toEqual(["0.666667", "1.333333"]);
    // (2 / 3 + 4 / 3)^2 / (4 / 9 + 16 / 9)
    expect(even.effective).toBeCloseTo(1.8, 9);
    const rows = Array.from({ length: 100 }, (_, k) => ({ kind: RANKED, shown: [0, 1], rank: [1, 2], propensity: k === 0 ? 0.001 : 1 }));
    expect(packJudgements(columnsOf(rows), { ...options, byPropensity: true }).weight?.[0]).toBe(20);
  });
  it("come into order of time and id behind those that are in order already", () => {
    const rows = [
      { kind: RANKED, shown: [5, 6], rank: [1, 2], propensity: 0.9 },
      { kind: BEST_ONLY, shown: [0, 1, 2], rank: [1, 2, 2], propensity: 0.1 },
      { kind: BOTH_BAD, shown: [3, 4], propensity: 0.2 },
      { kind: RANKED, shown: [2, 3, 4, 5], rank: [4, 3, 2, 1], propensity: 0.3 },
      { kind: RANKED, shown: [7, 8], rank: [2, 1], propensity: 0.4 },
    ];
    const columns = columnsOf(rows);
    columns.at.set([9, 4, 2, 2, 3]);
    columns.ids[4 * 2] = 0xffffffff;
    columns.annotator.set([0, 1, 2, 3, 4]);
    sortJudgements(columns, 1);
    expect(
      [0, 1, 2, 3, 4].map((k) => [
        columns.annotator[k],
        columns.at[k],
        columns.kind[k],
        columns.propensity[k],
        judgementId(columns, k),
        [...columns.shown.slice(columns.start[k], columns.start[k + 1])],
        [...columns.rank.slice(columns.start[k], columns.start[k + 1])],
      ]),
    ).toEqual([
      [0, 9, RANKED, 0.9, "b6618763-e14a-460f-ae10-e0c400000000", [5, 6], [1, 2]],
      [3, 2, RANKED, 0.3, "b6618763-e14a-460f-ae10-e0c400000003", [2, 3, 4, 5], [4, 3, 2, 1]],
      [2, 2, BOTH_BAD, 0.2, "ffffffff-e14a-460f-ae10-e0c400000002", [3, 4], [0, 0]],
      [4, 3, RANKED, 0.4, "b6618763-e14a-460f-ae10-e0c400000004", [7, 8], [2, 1]],
      [1, 4, BEST_ONLY, 0.1, "b6618763-e14a-460f-ae10-e0c400000001", [0, 1, 2], [1, 2, 2]],
    ]);
  });
  it("have their ids back", () => {
    expect(judgementId(columnsOf([{ kind: RANKED, shown: [0, 1] }]), 0)).toBe("b6618763-e14a-460f-ae10-e0c400000000");
  });
});

describe("words", () => {
  const names = ["new", "old", "odd", "even"];
  const words = (rows: VoteRow[], models = 2, effective = rows.length) =>
    describeLimits(rateVotes(packVotes(models, rows), { seed: 1 }), names.slice(0, models), { votes: rows.length, effective }).join("\n");
  const win = (a: number, b: number, count: number): VoteRow[] => Array.from({ length: count }, () => ({ a, b, result: "a" }));
  it("say what the votes do not carry, and nothing where they do", () => {
    expect(words(win(0, 1, 5))).toMatch(/^new never lost to the others.*upper bound to its score[\s\S]*old never won/);
    expect(words([...win(0, 1, 5), ...win(2, 3, 3)], 4)).toMatch(/2 groups of models were never compared.*new and old; odd and even/);
    expect(words([...win(0, 1, 3), ...win(1, 0, 2)])).toMatch(/With 5 votes for 2 models the intervals rest on the model/);
    expect(words([...win(0, 1, 60), ...win(1, 0, 20), ...win(1, 2, 60), ...win(2, 1, 20), ...win(2, 0, 60), ...win(0, 2, 20)], 3)).toMatch(
      /does not fit one scale.*p = below 0.0001/,
    );
    expect(words([...win(0, 1, 60), ...win(1, 0, 20)], 2, 40)).toBe("The weights are unequal: 80 votes count like 40.");
    expect(words([...win(0, 1, 60), ...win(1, 0, 20)])).toBe("");
  });
  it("say how few votes carry the first place", () => {
    expect(describeFragility("new", "old", 1, 80)).toBe(
      "Without one vote of 80 (1.3 %) old would be first instead of new. No smaller set was found.",
    );
  });
});

it("style is length, headings, lists and bold", () => {
  expect(measureStyle("# Head\n\n- one **bold** word\n- two\n1. three\n\nC# is no __heading__")).toEqual([64, 1, 3, 2]);
  expect(measureStyle("")).toEqual([0, 0, 0, 0]);
});
