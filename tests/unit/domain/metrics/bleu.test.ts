import { describe, expect, it } from "vitest";
import {
  BLEU_TOKENIZERS,
  type BleuSmoothing,
  bleuFromStatistics,
  bleuSignature,
  bleuStatistics,
  bleuTokens,
  sumBleuStatistics,
} from "../../../../domain/metrics/bleu";
import { readGolden } from "../../../helpers/golden";

const { pairs } = readGolden<{ pairs: { reference: string; candidate: string }[] }>("text", "pairs.json");
type Corpus = {
  signature: string;
  score: number;
  counts: number[];
  totals: number[];
  precisions: number[];
  bp: number;
  sys_len: number;
  ref_len: number;
};
type Golden = {
  tokenized: Record<string, { references: string[]; candidates: string[] }>;
  corpus: Record<string, Corpus>;
  sentence: Record<string, (number | { score: number })[]>;
  second_references: string[];
};
const golden = readGolden<Golden>("text", "bleu.json");

function expectNear(actual: number, expected: number | undefined, what: string): void {
  expect(Math.abs(actual - (expected ?? Number.NaN)), what).toBeLessThan(1e-6);
}

describe("BLEU against sacrebleu", () => {
  it.each(BLEU_TOKENIZERS)("tokenizer %s", (tokenize) => {
    pairs.forEach(({ reference, candidate }, i) => {
      expect(bleuTokens(reference, tokenize).join(" ")).toBe(
        golden.tokenized[tokenize]?.references[i]?.split(/\s+/).filter(Boolean).join(" "),
      );
      expect(bleuTokens(candidate, tokenize).join(" ")).toBe(
        golden.tokenized[tokenize]?.candidates[i]?.split(/\s+/).filter(Boolean).join(" "),
      );
    });
  });
  it.each(BLEU_TOKENIZERS.flatMap((tokenize) => [1, 2, 3, 4].map((order) => [tokenize, order] as const)))(
    "corpus %s, order %d",
    (tokenize, order) => {
      const statistics = sumBleuStatistics(pairs.map(({ reference, candidate }) => bleuStatistics(candidate, [reference], { tokenize })));
      const { score, precisions, brevityPenalty } = bleuFromStatistics(statistics, { order });
      const expected = golden.corpus[`${tokenize}.order${order}`];
      expectNear(score, expected?.score, "score");
      expectNear(brevityPenalty, expected?.bp, "brevity penalty");
      precisions.forEach((precision, n) => expectNear(precision, expected?.precisions[n], `precision ${n + 1}`));
      expect([statistics.sysLength, statistics.refLength]).toEqual([expected?.sys_len, expected?.ref_len]);
      expect(bleuSignature({ tokenize })).toBe(expected?.signature);
    },
  );
  it("two references, lower case", () => {
    const two = sumBleuStatistics(
      pairs.map(({ reference, candidate }, i) => bleuStatistics(candidate, [reference, golden.second_references[i] ?? ""])),
    );
    expectNear(bleuFromStatistics(two).score, golden.corpus["13a.two_references"]?.score, "two references");
    const lower = sumBleuStatistics(pairs.map(({ reference, candidate }) => bleuStatistics(candidate, [reference], { lowercase: true })));
    expectNear(bleuFromStatistics(lower).score, golden.corpus["13a.lowercase"]?.score, "lower case");
  });
  it.each<[BleuSmoothing, number | undefined]>([
    ["none", undefined],
    ["floor", undefined],
    ["floor", 0.5],
    ["add-k", undefined],
    ["add-k", 0.5],
    ["exp", undefined],
  ])("smoothing %s %s, sentence and corpus", (smooth, smoothValue) => {
    const name = `13a.smooth_${smooth}${smoothValue ?? ""}`;
    for (const effectiveOrder of [true, false])
      pairs.forEach(({ reference, candidate }, i) => {
        const { score } = bleuFromStatistics(bleuStatistics(candidate, [reference]), { smooth, smoothValue, effectiveOrder });
        expectNear(score, golden.sentence[`${name}.${effectiveOrder ? "effective" : "full"}`]?.[i] as number, `pair ${i}`);
      });
    const few = [1, 2, 13].map((i) => bleuStatistics(pairs[i]?.candidate ?? "", [pairs[i]?.reference ?? ""]));
    expectNear(
      bleuFromStatistics(sumBleuStatistics(few), { smooth, smoothValue }).score,
      golden.corpus[`${name}.pairs_1_2_13`]?.score,
      "corpus",
    );
  });
});
