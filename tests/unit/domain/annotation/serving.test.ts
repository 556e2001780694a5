/** What annotators must never see: a model that names itself, answers that cannot be told apart. */
import { describe, expect, it } from "vitest";
import { findSameness } from "../../../../domain/annotation/sameness";
import { findSelfNaming } from "../../../../domain/annotation/self-naming";
import { chooseServable, findServingProblem } from "../../../../domain/annotation/serving";

describe("a model that names itself", () => {
  it.each([
    "I am ChatGPT, a large language model trained by OpenAI.",
    "Hello! I'm Claude, made by Anthropic. How can I help?",
    "My name is Gemini.",
    "As a large language model trained by Google, I cannot do that.",
    "As ChatGPT, I have no opinions.",
    "I was created by the team at Mistral AI to help.",
    "I’m an AI assistant developed by Meta AI.",
    "i am an ai language model called Vicuna",
    "You can call me Qwen.",
    "I am Open Assistant, an open-source chatbot.",
    "My developers at OpenAI did not tell me.",
    "Sure. I am GPT-4o.",
  ])("%s", (text) => expect(findSelfNaming(text)).not.toBeNull());

  it.each([
    "OpenAI released ChatGPT in November 2022.",
    "I am writing about Claude Monet, the painter.",
    "My favourite animal is the llama.",
    "I am a helpful assistant.",
    "As an AI language model, I cannot feel.",
    "The Gemini programme was NASA's second.",
    "You could ask ChatGPT or Claude instead.",
    "I was made by hand in Italy.",
    "I'm a falcon-eyed reader.",
    "In the film she says: the model was trained by Google.",
  ])("not: %s", (text) => expect(findSelfNaming(text)).toBeNull());

  it("by the name of its own model", () => {
    expect(findSelfNaming("I'm an assistant called Orla-7b.", "Orla-7B")).toBe("I'm an assistant called Orla-7b");
    expect(findSelfNaming("I'm an assistant called Orla-7b.", "another")).toBeNull();
    expect(findSelfNaming("I am a.i.", "a.")).toBeNull();
  });
});

describe("answers that cannot be told apart", () => {
  it.each([
    ["The answer is 4.", "  The  answer\nis 4. ", "identical"],
    ["caf\u00e9", "cafe\u0301", "identical"],
    ["The sky is blue because the air scat", "The sky is blue because the air scatters short waves.", "cut"],
    ["The sky is blue because...", "The sky is blue because the air scatters short waves.", "cut"],
    // Both are cut, the one sooner.
    ["One two three", "One two three four", "cut"],
    ["The answer is 4.", "The answer is 4. It follows from adding two and two.", null],
    ["Yes", "No", null],
    ["", "Something", null],
    ["空は青い。", "空は青い。なぜなら", null],
  ])("%j and %j: %s", (a, b, expected) => {
    expect(findSameness(a, b)).toBe(expected);
    expect(findSameness(b, a)).toBe(expected);
  });
});

describe("serving", () => {
  const named = (text: string, model = "m") => ({ text, model });
  it.each([
    ["pairwise", [named("a."), named("b.")], null],
    ["pairwise", [named("a."), named("b."), named("c.")], "Pairs with margin: an item has 2 completions, not 3"],
    ["ranking", [named("a.")], "Ranking: an item has 2 to 9 completions, not 1"],
    ["best_of_n", [named("a."), named("b."), named(" a.")], "Two of the completions have the same text"],
    ["rating", [named("a.")], null],
    ["edit", [{ ...named("a."), turns: [] }], "A whole conversation cannot be edited as one answer"],
    ["demonstration", [], null],
    ["pairwise", [named("a."), named("I am Claude.")], 'A completion names its model: "I am Claude"'],
  ] as const)("%s of %j", (mode, completions, problem) => expect(findServingProblem(mode, completions)).toBe(problem));

  it("keeps those that can stand together, the first of two alike", () => {
    const { chosen, left } = chooseServable([named("a."), named("a. "), named("I am GPT-4."), named("b.")]);
    expect(chosen.map(({ text }) => text)).toEqual(["a.", "b."]);
    expect(left.map(({ reason }) => reason)).toEqual([
      "Two of the completions have the same text",
      'A completion names its model: "I am GPT-4"',
    ]);
  });
});
