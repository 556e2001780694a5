import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sampleToken } from "../../../../trainer/generation/sampling";

const logits = Float32Array.from([2, 1, 0, -1]);
const all = { temperature: 1, topK: 0, topP: 1 };

/** Shares of each token over many draws. */
function shares(rule: typeof all, draws = 20_000): number[] {
  const random = createRandom(3, JSON.stringify(rule));
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const token = sampleToken(logits, rule, random);
    counts[token] = (counts[token] ?? 0) + 1;
  }
  return counts.map((count) => count / draws);
}

function softmax(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
  return values.map((value) => Math.exp(value) / total);
}

function expectShares(actual: number[], expected: number[]): void {
  // Four standard errors of a share at 20,000 draws.
  expected.forEach((p, i) => expect(Math.abs((actual[i] ?? 0) - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / 20_000)));
}

describe("sampleToken", () => {
  it("draws by the softmax, sharpened by the temperature", () => {
    expectShares(shares(all), softmax([2, 1, 0, -1]));
    expectShares(shares({ ...all, temperature: 0.5 }), softmax([4, 2, 0, -2]));
  });
  it("temperature 0 takes the largest", () => expect(shares({ ...all, temperature: 0 }, 10)).toEqual([1, 0, 0, 0]));
  it("top-k keeps k tokens", () => expectShares(shares({ ...all, topK: 2 }), [...softmax([2, 1]), 0, 0]));
  it("top-p keeps the token that crosses p", () => {
    // Probabilities .644 .237 .087 .032: .7 needs two tokens, .6 one.
    expectShares(shares({ ...all, topP: 0.7 }), [...softmax([2, 1]), 0, 0]);
    expect(shares({ ...all, topP: 0.6 }, 100)).toEqual([1, 0, 0, 0]);
  });
  it("repeats itself with the same seed", () => {
    const draw = () => {
      const random = createRandom(9);
      return Array.from({ length: 20 }, () => sampleToken(logits, all, random));
    };
    expect(draw()).toEqual(draw());
  });
});
