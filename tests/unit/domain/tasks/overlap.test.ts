/** n-gram overlap by hand: GPT-3's rule. */
import { describe, expect, it } from "vitest";
import { createOverlapIndex } from "../../../../domain/tasks/overlap";

const words = (n: number, start = 0) => Array.from({ length: n }, (_, i) => `w${start + i}`).join(" ");

describe("overlap", () => {
  it("needs 13 words in a row of long items", () => {
    const index = createOverlapIndex([words(20), words(20, 100), words(20, 200)]);
    index.add(`before ${words(13, 3)} after`);
    index.add(`before ${words(12, 103)} after ${words(12, 107)}`);
    expect(index.report()).toEqual({ n: 13, dirty: [true, false, false] });
  });
  it("takes shorter runs, not under 8, where the items are short, and says nothing of shorter ones", () => {
    const index = createOverlapIndex([words(9), words(9, 100), words(4, 200)]);
    index.add(words(8, 101));
    index.add(words(4, 200));
    expect(index.report()).toEqual({ n: 8, dirty: [false, true, null] });
  });
  it("ignores case, punctuation and white space of any script", () => {
    const index = createOverlapIndex(["Où est l’école? Elle est là-bas, près du vieux pont de pierre, dit-elle."]);
    index.add("OÙ EST L'ÉCOLE — elle est  là bas\nprès du vieux pont de PIERRE");
    expect(index.report().dirty).toEqual([true]);
  });
  it("marks every item that has the run", () => {
    const index = createOverlapIndex([`${words(13)} a`, `b ${words(13)}`, words(14, 50)]);
    index.add(words(13));
    expect(index.report().dirty).toEqual([true, true, false]);
  });
});
