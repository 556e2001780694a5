import { describe, expect, it } from "vitest";
import { drawByPivot, inclusionProbabilities } from "../../../domain/proportional";
import { createRandom } from "../../../domain/random";

describe("inclusionProbabilities", () => {
  it("are in proportion, add up to the number drawn, and none is above 1", () => {
    // By hand: 2 of weights 1, 2, 7 takes the heaviest for certain and shares one among the others.
    expect(inclusionProbabilities([1, 2, 7], 2)).toEqual([1 / 3, 2 / 3, 1]);
    expect(inclusionProbabilities([1, 1, 1, 1], 2)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(inclusionProbabilities([0, 0], 1)).toEqual([0.5, 0.5]);
    expect(inclusionProbabilities([3, 0], 5)).toEqual([1, 1]);
    const random = createRandom(1);
    const weights = Array.from({ length: 200 }, () => random.next() ** 4);
    const probabilities = inclusionProbabilities(weights, 60);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(60, 9);
    expect(Math.max(...probabilities)).toBeLessThanOrEqual(1);
  });
});

describe("drawByPivot", () => {
  it("draws as many as wanted, each as often as its probability says", () => {
    const probabilities = inclusionProbabilities([1, 2, 3, 4, 20, 6], 3);
    const random = createRandom(1);
    const counts = probabilities.map(() => 0);
    for (let i = 0; i < 20_000; i++) {
      const drawn = drawByPivot(probabilities, random);
      expect(drawn).toHaveLength(3);
      for (const place of drawn) counts[place] = (counts[place] ?? 0) + 1;
    }
    // Four standard errors of a share of 20,000 draws.
    counts.forEach((count, i) => expect(Math.abs(count / 20_000 - (probabilities[i] ?? 0))).toBeLessThan(0.015));
  });
});
