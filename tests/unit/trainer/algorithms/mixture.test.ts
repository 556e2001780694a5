/** Mixing rates against T5's formula worked out by hand, and what an epoch of a mixture holds. */
import { describe, expect, it } from "vitest";
import { batchIndices } from "../../../../trainer/algorithms/examples";
import { createMixture, mixingQuotas, mixingRates } from "../../../../trainer/algorithms/mixture";

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 6));

describe("mixingRates", () => {
  it("is proportional to the sizes capped at the limit (Raffel et al. 2020, section 3.5.2)", () => {
    expect(mixingRates([1000, 300, 100], { temperature: 1, limit: null })).toEqual(close([10 / 14, 3 / 14, 1 / 14]));
    expect(mixingRates([1000, 300, 100], { temperature: 1, limit: 200 })).toEqual(close([0.4, 0.4, 0.2]));
  });
  it("takes the root of the temperature and normalises again", () => {
    // 900 : 100 at T = 2 is sqrt(.9) : sqrt(.1) = 3 : 1.
    expect(mixingRates([900, 100], { temperature: 2, limit: null })).toEqual(close([0.75, 0.25]));
    // mT5's alpha = .3 is T = 1 / .3: .9^.3 / (.9^.3 + .1^.3) = .968886 / (.968886 + .501187).
    expect(mixingRates([900, 100], { temperature: 1 / 0.3, limit: null })).toEqual(close([0.659073, 0.340927]));
    expect(mixingRates([900, 100], { temperature: 1e9, limit: null })).toEqual(close([0.5, 0.5]));
  });
});

it("shares an epoch out by largest remainders", () => {
  expect(mixingQuotas([10, 5], { temperature: 1, limit: null })).toEqual([10, 5]);
  // sqrt(10/15) : sqrt(5/15) = .585786 : .414214; of 15 rows 8.787 and 6.213.
  expect(mixingQuotas([10, 5], { temperature: 2, limit: null })).toEqual([9, 6]);
  expect(mixingQuotas([1000, 20, 7], { temperature: 1, limit: 20 })).toEqual([20, 20, 7]);
});

describe("createMixture", () => {
  const tasks = [...Array(30).fill("big"), ...Array(4).fill("small")];
  it("is none where every row comes once an epoch", () => {
    expect(createMixture(tasks, { temperature: 1, limit: null }, 1)).toBeNull();
    expect(createMixture(tasks, { temperature: 1, limit: 30 }, 1)).toBeNull();
  });
  it("goes through a capped task from epoch to epoch and through the others once in each", () => {
    const mixture = createMixture(tasks, { temperature: 1, limit: 10 }, 1);
    expect(mixture?.size).toBe(14);
    const epochs = [0, 1, 2].map((epoch) => mixture?.epoch(epoch) ?? []);
    for (const rows of epochs) expect(rows.filter((row) => row >= 30).sort()).toEqual([30, 31, 32, 33]);
    // Three epochs of ten are the thirty rows, each once.
    expect(
      epochs
        .flat()
        .filter((row) => row < 30)
        .sort((a, b) => a - b),
    ).toEqual([...Array(30).keys()]);
    expect(mixture?.epoch(1)).toEqual(epochs[1]);
  });
  it("gives batchIndices its rates, the same whatever step one begins at", () => {
    const mixture = createMixture(tasks, { temperature: 1, limit: 4 }, 3);
    const lengths = tasks.map((_, i) => i);
    const batches = Array.from({ length: 8 }, (_, step) => batchIndices(mixture?.size ?? 0, 4, step, 3, "test", lengths, mixture));
    expect(batches.flat().filter((row) => row >= 30)).toHaveLength(16);
    expect(batchIndices(mixture?.size ?? 0, 4, 5, 3, "test", lengths, mixture)).toEqual(batches[5]);
  });
});
