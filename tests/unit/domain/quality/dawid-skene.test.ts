import { describe, expect, it } from "vitest";
import { fitReliability, likelihoodByOthers } from "../../../../domain/quality/dawid-skene";
import { indexObservations } from "../../../../domain/quality/observations";
import { maxDifference, readGolden } from "../../../helpers/golden";

type Golden = {
  rows: [unit: number, annotator: number, value: number][];
  full: { posterior: number[][]; prior: number[]; says: number[][][] };
  one_coin: { posterior: number[][]; prior: number[]; skill: number[] };
};
const golden = readGolden<Golden>("quality", "reliability.json");
const data = indexObservations(golden.rows.map(([unit, annotator, value]) => ({ cluster: String(unit), unit: String(unit), annotator: String(annotator), value })));
const byName = (values: ArrayLike<number>, width: number) => data.annotators.map((_, i) => Array.from({ length: width }, (__, j) => values[data.annotators.indexOf(String(i)) * width + j] ?? Number.NaN));

describe("reliability against crowd-kit", () => {
  it("Dawid-Skene: posteriors, priors and tables", () => {
    const fit = fitReliability(data, { model: "full", maxIterations: 5000, tolerance: 1e-12 });
    expect(maxDifference(fit.posterior, golden.full.posterior.flat())).toBeLessThan(1e-6);
    expect(maxDifference(fit.prior, golden.full.prior)).toBeLessThan(1e-6);
    expect(maxDifference(byName(fit.says, 9).flat(), golden.full.says.flat(2))).toBeLessThan(1e-6);
  });
  it("one coin: posteriors and skills", () => {
    const fit = fitReliability(data, { model: "one-coin", maxIterations: 5000, tolerance: 1e-12 });
    expect(maxDifference(fit.posterior, golden.one_coin.posterior.flat())).toBeLessThan(1e-6);
    expect(maxDifference(byName(fit.accuracy, 1).flat(), golden.one_coin.skill)).toBeLessThan(1e-6);
  });
  it("stops early by default, within a hundredth of the end", () => {
    const fit = fitReliability(data, { model: "one-coin" });
    expect(fit.iterations).toBeLessThan(100);
    expect(maxDifference(byName(fit.accuracy, 1).flat(), golden.one_coin.skill)).toBeLessThan(0.01);
  });
});

describe("what the others find likely", () => {
  const rows = (votes: Record<string, number>, unit: string) => Object.entries(votes).map(([annotator, value]) => ({ cluster: unit, unit, annotator, value }));
  const agreed = Array.from({ length: 30 }, (_, i) => rows({ a: i % 2, b: i % 2, c: i % 2 }, `u${i}`)).flat();
  it("is little for one against two reliable ones, and nothing is said of a lone vote", () => {
    const mixed = indexObservations([...agreed, ...rows({ a: 0, b: 0, c: 1 }, "odd"), ...rows({ a: 1 }, "lone")]);
    const likelihood = likelihoodByOthers(mixed, fitReliability(mixed, { model: "one-coin" }));
    const of = (unit: string, annotator: string) => {
      const u = mixed.units.indexOf(unit);
      for (let o = mixed.start[u] ?? 0; o < (mixed.start[u + 1] ?? 0); o++) if (mixed.annotators[mixed.annotator[o] ?? 0] === annotator) return likelihood[o] ?? -1;
      return -1;
    };
    expect(of("odd", "c")).toBeLessThan(0.05);
    expect(of("odd", "a")).toBeGreaterThan(of("odd", "c"));
    expect(of("u0", "a")).toBeGreaterThan(0.95);
    expect(of("lone", "a")).toBeNaN();
  });
});
