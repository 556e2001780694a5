import { describe, expect, it } from "vitest";
import { LEVELS, type Level, measureAgreement } from "../../../../domain/quality/agreement";
import { comparePairs, type KappaWeights, measureKappa } from "../../../../domain/quality/cohen";
import { kendallTauB, kendallW } from "../../../../domain/quality/kendall";
import { indexObservations, nothingSaid, say } from "../../../../domain/quality/observations";
import { createRandom } from "../../../../domain/random";
import { readGolden } from "../../../helpers/golden";

type Rows = [unit: number, annotator: number, value: number][];
type Golden = {
  alpha: Record<string, { rows: Rows; alpha: Partial<Record<Level, number>> }>;
  fleiss: { rows: Rows; kappa: number };
  cohen: { table: number[][] } & Record<KappaWeights, number>;
  kendall: { rankings: number[][]; w: number; tau: number }[];
};
const golden = readGolden<Golden>("quality", "agreement.json");
const index = (rows: Rows) => {
  const said = nothingSaid();
  rows.forEach(([unit, annotator, value], i) => say(said, unit, 0, annotator, value, i));
  return indexObservations(said);
};

describe("Krippendorff's alpha against the krippendorff package", () => {
  it.each(Object.keys(golden.alpha))("%s", (name) => {
    const { rows, alpha } = golden.alpha[name] ?? { rows: [], alpha: {} };
    const levels = LEVELS.filter((level) => level in alpha);
    const measured = measureAgreement(index(rows), { levels, seed: 1, samples: 200 });
    for (const level of levels) {
      const estimate = measured?.alpha[level];
      expect(estimate?.value, level).toBeCloseTo(alpha[level] ?? Number.NaN, 10);
      expect(estimate?.low, level).toBeLessThan(estimate?.value ?? 0);
      expect(estimate?.high, level).toBeGreaterThan(estimate?.value ?? 0);
    }
  });
  it("is Krippendorff's own figure for his example: nominal 0.743", () => {
    expect(measureAgreement(index(golden.alpha.paper?.rows ?? []), { levels: ["nominal"], seed: 1 })?.alpha.nominal?.value.toFixed(3)).toBe(
      "0.743",
    );
  });
  it("refuses ratios of negative values, two values of one annotator, and says nothing without overlap", () => {
    const rows: Rows = [
      [0, 0, -1],
      [0, 1, 1],
    ];
    expect(() => measureAgreement(index(rows), { levels: ["ratio"], seed: 1 })).toThrow(/below 0/);
    expect(() =>
      index([
        [0, 0, 1],
        [0, 0, 2],
      ]),
    ).toThrow(/two values/);
    expect(
      measureAgreement(
        index([
          [0, 0, 1],
          [1, 1, 1],
        ]),
        { levels: ["nominal"], seed: 1 },
      ),
    ).toBeNull();
    const same = measureAgreement(
      index([
        [0, 0, 1],
        [0, 1, 1],
      ]),
      { levels: ["nominal"], seed: 1 },
    );
    expect([same?.percent.value, same?.fleiss, same?.alpha.nominal]).toEqual([1, null, null]);
  });
});

it("Fleiss' kappa is statsmodels'", () => {
  const measured = measureAgreement(index(golden.fleiss.rows), { levels: [], seed: 1 });
  expect(measured?.fleiss?.value).toBeCloseTo(golden.fleiss.kappa, 12);
});

it("Cohen's kappa is scikit-learn's, with each weight, and found from observations", () => {
  const { table } = golden.cohen;
  for (const weights of ["none", "linear", "quadratic"] as const) {
    expect(measureKappa(table.flat(), 4, { weights, seed: 1 })?.value).toBeCloseTo(golden.cohen[weights], 12);
  }
  const rows: Rows = [];
  table.forEach((row, i) =>
    row.forEach((count, j) => {
      for (let n = 0; n < count; n++) rows.push([rows.length, 0, i], [rows.length, 1, j]);
    }),
  );
  // Units are numbered by their first row, so that both values of a unit share a number.
  const paired = rows.map(([, annotator, value], i): Rows[number] => [Math.floor(i / 2), annotator, value]);
  const [pair] = comparePairs(index(paired), { weights: "none", seed: 1, least: 1, limit: 5 });
  expect(pair).toMatchObject({ a: 0, b: 1, n: 90 });
  expect(pair?.kappa?.value).toBeCloseTo(golden.cohen.none, 12);
});

it.each(golden.kendall.map((entry, i) => [i, entry] as const))("Kendall's W and tau-b are scipy's, case %i", (_, { rankings, w, tau }) => {
  expect(kendallW(rankings)).toBeCloseTo(w, 10);
  expect(kendallTauB(rankings[0] ?? [], rankings[1] ?? [])).toBeCloseTo(tau, 12);
});

describe("bootstrap by counts", () => {
  it("gives the interval that resampling the units themselves gives", () => {
    const { rows } = golden.fleiss;
    const byUnit = new Map<number, Rows>();
    for (const row of rows) byUnit.set(row[0], [...(byUnit.get(row[0]) ?? []), row]);
    const random = createRandom(9, "units");
    const values = Array.from({ length: 1000 }, () => {
      const drawn = Array.from({ length: byUnit.size }, (_, i) =>
        (byUnit.get(random.int(byUnit.size)) ?? []).map(([, a, v]): Rows[number] => [i, a, v]),
      ).flat();
      return measureAgreement(index(drawn), { levels: [], seed: 1, samples: 1 })?.fleiss?.value ?? 0;
    }).sort((a, b) => a - b);
    const fast = measureAgreement(index(rows), { levels: [], seed: 2 })?.fleiss;
    expect(Math.abs((fast?.low ?? 0) - (values[25] ?? 0))).toBeLessThan(0.02);
    expect(Math.abs((fast?.high ?? 0) - (values[974] ?? 0))).toBeLessThan(0.02);
  });
});
