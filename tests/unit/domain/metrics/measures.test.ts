/** chrF, paired tests, classes, correlations, calibration and answers against sacrebleu, scikit-learn, SciPy, uncertainty-calibration and torchmetrics. */
import { describe, expect, it } from "vitest";
import { type BleuSmoothing, type BleuTokenizer, bleuSignature, bleuStatistics, bleuSums, packBleu } from "../../../../domain/metrics/bleu";
import { bootstrapMean, bootstrapStatistic, bootstrapSums } from "../../../../domain/metrics/bootstrap";
import { expectedCalibrationError, selectiveAccuracy } from "../../../../domain/metrics/calibration";
import { chrfFromStatistics, chrfSignature, chrfStatistics } from "../../../../domain/metrics/chrf";
import { accuracy, f1Score, macroF1, matthews } from "../../../../domain/metrics/classification";
import { pearson, spearman } from "../../../../domain/metrics/correlation";
import { perplexityOfSums } from "../../../../domain/metrics/perplexity";
import { approximateRandomisation, comparePaired, pairedBootstrap } from "../../../../domain/metrics/significance";
import { fitLengthEffect, winRates } from "../../../../domain/metrics/win-rate";
import { exactMatch, tokenF1 } from "../../../../domain/metrics/text-match";
import { readGolden } from "../../../helpers/golden";

const { pairs } = readGolden<{ pairs: { reference: string; candidate: string }[] }>("text", "pairs.json");
const { second_references: second } = readGolden<{ second_references: string[] }>("text", "bleu.json");
type Paired = { samples: number; draws: number[] } & Record<"BLEU" | "chrF2", { baseline: number; system: number; p: number }>;
const golden = readGolden<{
  chrf: Record<
    string,
    { corpus: number; signature: string; sentence: number[]; two_references: number; two_references_sentence: number[] }
  >;
  signatures: [
    { smooth_method?: BleuSmoothing; smooth_value?: number; tokenize?: BleuTokenizer; effective_order?: boolean; lowercase?: boolean },
    number,
    string,
  ][];
  paired: { system: string[]; bs: Paired; ar: Paired };
  classes: { predictions: number[]; references: number[]; accuracy: number; matthews: number; f1: number; macroF1: number }[];
  correlations: { predictions: number[]; references: number[]; pearson: number; spearman: number }[];
  confidences: { confidences: number[]; right: boolean[]; ece: number; selective?: number }[];
  duels: { outcomes: number[]; differences: number[]; weights: [number, number] }[];
  answers: { reference: string; prediction: string; exact: number; f1: number }[];
}>("text", "measures.json");

const near = (actual: number, expected: number | undefined, what = "") =>
  expect(Math.abs(actual - (expected ?? Number.NaN)), what).toBeLessThan(1e-6);
const sum = (rows: number[][]) => rows.reduce((a, b) => a.map((x, i) => x + (b[i] ?? Number.NaN)));

describe("chrF against sacrebleu", () => {
  it.each([
    ["chrF", 0, false],
    ["chrF++", 2, false],
    ["chrF.lowercase", 0, true],
    ["chrF++.lowercase", 2, true],
  ] as const)("%s", (name, wordOrder, lowercase) => {
    const expected = golden.chrf[name];
    const options = { wordOrder, lowercase };
    const rows = pairs.map(({ reference, candidate }) => chrfStatistics(candidate, [reference], options));
    rows.forEach((row, i) => near(chrfFromStatistics(row), expected?.sentence[i], `pair ${i}`));
    near(chrfFromStatistics(sum(rows)), expected?.corpus, "corpus");
    const two = pairs.map(({ reference, candidate }, i) => chrfStatistics(candidate, [reference, second[i] ?? ""], options));
    two.forEach((row, i) => near(chrfFromStatistics(row), expected?.two_references_sentence[i], `two references, pair ${i}`));
    near(chrfFromStatistics(sum(two)), expected?.two_references, "two references");
    expect(chrfSignature(options)).toBe(expected?.signature);
  });
  it("needs a reference", () => expect(() => chrfStatistics("a", [])).toThrow("no reference"));
});

it("BLEU's signatures", () => {
  for (const [options, references, signature] of golden.signatures) {
    const { smooth_method: smooth, smooth_value: smoothValue, effective_order: effectiveOrder, tokenize, lowercase } = options;
    expect(bleuSignature({ smooth, smoothValue, effectiveOrder, tokenize, lowercase, references })).toBe(signature);
  }
  expect(bleuSignature({ references: "var" })).toContain("nrefs:var|");
});

describe("paired tests against sacrebleu, with its generator's draws", () => {
  const references = pairs.map(({ reference }) => reference);
  const bleu = (texts: string[]) => texts.map((text, i) => packBleu(bleuStatistics(text, [references[i] ?? ""])));
  const chrf = (texts: string[]) => texts.map((text, i) => chrfStatistics(text, [references[i] ?? ""]));
  const candidates = pairs.map(({ candidate }) => candidate);
  const { system, bs, ar } = golden.paired;
  const replay = (draws: number[]) => {
    let next = 0;
    return { int: () => draws[next++] as number };
  };
  it.each([
    ["BLEU", bleu, (sums: Float64Array) => bleuSums(sums).score],
    ["chrF2", chrf, chrfFromStatistics],
  ] as const)("%s", (name, rows, statistic) => {
    const metric = { baseline: rows(candidates), system: rows(system), statistic };
    const [bootstrap = { difference: Number.NaN, p: Number.NaN }] = pairedBootstrap([metric], {
      draws: replay(bs.draws),
      samples: bs.samples,
    });
    near(bootstrap.difference, bs[name].system - bs[name].baseline, "difference");
    near(bootstrap.p, bs[name].p, "bootstrap");
    // Its coin keeps a row where ours swaps it: the two shuffled systems change names, which the size of a difference ignores.
    const [p = Number.NaN] = approximateRandomisation([metric], { draws: replay(ar.draws), trials: ar.samples });
    near(p, ar[name].p, "randomisation");
  });
  it("many metrics at once are what each is alone", () => {
    const bleuPair = { baseline: bleu(candidates), system: bleu(system) };
    const statistics = [1, 4].map((order) => ({ ...bleuPair, statistic: (sums: Float64Array) => bleuSums(sums, { order }).score }));
    const all = [...statistics, { baseline: chrf(candidates), system: chrf(system), statistic: chrfFromStatistics }];
    expect(comparePaired(all, 4)).toEqual(all.map((metric) => comparePaired([metric], 4)[0]));
  });
  it("the same system twice, or another answer in one row, differs by chance only; other lengths are refused", () => {
    const rows = bleu(candidates);
    const statistic = (sums: Float64Array) => bleuSums(sums).score;
    expect(comparePaired([{ baseline: rows, system: rows, statistic }], 1)).toMatchObject([
      { difference: 0, low: 0, high: 0, pBootstrap: 1, pRandomisation: 1, n: pairs.length },
    ]);
    // Whichever way the one row is swapped, the difference is as large (Riezler & Maxwell 2005, figure 1: "at least").
    const oneRow = rows.map((row, i) => (i === 0 ? (rows[1] as number[]) : row));
    const [changed] = comparePaired([{ baseline: rows, system: oneRow, statistic }], 1);
    expect(changed?.difference).not.toBe(0);
    expect(changed?.pRandomisation).toBe(1);
    expect(() => comparePaired([{ baseline: rows, system: rows.slice(1), statistic }], 1)).toThrow("rows against");
  });
  it("a real difference is found and a coin's is not", () => {
    const baseline = Array.from({ length: 200 }, (_, i) => [(i * 7919) % 13]);
    const against = (change: (i: number) => number) =>
      comparePaired(
        [{ baseline, system: baseline.map(([x = 0], i) => [x + change(i)]), statistic: (sums, n) => (sums[0] ?? 0) / n }],
        3,
      )[0];
    const better = against((i) => i % 3);
    expect(better?.pBootstrap).toBeLessThan(0.001);
    expect(better?.pRandomisation).toBeLessThan(0.001);
    expect(better?.low).toBeGreaterThan(0);
    expect(against((i) => (i % 2 === 0 ? 1 : -1))?.pRandomisation).toBeGreaterThan(0.5);
  });
});

describe("classes, correlations and calibration", () => {
  it.each(golden.classes)("classes $#", ({ predictions, references, ...expected }) => {
    near(accuracy(predictions, references), expected.accuracy, "accuracy");
    near(matthews(predictions, references), expected.matthews, "matthews");
    near(f1Score(predictions, references, 1), expected.f1, "f1");
    near(macroF1(predictions, references), expected.macroF1, "macro F1");
  });
  it.each(golden.correlations)("correlations $#", ({ predictions, references, ...expected }) => {
    near(pearson(predictions, references), expected.pearson, "pearson");
    near(spearman(predictions, references), expected.spearman, "spearman");
  });
  it.each(golden.confidences)("calibration $#", ({ confidences, right, ece, selective }) => {
    near(expectedCalibrationError(confidences, right), ece, "calibration error");
    if (selective !== undefined) near(selectiveAccuracy(confidences, right), selective, "selective accuracy");
  });
  it("bad input is named", () => {
    expect(() => accuracy([1], [1, 2])).toThrow("1 predictions for 2 references");
    expect(() => matthews([], [])).toThrow("no predictions");
    expect(() => pearson([1], [1])).toThrow("two rows");
    expect(pearson([1, 1], [1, 2])).toBeNaN();
    expect(() => expectedCalibrationError([1.5], [true])).toThrow("between 0 and 1");
  });
});

describe("win rates", () => {
  it.each(golden.duels)("length's weight is scikit-learn's $#", ({ outcomes, differences, weights }) => {
    const fitted = fitLengthEffect(outcomes.map((outcome, i) => ({ outcome, lengthDifference: differences[i] ?? Number.NaN })));
    // Its solver stops at a small gradient, ours at a small step.
    weights.forEach((weight, k) => expect(Math.abs((fitted[k] ?? Number.NaN) - weight)).toBeLessThan(1e-5));
  });
  it("wins that length alone brought vanish when it is controlled; wins at any length stay", () => {
    const duels = (win: (i: number, difference: number) => boolean) =>
      Array.from({ length: 200 }, (_, i) => ({ outcome: win(i, (i % 20) - 6) ? 1 : 0, lengthDifference: (i % 20) - 6 }));
    const byLength = winRates(
      duels((_, difference) => difference > 0),
      1,
      100,
    );
    expect(byLength.raw.value).toBe(0.65);
    expect(byLength.lengthControlled.value).toBeLessThan(0.6);
    const byMerit = winRates(
      duels((i) => i % 3 !== 0),
      1,
      100,
    );
    expect(Math.abs(byMerit.lengthControlled.value - byMerit.raw.value)).toBeLessThan(0.05);
    expect(byMerit.lengthControlled.low).toBeGreaterThan(0.5);
    expect(winRates([{ outcome: 1, lengthDifference: 0 }], 1, 10).lengthControlled.value).toBeLessThan(1);
  });
});

it("exact match and token F1 against torchmetrics", () => {
  for (const { reference, prediction, exact, f1 } of golden.answers) {
    expect(exactMatch(prediction, reference), `${reference} | ${prediction}`).toBe(exact);
    near(tokenF1(prediction, reference), f1, `${reference} | ${prediction}`);
  }
});

describe("bootstrap", () => {
  it("of sums equals that of samples", () => {
    const values = pairs.map(({ reference }) => reference.length);
    const options = { seed: 5, samples: 200 };
    expect(bootstrapMean(values, options)).toEqual(
      bootstrapStatistic(values, (sample) => sample.reduce((a, b) => a + b, 0) / sample.length, options),
    );
    const rows = pairs.map(({ reference, candidate }) => bleuStatistics(candidate, [reference]));
    const { value } = bootstrapSums(rows.map(packBleu), (sums) => bleuSums(sums).score, options);
    near(value, readGolden<{ corpus: Record<string, { score: number }> }>("text", "bleu.json").corpus["13a.order4"]?.score);
    expect(() => bootstrapSums([[1], [1, 2]], () => 0, options)).toThrow("row 1");
  });
});

it("perplexity is the exponential of the mean loss: of a uniform choice among four, four", () => {
  near(perplexityOfSums(Float64Array.from([3 * Math.log(4) * 5, 15]), 3), 4);
});
