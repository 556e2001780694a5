import { expect, it } from "vitest";
import { signFlipTest } from "../../../../domain/metrics/sign-flip";
import { createRandom } from "../../../../domain/random";

const random = createRandom(1);

it("counts all signs of few differences, ties too", () => {
  // Of 8 sums of 1, 2 and 3 with either sign, 6 and -6 are as far; of 4 of 1 and 1, two; of 1 and -1, all.
  expect(signFlipTest([1, 2, 3], random)).toBe(2 / 8);
  expect(signFlipTest([1, 1], random)).toBe(2 / 4);
  expect(signFlipTest([1, -1], random)).toBe(1);
  expect(signFlipTest([0, 0, 2], random)).toBe(1);
  expect(signFlipTest([], random)).toBe(1);
});

it("is Fisher's p of Darwin's plants, exactly that of all 32,768 signs but for chance", () => {
  // Fisher 1935, section 21: inches by which crossed Zea mays outgrew self-fertilised; 863 of 16,384 sums on one side are as large.
  const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
  // Binomial, .0527 of 10,000: standard deviation .0022.
  expect(Math.abs(signFlipTest(darwin, random) - 1726 / 32_768)).toBeLessThan(4 * 0.0023);
});
