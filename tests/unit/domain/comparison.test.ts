/** Which pairs of models' completions become items. */
import { expect, it } from "vitest";
import { type ComparedPrompt, chooseComparisons } from "../../../domain/comparison";

const prompt = (key: string, texts: Record<string, string>): ComparedPrompt => ({
  promptId: `prompt ${key}`,
  key,
  completions: Object.entries(texts).map(([modelId, text]) => ({ id: `${key} ${modelId}`, modelId, contentHash: text })),
});
const prompts = Array.from({ length: 300 }, (_, i) => prompt(`p${i}`, { a: `${i} a`, b: `${i} b`, c: `${i} c` }));

it("takes each pair of models about as often, says how likely it was, and repeats itself for a seed", () => {
  const pairs = chooseComparisons(prompts, { maxItems: 1000, seed: 1 });
  expect(pairs).toHaveLength(300);
  const counts = new Map<string, number>();
  for (const { completionIds, propensity } of pairs) {
    expect(propensity).toBeCloseTo(1 / 3);
    const models = completionIds.map((id) => id.split(" ")[1]).join();
    counts.set(models, (counts.get(models) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(["a,b", "a,c", "b,c"]);
  for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(35);
  expect(chooseComparisons(prompts.toReversed(), { maxItems: 1000, seed: 1 })).toEqual(pairs);
  expect(chooseComparisons(prompts, { maxItems: 1000, seed: 2 })).not.toEqual(pairs);
});

it("leaves out what cannot be told apart, and stops at the wanted number", () => {
  const same = [prompt("x", { a: "alike", b: "alike" }), prompt("y", { a: "alone" }), prompt("z", { a: "alike", b: "alike", c: "different" })];
  const pairs = chooseComparisons(same, { maxItems: 10, seed: 1 });
  expect(pairs.map(({ promptId, propensity }) => ({ promptId, propensity }))).toEqual([{ promptId: "prompt z", propensity: 0.5 }]);
  expect(pairs[0]?.completionIds).toContain("z c");
  expect(chooseComparisons(prompts, { maxItems: 7, seed: 1 })).toHaveLength(7);
});

it("with votes still wanted takes the pairs that need them, and no pair never", () => {
  const wanted = (x: string, y: string) => (x === "c" || y === "c" ? 0 : 500);
  const pairs = chooseComparisons(prompts, { maxItems: 1000, seed: 1, wanted });
  const needy = pairs.filter(({ completionIds }) => completionIds.every((id) => !id.endsWith("c")));
  // .2 / 3 + .8 of 300, four standard errors.
  expect(Math.abs(needy.length - 260)).toBeLessThan(24);
  for (const pair of needy) expect(pair.propensity).toBeCloseTo(0.2 / 3 + 0.8, 9);
  expect(pairs.find((pair) => !needy.includes(pair))?.propensity).toBeCloseTo(0.2 / 3, 9);
  expect(chooseComparisons(prompts, { maxItems: 1000, seed: 1, wanted: () => 0 })[0]?.propensity).toBeCloseTo(1 / 3, 9);
});
