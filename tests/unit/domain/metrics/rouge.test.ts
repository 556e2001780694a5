import { describe, expect, it } from "vitest";
import { stemWord } from "../../../../domain/metrics/porter-stemmer";
import { ROUGE_METRICS, type RougeMetric, rougeTokens, scoreRouge } from "../../../../domain/metrics/rouge";
import { readGolden } from "../../../helpers/golden";

const { pairs } = readGolden<{ pairs: { reference: string; candidate: string }[] }>("text", "pairs.json");
type Row = Record<RougeMetric, [number, number, number]>;
const rouge = readGolden<{ stemmed: Row[]; plain: Row[] }>("text", "rouge.json");
const stemmer = readGolden<{ words: Record<string, string>; rouge_tokens: { text: string; stemmed: string[]; plain: string[] }[] }>(
  "text",
  "stemmer.json",
);

describe("ROUGE against rouge_score", () => {
  it.each([
    ["stemmed", true],
    ["plain", false],
  ] as const)("%s: 60 pairs, precision, recall and F1", (key, stem) => {
    pairs.forEach(({ reference, candidate }, i) => {
      const scores = scoreRouge(reference, candidate, { stem });
      for (const metric of ROUGE_METRICS) {
        const { precision, recall, f } = scores[metric];
        [precision, recall, f].forEach((value, k) =>
          expect(Math.abs(value - (rouge[key][i]?.[metric][k] ?? Number.NaN)), `pair ${i} ${metric}[${k}]`).toBeLessThan(1e-6),
        );
      }
    });
  });
  it("tokens and stems are NLTK's", () => {
    for (const [word, stem] of Object.entries(stemmer.words)) expect(stemWord(word), word).toBe(stem);
    for (const { text, stemmed, plain } of stemmer.rouge_tokens) {
      expect(rougeTokens(text, true)).toEqual(stemmed);
      expect(rougeTokens(text, false)).toEqual(plain);
    }
  });
  it("the seed notes' example: recall 1.0, precision .8, F1 .89", () => {
    const { rouge1 } = scoreRouge("It is cold outside.", "It is very cold outside.");
    expect([rouge1.recall, rouge1.precision, Number(rouge1.f.toFixed(2))]).toEqual([1, 0.8, 0.89]);
  });
});
