/** The four tasks of the demo: as many prompts as asked for, none twice, nothing held out in training. */
import { describe, expect, it } from "vitest";
import { INVENTORY, PLACES, valuesOf } from "../../../../domain/demo/inventory";
import { createReview } from "../../../../domain/demo/other-tasks";
import { createTaskPrompts, DEMO_TASKS } from "../../../../domain/demo/task-prompts";
import { promptLabels, promptSchema, type Split } from "../../../../domain/prompt";
import { createRandom } from "../../../../domain/random";

const COUNTS = { train: 120, validation: 20, test: 20 };
const PROMPTS = createTaskPrompts({ seed: 1, ...COUNTS });
const of = (task: string, split: Split) => PROMPTS.filter((prompt) => promptLabels(prompt.meta).task === task && prompt.split === split);
const text = ({ messages }: (typeof PROMPTS)[number]) => messages[0]?.content ?? "";

describe("createTaskPrompts", () => {
  it("gives the counts of each task and split, valid and the same for the same seed", () => {
    for (const task of DEMO_TASKS)
      for (const split of ["train", "validation", "test"] as const) expect(of(task, split)).toHaveLength(COUNTS[split]);
    for (const prompt of PROMPTS) expect(promptSchema.safeParse(prompt).success).toBe(true);
    expect(createTaskPrompts({ seed: 1, ...COUNTS })).toEqual(PROMPTS);
  });
  it("has no prompt and no group twice in different splits", () => {
    expect(new Set(PROMPTS.map(text)).size).toBe(PROMPTS.length);
    expect(new Set(PROMPTS.map(({ groupKey }) => groupKey)).size).toBe(PROMPTS.length);
  });
  it("labels reviews with their rating, which is their reference", () => {
    const reviews = (["train", "validation", "test"] as const).flatMap((split) => of("review-rating", split));
    for (const { meta, reference } of reviews) expect(String(promptLabels(meta).label)).toBe(reference);
    expect(new Set(reviews.map(({ meta }) => promptLabels(meta).label))).toEqual(new Set([1, 2, 3, 4, 5]));
  });
  it("holds products and places out of training", () => {
    const training = of("review-rating", "train").map(text).join(" ");
    for (const product of valuesOf("product", true)) expect(training).not.toMatch(new RegExp(`\\b${product}\\b`));
    const places = (split: Split) => new Set(of("place-names", split).flatMap(({ reference }) => reference?.split(", ") ?? []));
    expect([...places("test")].filter((place) => places("train").has(place))).toEqual([]);
    for (const place of places("test")) expect(PLACES).toContain(place);
  });
  it("says when a task has no more texts", () => {
    expect(() => createTaskPrompts({ seed: 1, train: 2000, validation: 1, test: 1 })).toThrow(/python-code has no 2000 different texts/);
  });
});

it("leaves the pretraining corpus as it was: all values unless others are given", () => {
  const products = new Set(
    Array.from({ length: 2000 }, (_, i) =>
      INVENTORY.product.find((product) => createReview(createRandom(i)).instruction.includes(product)),
    ),
  );
  expect(products.size).toBeGreaterThanOrEqual(INVENTORY.product.length - 1);
});
