/** Word-level differences. */
import { expect, it } from "vitest";
import { markChanges, markDifferences } from "../../../../domain/annotation/word-diff";

const marked = (own: string, other: string) =>
  markDifferences(own, other)
    ?.map(({ text, changed }) => (changed ? `[${text}]` : text))
    .join("");

it.each([
  ["The cat sat.", "The dog sat.", "The [cat] sat."],
  ["same words", "same words", "same words"],
  ["new", "", "[new]"],
  ["one  two", "one two", "one[  ]two"],
  ["", "gone", ""],
])("%j against %j", (own, other, expected) => {
  const parts = markDifferences(own, other) ?? [];
  expect(parts.map(({ text }) => text).join("")).toBe(own);
  expect(marked(own, other)).toBe(expected);
});

it("splits words where no spaces are", () => {
  const changed = markDifferences("我喜欢红茶", "我喜欢咖啡")
    ?.filter((part) => part.changed)
    .map(({ text }) => text);
  expect(changed?.join("")).toContain("红茶");
  expect(changed?.join("")).not.toContain("喜欢");
});

it("gives up on texts with nothing in common instead of freezing the page", () => {
  const words = (letter: string) => Array.from({ length: 3_000 }, (_, i) => `${letter}${i}`).join(" ");
  expect(markDifferences(words("a"), words("b"))).toBeNull();
});

it("an edit is one text with what was taken out and put in", () => {
  expect(markChanges("The cat sat.", "The dog sat.")).toEqual([
    { text: "The ", change: "same" },
    { text: "cat", change: "removed" },
    { text: "dog", change: "added" },
    { text: " sat.", change: "same" },
  ]);
  expect(markChanges("a", "a")).toEqual([{ text: "a", change: "same" }]);
});
