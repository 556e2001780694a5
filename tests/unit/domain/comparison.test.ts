/** Which pairs of models' completions become items. */
import { expect, it } from "vitest";
import { type ComparedPrompt, chooseComparisons, NOTHING_KNOWN, pairKey } from "../../../domain/comparison";

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
  const same = [
    prompt("x", { a: "alike", b: "alike" }),
    prompt("y", { a: "alone" }),
    prompt("z", { a: "alike", b: "alike", c: "different" }),
  ];
  const pairs = chooseComparisons(same, { maxItems: 10, seed: 1 });
  expect(pairs.map(({ promptId, propensity }) => ({ promptId, propensity }))).toEqual([{ promptId: "prompt z", propensity: 0.5 }]);
  expect(pairs[0]?.completionIds).toContain("z c");
  expect(chooseComparisons(prompts, { maxItems: 7, seed: 1 })).toHaveLength(7);
});

it("with votes still wanted takes the pairs that need them, and no pair never", () => {
  const wanted = (x: string, y: string) => (x === "c" || y === "c" ? 0 : 500);
  const pairs = chooseComparisons(prompts, { maxItems: 1000, seed: 1, selection: "wanted" }, { ...NOTHING_KNOWN, wanted });
  const needy = pairs.filter(({ completionIds }) => completionIds.every((id) => !id.endsWith("c")));
  // .1 / 3 + .9 of 300, four standard errors.
  expect(Math.abs(needy.length - 280)).toBeLessThan(18);
  for (const pair of needy) expect(pair.propensity).toBeCloseTo(0.1 / 3 + 0.9, 9);
  expect(pairs.find((pair) => !needy.includes(pair))?.propensity).toBeCloseTo(0.1 / 3, 9);
  expect(
    chooseComparisons(prompts, { maxItems: 1000, seed: 1, selection: "wanted" }, { ...NOTHING_KNOWN, wanted: () => 0 })[0]?.propensity,
  ).toBeCloseTo(1 / 3, 9);
});

const modelsOf = (completionIds: readonly string[]) => completionIds.map((id) => id.split(" ")[1]).join();
const countModels = (pairs: readonly { completionIds: readonly string[] }[]) => {
  const counts: Record<string, number> = {};
  for (const { completionIds } of pairs) counts[modelsOf(completionIds)] = (counts[modelsOf(completionIds)] ?? 0) + 1;
  return counts;
};

it("balanced: pairs that have votes already wait until the others have as many", () => {
  const votes = new Map([
    [pairKey("a", "b"), 40],
    [pairKey("a", "c"), 40],
  ]);
  const counts = countModels(
    chooseComparisons(prompts.slice(0, 30), { maxItems: 100, seed: 1, selection: "balanced" }, { ...NOTHING_KNOWN, votes }),
  );
  expect(counts["b,c"]).toBeGreaterThan(22);
  const all = countModels(chooseComparisons(prompts, { maxItems: 1000, seed: 1, selection: "balanced" }));
  for (const count of Object.values(all)) expect(Math.abs(count - 100)).toBeLessThan(15);
});

it("information: asks where strengths are close or uncertain, and says how likely each pair was", () => {
  const strengths = new Map([
    ["a", { logit: 4, variance: 0.05 }],
    ["b", { logit: 0, variance: 0.05 }],
    ["c", { logit: 0.1, variance: 0.05 }],
  ]);
  const pairs = chooseComparisons(
    prompts.slice(0, 30),
    { maxItems: 100, seed: 1, selection: "information" },
    { ...NOTHING_KNOWN, strengths },
  );
  expect(countModels(pairs)["b,c"]).toBeGreaterThan(20);
  // p (1 - p) of a difference of 4 and of 0.1, each with a variance of 0.1.
  const gain = (difference: number) => 0.5 * Math.log1p(0.1 / (2 + Math.exp(difference) + Math.exp(-difference)));
  const total = gain(4) + gain(3.9) + gain(0.1);
  const first = pairs[0];
  const expected = { "a,b": gain(4), "a,c": gain(3.9), "b,c": gain(0.1) }[modelsOf(first?.completionIds ?? [])] ?? 0;
  expect(first?.propensity).toBeCloseTo(0.1 / 3 + (0.9 * expected) / total, 12);
  const unknown = chooseComparisons(
    prompts.slice(0, 1),
    { maxItems: 1, seed: 1, selection: "information" },
    { ...NOTHING_KNOWN, strengths: new Map([...strengths].slice(1)) },
  );
  expect(modelsOf(unknown[0]?.completionIds ?? [])).toMatch(/a/);
});
