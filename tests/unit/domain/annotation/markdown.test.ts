/** Mathematics as models write it, long texts in pieces, and finding words. */
import { describe, expect, it } from "vitest";
import { findMatches } from "../../../../domain/annotation/find";
import { hasCode, hasMaths, normaliseMaths, splitMarkdown } from "../../../../domain/annotation/markdown";

describe("mathematics", () => {
  it.each([
    ["Let \\(x = 1\\) be.", "Let $x = 1$ be."],
    ["\\( a_1 \\) and \\( b \\)", "$a_1$ and $b$"],
    ["So\n\\[\nx^2\n\\]\nend", "So\n$$\nx^2\n$$\n\nend"],
    ["- item\n  \\[ x \\]", "- item\n  $$\n  x\n  $$\n"],
    ["Euler: $e^{i\\pi} = -1$.", "Euler: $e^{i\\pi} = -1$."],
    ["It costs $5 or $10.", "It costs \\$5 or \\$10."],
    ["From $5-$10 a day", "From \\$5-\\$10 a day"],
    ["Already \\$5", "Already \\$5"],
    ["$x$ costs $5", "$x$ costs \\$5"],
    ["$$\na\n$$", "$$\na\n$$"],
    ["$$a\n+ b$$", "$$\na\n+ b\n$$"],
    ["`echo $HOME $x$` and $y$", "`echo $HOME $x$` and $y$"],
    ["```sh\necho $1 \\(a\\)\n```\n$5", "```sh\necho $1 \\(a\\)\n```\n\\$5"],
    ["no maths", "no maths"],
  ])("%j", (text, expected) => expect(normaliseMaths(text)).toBe(expected));

  it("is looked for before anything is loaded", () => {
    expect([hasMaths("plain"), hasMaths("$x$"), hasMaths("\\[x\\]"), hasMaths("a $ b")]).toEqual([false, true, true, false]);
    expect([hasCode("```python\nx\n```"), hasCode("```\nx\n```"), hasCode("`x`")]).toEqual([true, false, false]);
  });
});

describe("long texts in pieces", () => {
  const paragraph = (i: number) => `Paragraph ${i}. ${"word ".repeat(30)}\n\n`;
  it("are the text again when joined, and about as long as asked", () => {
    const text = Array.from({ length: 200 }, (_, i) => paragraph(i)).join("");
    const pieces = splitMarkdown(text);
    expect(pieces.join("")).toBe(text);
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(4500);
  });
  it("keep code, mathematics and lists whole", () => {
    const code = `\`\`\`js\n${"let a = 1;\n\n".repeat(800)}\`\`\`\n\n`;
    const maths = `$$\n${"x\n\n".repeat(1200)}$$\n\n`;
    const list = "- point\n\n".repeat(1000);
    for (const whole of [code, maths, list]) {
      const pieces = splitMarkdown(`${paragraph(1)}${whole}${paragraph(2).repeat(30)}${paragraph(3)}`);
      expect(pieces.filter((piece) => piece.includes(whole))).toHaveLength(1);
    }
  });
  it("carry the link definitions", () => {
    const pieces = splitMarkdown(
      `${Array.from({ length: 60 }, (_, i) => paragraph(i)).join("")}See [this].\n\n[this]: https://example.org\n`,
    );
    expect(pieces.length).toBeGreaterThan(1);
    for (const piece of pieces) expect(piece).toContain("[this]: https://example.org");
  });
  it("stay one where footnotes refer across it, and where they are short", () => {
    const text = `${Array.from({ length: 60 }, (_, i) => paragraph(i)).join("")}[^1]: Note\n`;
    expect(splitMarkdown(text)).toEqual([text]);
    expect(splitMarkdown("short")).toEqual(["short"]);
  });
});

it("finds words whatever their case", () => {
  expect(findMatches("The cat, the CAT", "cat")).toEqual([4, 13]);
  expect(findMatches("aaaa", "aa")).toEqual([0, 2]);
  expect(findMatches("abc", " ")).toEqual([]);
  // "İ" in lower case is two letters.
  expect(findMatches("İstanbul cat", "cat")).toEqual([9]);
});
