import { describe, expect, it } from "vitest";
import { fitReliability, likelihoodByOthers } from "../../../../domain/quality/dawid-skene";
import { indexObservations, nothingSaid, say } from "../../../../domain/quality/observations";
import { maxDifference, readGolden } from "../../../helpers/golden";

type Golden = {
  rows: [unit: number, annotator: number, value: number][];
  full: { posterior: number[][]; prior: number[]; says: number[][][] };
  one_coin: { posterior: number[][]; prior: number[]; skill: number[] };
};
const golden = readGolden<Golden>("quality", "reliability.json");
type Rows = Golden["rows"];
const index = (rows: Rows) => {
  const said = nothingSaid();
  rows.forEach(([unit, annotator, value], i) => say(said, unit, 0, annotator, value, i));
  return indexObservations(said);
};
const data = index(golden.rows);

describe("reliability against crowd-kit", () => {
  it("Dawid-Skene: posteriors, priors and tables", () => {
    const fit = fitReliability(data, { model: "full", maxIterations: 5000, tolerance: 1e-12 });
    expect(maxDifference(fit.posterior, golden.full.posterior.flat())).toBeLessThan(1e-6);
    expect(maxDifference(fit.prior, golden.full.prior)).toBeLessThan(1e-6);
    expect(
      maxDifference(fit.says, golden.full.says.flatMap((table) => table.map((_, j) => table.map((row) => row[j] ?? 0))).flat()),
    ).toBeLessThan(1e-6);
  });
  it("one coin: posteriors and skills", () => {
    const fit = fitReliability(data, { model: "one-coin", maxIterations: 5000, tolerance: 1e-12 });
    expect(maxDifference(fit.posterior, golden.one_coin.posterior.flat())).toBeLessThan(1e-6);
    expect(maxDifference(fit.accuracy, golden.one_coin.skill)).toBeLessThan(1e-6);
  });
  it("stops early by default, within a hundredth of the end", () => {
    const fit = fitReliability(data, { model: "one-coin" });
    expect(fit.iterations).toBeLessThan(100);
    expect(maxDifference(fit.accuracy, golden.one_coin.skill)).toBeLessThan(0.01);
  });
});

describe("what the others find likely", () => {
  const agreed = Array.from({ length: 30 }, (_, u) => [0, 1, 2].map((annotator): Rows[number] => [u, annotator, u % 2])).flat();
  it("is little for one against two reliable ones, and nothing is said of a lone vote", () => {
    const mixed = index([...agreed, [30, 0, 0], [30, 1, 0], [30, 2, 1], [31, 0, 1]]);
    const likelihood = likelihoodByOthers(mixed, fitReliability(mixed, { model: "one-coin" }));
    const of = (row: number) => likelihood[mixed.source.indexOf(row)] ?? -1;
    expect(of(92)).toBeLessThan(0.05);
    expect(of(90)).toBeGreaterThan(of(92));
    expect(of(0)).toBeGreaterThan(0.95);
    expect(of(93)).toBeNaN();
  });
});
