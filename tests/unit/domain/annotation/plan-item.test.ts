/** Which items prompts become: shares of modes, chance of completions, what is never shown. */
import { describe, expect, it } from "vitest";
import { planItem, type PlannedPrompt } from "../../../../domain/annotation/plan-item";
import { previewTask } from "../../../../domain/annotation/preview";
import {
  type AnnotationSettings,
  annotationSettingsSchema,
  DEFAULT_ANNOTATION,
  isAllowedImage,
} from "../../../../domain/annotation/settings";
import { itemModeSchema, MODE_SIZES } from "../../../../domain/judgement";

const promptOf = (key: string, texts: string[], turns: readonly unknown[] | null = null): PlannedPrompt => ({
  key,
  completions: texts.map((text) => ({ id: `${key}-${text}`, contentHash: text, text, model: "m", turns })),
});
const MODES: AnnotationSettings["modes"] = [
  { mode: "pairwise", share: 3, completions: 2 },
  { mode: "best_of_n", share: 1, completions: 3 },
  { mode: "demonstration", share: 0, completions: 0 },
];

describe("planItem", () => {
  it("draws modes in their shares and completions evenly, the same every time", () => {
    const plans = Array.from({ length: 4000 }, (_, i) => planItem(promptOf(String(i), ["a.", "b.", "c.", "d."]), MODES, 7));
    const pairs = plans.filter(({ item }) => item?.mode === "pairwise");
    // Binomial, 3/4 of 4000: standard deviation 27.
    expect(Math.abs(pairs.length - 3000)).toBeLessThan(5 * 27);
    // Of 4 completions a pair holds each with probability 1/2.
    const withA = pairs.filter(({ item }) => item?.completionIds.some((id) => id.endsWith("-a."))).length / pairs.length;
    expect(Math.abs(withA - 0.5)).toBeLessThan(5 * 0.0092);
    expect(pairs[0]?.item?.propensity).toBeCloseTo(3 / 4 / 6, 12);
    expect(plans.find(({ item }) => item?.mode === "best_of_n")?.item?.propensity).toBeCloseTo(1 / 4 / 4, 12);
    expect(planItem(promptOf("5", ["a.", "b.", "c.", "d."]), MODES, 7)).toEqual(plans[5]);
    // The order in which they were stored does not matter.
    expect(planItem(promptOf("5", ["d.", "b.", "c.", "a."]), MODES, 7)).toEqual(plans[5]);
  });
  it("takes only modes that the completions are enough for", () => {
    const plan = (texts: string[], modes = MODES) => planItem(promptOf("x", texts), modes, 1).item;
    expect(plan(["a."])).toBeNull();
    expect(plan([], [{ mode: "demonstration", share: 1, completions: 0 }])).toEqual({
      mode: "demonstration",
      completionIds: [],
      propensity: 1,
    });
    expect(plan(["a.", "a. "], [{ mode: "pairwise", share: 1, completions: 2 }])).toBeNull();
    expect(plan(["a.", "b."], [{ mode: "ranking", share: 1, completions: 9 }])?.completionIds).toHaveLength(2);
  });
  it("says what it passes over, without the words", () => {
    expect(planItem(promptOf("x", ["a.", "a. ", "I am Claude.", "b."]), MODES, 1).left).toEqual([
      "A completion names its model",
      "Two of the completions have the same text",
    ]);
  });
  it("never sets a conversation against a single answer, and edits none", () => {
    const mixed = {
      key: "x",
      completions: [...promptOf("x", ["a.", "b."]).completions, ...promptOf("x", ["c.", "d.", "e."], []).completions],
    };
    const { item } = planItem(mixed, [{ mode: "ranking", share: 1, completions: 9 }], 1);
    expect(item?.completionIds.toSorted()).toEqual(["x-c.", "x-d.", "x-e."]);
    expect(planItem(promptOf("x", ["c."], []), [{ mode: "edit", share: 1, completions: 1 }], 1).item).toBeNull();
  });
});

describe("settings", () => {
  it.each<[Partial<AnnotationSettings>, string]>([
    [{ modes: [{ mode: "pairwise", share: 0, completions: 2 }] }, "modes"],
    [{ modes: [{ mode: "pairwise", share: 1, completions: 3 }] }, "modes.0.completions"],
    [{ modes: [...DEFAULT_ANNOTATION.modes, ...DEFAULT_ANNOTATION.modes] }, "modes"],
    [{ scales: [{ name: "", points: 5, low: "", high: "" }] }, "scales.0.name"],
    [{ scales: [{ name: "x", points: 11, low: "", high: "" }] }, "scales.0.points"],
    [
      {
        scales: [
          { name: "x", points: 5, low: "", high: "" },
          { name: "X", points: 5, low: "", high: "" },
        ],
      },
      "scales",
    ],
    [{ imageHosts: ["https://example.org"] }, "imageHosts.0"],
  ])("%j is refused by its field", (part, field) => {
    const parsed = annotationSettingsSchema.safeParse({ ...DEFAULT_ANNOTATION, ...part });
    expect(parsed.error?.issues[0]?.path.join(".")).toBe(field);
  });
  it("images come over https from the hosts of the list", () => {
    const hosts = ["img.example.org", "*.cdn.example"];
    const urls = [
      "https://img.example.org/a.png",
      "http://img.example.org/a.png",
      "https://x.img.example.org/a.png",
      "https://a.b.cdn.example/x",
      "https://cdn.example/x",
      "https://evil.example/?img.example.org",
      "data:image/png;base64,AA",
      "/a.png",
    ];
    expect(urls.map((url) => isAllowedImage(url, hosts))).toEqual([true, false, false, true, false, false, false, false]);
  });
  it.each(itemModeSchema.options)("has a preview of %s, with the project's texts or its own", (mode) => {
    const settings = { ...DEFAULT_ANNOTATION, modes: [{ mode, share: 1, completions: MODE_SIZES[mode][1] }] };
    const [min, max] = MODE_SIZES[mode];
    expect(previewTask(mode, settings, [], null).completions).toHaveLength(max);
    const example = {
      messages: [{ role: "user" as const, content: "Own" }],
      completions: [
        { id: "1", text: "One" },
        { id: "2", text: "Two" },
      ],
      guideline: null,
    };
    const own = previewTask(mode, settings, [], example);
    expect(own.messages[0]?.content).toBe("Own");
    expect(own.completions.length).toBeGreaterThanOrEqual(min);
  });
});
