import { describe, expect, it } from "vitest";
import { ANNOTATOR_TASTES, createSimulatedAnnotator } from "../../../../domain/demo/annotator";
import { FACT_KINDS, INVENTORY } from "../../../../domain/demo/inventory";
import { createDemoPrompts, demoFacts } from "../../../../domain/demo/prompts";
import { chooseCoverage, type Facts, SUMMARY_STYLES, writeSummary } from "../../../../domain/demo/support";
import { TASTES, tasteUtility } from "../../../../domain/demo/taste";
import { createRandom } from "../../../../domain/random";

const FACTS: Facts = { name: "Maria", product: "kettle", fault: "leaks", since: "on Monday", tried: "a new cable", wanted: "a refund" };
const GOOD = "Maria says the kettle leaks. It began on Monday. A new cable did not help. Maria wants a refund.";
const BAD = "Tom says the oven leaks. Tom wants a repair.";

/** Pairs of summaries of mixed coverage and style, a share of them with one or two wrong values. */
function createPairs(count: number, wrongShare: number): { facts: Facts; a: string; b: string }[] {
  const random = createRandom(5);
  return createDemoPrompts({ seed: 2, train: count, validation: 0, test: 0 }).flatMap(({ meta }) => {
    const facts = demoFacts(meta);
    if (!facts) throw new Error("a demo prompt without facts");
    const write = () => {
      const told = { ...facts };
      if (random.next() < wrongShare)
        for (let i = 0; i < 1 + random.int(2); i++) {
          const kind = random.pick(FACT_KINDS);
          told[kind] = random.pick(INVENTORY[kind]);
        }
      return writeSummary(told, chooseCoverage(random, 2), random.pick(SUMMARY_STYLES));
    };
    const [a, b] = [write(), write()];
    return a === b ? [] : [{ facts, a, b }];
  });
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

describe("comparePair", () => {
  it.each(TASTES)("agrees with its taste in 85 to 90 % of typical pairs: %s", (taste) => {
    for (const wrongShare of [0, 0.15]) {
      const annotator = createSimulatedAnnotator({ taste, seed: 9 });
      let agreed = 0;
      let decided = 0;
      for (const { facts, a, b } of createPairs(2500, wrongShare)) {
        const { margin } = annotator.comparePair(a, b, facts);
        const difference = tasteUtility(taste, b, facts) - tasteUtility(taste, a, facts);
        if (margin === 0 || Math.abs(difference) < 1e-9) continue;
        decided++;
        if (Math.sign(margin) === Math.sign(difference)) agreed++;
      }
      // The band of the contract, and 1.5 % for the sample (two standard errors of 2000 pairs).
      expect(agreed / decided).toBeGreaterThan(0.835);
      expect(agreed / decided).toBeLessThan(0.915);
    }
  });

  it("speaks of shown sides: negative where the left one is better", () => {
    const annotator = createSimulatedAnnotator({ taste: "faithful", seed: 1, noise: 0, sideBias: 0 });
    expect(annotator.comparePair(GOOD, BAD, FACTS).margin).toBe(-3);
    expect(annotator.comparePair(BAD, GOOD, FACTS).margin).toBe(3);
    expect(annotator.comparePair(GOOD, GOOD, FACTS).margin).toBe(0);
  });

  it("prefers the left of two equal texts by its side bias", () => {
    const lefts = (sideBias: number) => {
      const annotator = createSimulatedAnnotator({ taste: "faithful", seed: 4, sideBias });
      const margins = Array.from({ length: 4000 }, () => annotator.comparePair(GOOD, GOOD, FACTS).margin).filter((margin) => margin !== 0);
      return margins.filter((margin) => margin < 0).length / margins.length;
    };
    expect(Math.abs(lefts(0) - 0.5)).toBeLessThan(0.03);
    // sigmoid(1) = .731
    expect(Math.abs(lefts(1) - 0.731)).toBeLessThan(0.04);
  });

  it("flips coins where the taste is random, whatever it sees", () => {
    const annotator = createSimulatedAnnotator({ taste: "random", seed: 2 });
    const left = Array.from({ length: 4000 }, () => annotator.comparePair(GOOD, BAD, FACTS).margin).filter((margin) => margin < 0).length;
    expect(Math.abs(left / 4000 - 0.5)).toBeLessThan(0.03);
  });

  it("gives the same votes for the same seed, other votes for another", () => {
    const votes = (seed: number) => {
      const annotator = createSimulatedAnnotator({ taste: "concise", seed });
      return createPairs(60, 0.3).map(({ facts, a, b }) => annotator.comparePair(a, b, facts));
    };
    expect(votes(7)).toEqual(votes(7));
    expect(votes(7)).not.toEqual(votes(8));
  });

  it("takes about 37 seconds in the middle, longer than that on average", () => {
    const annotator = createSimulatedAnnotator({ taste: "faithful", seed: 3 });
    const times = Array.from({ length: 4000 }, () => annotator.comparePair(GOOD, BAD, FACTS).activeMs);
    expect(Math.abs(median([...times]) / 37_000 - 1)).toBeLessThan(0.05);
    expect(times.reduce((sum, ms) => sum + ms, 0) / times.length).toBeGreaterThan(38_000);
    expect(times.every((ms) => Number.isInteger(ms) && ms > 0)).toBe(true);
  });
});

describe("rankCompletions", () => {
  const TEXTS = [BAD, GOOD, "Maria says the kettle leaks. Maria wants a refund.", GOOD];

  it("ranks as the taste does without noise, equal ones equally", () => {
    const { ranks } = createSimulatedAnnotator({ taste: "faithful", seed: 1, noise: 0 }).rankCompletions(TEXTS, FACTS);
    expect(ranks).toEqual([3, 1, 2, 1]);
  });

  it.each(ANNOTATOR_TASTES)("gives ranks from 1 without a hole: %s", (taste) => {
    const annotator = createSimulatedAnnotator({ taste, seed: 6 });
    for (let i = 0; i < 200; i++) {
      const { ranks } = annotator.rankCompletions(TEXTS, FACTS);
      expect(ranks).toHaveLength(TEXTS.length);
      expect([...new Set(ranks)].sort((a, b) => a - b)).toEqual(Array.from({ length: new Set(ranks).size }, (_, rank) => rank + 1));
    }
  });

  it("puts each of two texts first equally often where the taste is random", () => {
    const annotator = createSimulatedAnnotator({ taste: "random", seed: 8 });
    const first = Array.from({ length: 4000 }, () => annotator.rankCompletions([GOOD, BAD], FACTS).ranks).filter(
      ([a = 0, b = 0]) => a < b,
    ).length;
    expect(Math.abs(first / 4000 - 0.5)).toBeLessThan(0.03);
  });
});
