import { describe, expect, it } from "vitest";
import { compareEvaluations, estimateMetrics, type EvaluationRow, measureEvaluation } from "../../../domain/evaluation";
import { scoreRouge } from "../../../domain/metrics/rouge";

const REFERENCE = "Maria reports that the kettle leaks since last week and wants a refund";
const rows = (texts: string[], values: EvaluationRow["values"][] = []): EvaluationRow[] =>
  texts.map((text, i) => ({ text, reference: i === 3 ? null : `${REFERENCE} ${i}`, values: values[i] ?? {} }));

describe("an evaluation's scores", () => {
  const measured = measureEvaluation(
    rows(
      ["Maria wants a refund", `${REFERENCE} 1`, "", "no reference here"],
      [
        { reward: 1, referenceNats: Math.log(8), referenceTokens: 3 },
        { reward: 2, referenceNats: Math.log(4), referenceTokens: 2 },
        { reward: 3 },
        { reward: 6 },
      ],
    ),
  );
  const scores = estimateMetrics(measured, { seed: 1, samples: 50 });
  const score = (metric: string) => scores.find((known) => known.metric === metric);
  it("come from the rows that have what they need", () => {
    expect(scores.map(({ metric }) => metric)).toEqual([
      "rouge1",
      "rouge2",
      "rougeL",
      "rougeLsum",
      "bleu1",
      "bleu2",
      "bleu3",
      "bleu4",
      "chrf",
      "chrf++",
      "exactMatch",
      "tokenF1",
      "perplexity",
      "length",
      "reward",
    ]);
    expect(score("rouge1")).toMatchObject({ n: 3, value: (scoreRouge(`${REFERENCE} 0`, "Maria wants a refund").rouge1.f + 1) / 3 });
    expect(score("reward")).toMatchObject({ n: 4, value: 3 });
    expect(score("exactMatch")?.value).toBeCloseTo(1 / 3, 12);
    // ln 32 nats over five tokens.
    expect(score("perplexity")).toMatchObject({ n: 2 });
    expect(score("perplexity")?.value).toBeCloseTo(2, 12);
    expect(score("bleu2")?.signature).toBe(
      "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0|order:2|bootstrap:percentile|n:50|seed:1",
    );
  });
  it("have intervals around them", () => {
    for (const { low, value, high, metric } of scores) {
      expect(low, metric).toBeLessThanOrEqual(value);
      expect(high, metric).toBeGreaterThanOrEqual(value);
    }
  });
});

describe("two evaluations on the same prompts", () => {
  const texts = Array.from({ length: 40 }, (_, i) => `Maria reports that the kettle ${["leaks", "sparks", "hums"][i % 3]}`);
  const same = (values: EvaluationRow["values"]) =>
    rows(
      texts,
      texts.map(() => values),
    );
  it("show a difference that is there, and none where there is none", () => {
    const better = rows(
      texts.map((text) => `${text} since last week and wants a refund`),
      texts.map(() => ({ reward: 2 })),
    );
    const compared = compareEvaluations(same({ reward: 1, gold: 1 }), better, 1);
    const rouge = compared.find(({ metric }) => metric === "rougeL");
    expect(rouge?.difference).toBeGreaterThan(0.2);
    expect(rouge?.system).toBeCloseTo((rouge?.baseline ?? 0) + (rouge?.difference ?? 0), 12);
    expect(rouge?.pRandomisation).toBeLessThan(0.001);
    expect(compared.find(({ metric }) => metric === "reward")).toMatchObject({
      baseline: 1,
      system: 2,
      difference: 1,
      low: 1,
      high: 1,
      n: 40,
    });
    // Only the baseline has a gold score.
    expect(compared.some(({ metric }) => metric === "gold")).toBe(false);
    expect(compareEvaluations(same({}), same({}), 1).every(({ difference }) => difference === 0)).toBe(true);
  });
  it("perplexities of other tokens are not compared", () => {
    const of = (referenceTokens: number) => same({ referenceNats: 10, referenceTokens });
    const metrics = (a: EvaluationRow[], b: EvaluationRow[]) => compareEvaluations(a, b, 1).map(({ metric }) => metric);
    expect(metrics(of(5), of(5))).toContain("perplexity");
    expect(metrics(of(5), of(6))).not.toContain("perplexity");
    expect(() => compareEvaluations(of(5), of(5).slice(1), 1)).toThrow("40 rows of the baseline and 39");
  });
});
