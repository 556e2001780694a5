/** The splits of the demo: what is held out is nowhere in training. */
import { describe, expect, it } from "vitest";
import { FACT_KINDS, INVENTORY, valuesOf } from "../../../../domain/demo/inventory";
import { createPretrainTexts } from "../../../../domain/demo/pretrain-texts";
import { createDemoPrompts, demoFacts } from "../../../../domain/demo/prompts";
import type { Facts } from "../../../../domain/demo/support";
import { readSummary } from "../../../../domain/demo/taste";
import { type Prompt, promptSchema, type Split } from "../../../../domain/prompt";

const PROMPTS = createDemoPrompts({ seed: 1, train: 400, validation: 120, test: 120 });
const PRETRAIN = createPretrainTexts(1, 3000);

const factsOf = ({ meta }: Prompt): Facts => {
  const facts = demoFacts(meta);
  if (!facts) throw new Error("a demo prompt without facts");
  return facts;
};
const contentOf = ({ messages }: { messages: Prompt["messages"] }) => messages.map(({ content }) => content).join("\n");
const inSplit = (split: Split) => PROMPTS.filter((prompt) => prompt.split === split);

const VALUES = FACT_KINDS.flatMap((kind) => INVENTORY[kind]).sort((a, b) => b.length - a.length);
const ANY_VALUE = new RegExp(`\\b(${VALUES.join("|")})\\b`, "g");
/** The lines of a dialogue that hold a value, with the values taken out: the wording alone. */
const wordingsOf = (prompt: Prompt) =>
  contentOf(prompt)
    .split("\n")
    .map((line) => line.replace(ANY_VALUE, "_"))
    .filter((line) => line.includes("_"));

describe("createDemoPrompts", () => {
  it("gives as many valid prompts as asked for, the same for the same seed", () => {
    expect([inSplit("train").length, inSplit("validation").length, inSplit("test").length]).toEqual([400, 120, 120]);
    for (const prompt of PROMPTS) expect(promptSchema.safeParse(prompt).success).toBe(true);
    expect(createDemoPrompts({ seed: 1, train: 400, validation: 120, test: 120 })).toEqual(PROMPTS);
    expect(createDemoPrompts({ seed: 2, train: 400, validation: 120, test: 120 })).not.toEqual(PROMPTS);
  });

  it("has no record twice", () => {
    expect(new Set(PROMPTS.map(({ groupKey }) => groupKey)).size).toBe(PROMPTS.length);
  });

  it("mentions each fact of the record in the dialogue", () => {
    for (const prompt of PROMPTS) for (const value of Object.values(factsOf(prompt))) expect(contentOf(prompt)).toContain(value);
  });

  it("has references that are right and say at least one fact", () => {
    for (const prompt of PROMPTS) {
      const { right, wrong } = readSummary(prompt.reference ?? "", factsOf(prompt));
      expect(wrong).toBe(0);
      expect(right.size).toBeGreaterThan(0);
    }
  });

  it("holds wordings out of training", () => {
    const known = new Set(inSplit("train").flatMap(wordingsOf));
    const held = [...inSplit("validation"), ...inSplit("test")].flatMap(wordingsOf);
    expect(known.size).toBeGreaterThan(40);
    expect([...new Set(held)].filter((line) => known.has(line))).toEqual([]);
  });

  it("holds out what is brought together: no name with its product, no product with its fault, of a held-out prompt is in training", () => {
    const pairsOf = (prompt: (typeof PROMPTS)[number]) => {
      const { name, product, fault } = factsOf(prompt);
      return [`${name}|${product}`, `${product}|${fault}`];
    };
    const known = new Set(inSplit("train").flatMap(pairsOf));
    expect([...inSplit("validation"), ...inSplit("test")].flatMap(pairsOf).filter((pair) => known.has(pair))).toEqual([]);
    const reserve = FACT_KINDS.flatMap((kind) => valuesOf(kind, true));
    for (const prompt of PROMPTS) expect(reserve.filter((value) => Object.values(factsOf(prompt)).includes(value))).toEqual([]);
  });
});

describe("createPretrainTexts", () => {
  it("is the same for the same seed and has all tasks", () => {
    expect(createPretrainTexts(1, 50)).toEqual(PRETRAIN.slice(0, 50));
    const instructions = new Set(PRETRAIN.map((text) => contentOf(text).split("\n")[0]));
    expect(instructions).toEqual(
      new Set(["Summarise the conversation.", "Rate the review from 1 to 5.", "Write it in Python.", "Name the places.", "Say it again."]),
    );
  });

  it("has no held-out value in a dialogue, but each of them somewhere", () => {
    const isDialogue = (text: (typeof PRETRAIN)[number]) => contentOf(text).startsWith("Summarise");
    // One training wording says "on the phone" of the call; as a value, "phone" is held out like the others.
    const dialogues = PRETRAIN.filter(isDialogue).map(contentOf).join("\n").replaceAll(" on the phone.", ".");
    const others = PRETRAIN.filter((text) => !isDialogue(text))
      .map(contentOf)
      .join("\n");
    for (const kind of FACT_KINDS) {
      for (const value of valuesOf(kind, true)) {
        expect(new RegExp(`\\b${value}\\b`).test(others), value).toBe(true);
        expect(new RegExp(`\\b${value}\\b`).test(dialogues), value).toBe(false);
      }
    }
  });
});
