/** Moves and ties of a ranking. */
import { describe, expect, it } from "vitest";
import {
  isUntouched,
  moveCard,
  placeRanks,
  type Ranking,
  rankingSchema,
  rankingToRanks,
  ranksToRanking,
  startRanking,
  toggleTie,
} from "../../../../domain/annotation/ranking";

/** "BA=C": B first, then A, with C tied to A. */
function ranking(text: string): Ranking {
  const order: number[] = [];
  const tied: boolean[] = [];
  for (const letter of text.matchAll(/(=?)([A-I])/g)) {
    order.push((letter[2] ?? "A").charCodeAt(0) - 65);
    tied.push(letter[1] === "=");
  }
  return { order, tied };
}

function show({ order, tied }: Ranking): string {
  return order.map((position, place) => `${tied[place] ? "=" : ""}${String.fromCharCode(65 + position)}`).join("");
}

describe("moveCard", () => {
  it.each([
    ["ABC", 0, 2, "BCA"],
    ["ABC", 2, 0, "CAB"],
    ["ABC", 1, 9, "ACB"],
    ["ABC", 1, -4, "BAC"],
    ["ABC", 7, 0, "ABC"],
    // The head of a tie leaves: the others stay together.
    ["A=B=CD", 0, 3, "B=CDA"],
    // The last of a tie leaves.
    ["A=BC", 1, 2, "ACB"],
    // From the middle: those above and below stay tied.
    ["A=B=C", 1, 0, "BA=C"],
    // Into a tie: joins it.
    ["AB=CD", 3, 2, "AB=D=C"],
    ["AB=CD", 0, 1, "B=A=CD"],
    // To the top of a tie: above it, not in it.
    ["AB=C", 0, 2, "B=CA"],
    ["B=CA", 2, 0, "AB=C"],
  ])("%s, %i to %i, is %s", (before, from, to, after) => {
    expect(show(moveCard(ranking(before), from, to))).toBe(after);
  });

  it("passing through a tie step by step leaves it as it was", () => {
    let moving = ranking("B=CA");
    for (const place of [2, 1]) moving = moveCard(moving, place, place - 1);
    expect(show(moving)).toBe("AB=C");
    for (const place of [0, 1]) moving = moveCard(moving, place, place + 1);
    expect(show(moving)).toBe("B=CA");
  });

  it("keeps a valid ranking whatever is done", () => {
    let moving = ranking("A=B=CD=E");
    for (let from = 0; from < 5; from += 1) {
      for (let to = 0; to < 5; to += 1) {
        moving = toggleTie(moveCard(moving, from, to), to);
        expect(rankingSchema.safeParse(moving).success).toBe(true);
      }
    }
  });
});

describe("ties and ranks", () => {
  it("ties with the card above, and parts again", () => {
    expect(show(toggleTie(ranking("ABC"), 1))).toBe("A=BC");
    expect(show(toggleTie(ranking("A=BC"), 1))).toBe("ABC");
    expect(show(toggleTie(ranking("ABC"), 0))).toBe("ABC");
  });

  it.each([
    ["ABC", [1, 2, 3]],
    ["A=BC", [1, 1, 2]],
    ["AB=C=D", [1, 2, 2, 2]],
  ])("%s has the ranks %j from the top", (text, ranks) => {
    expect(placeRanks(ranking(text))).toEqual(ranks);
  });

  it("sends ranks by shown position and reads them back", () => {
    expect(rankingToRanks(ranking("CA=B"))).toEqual([2, 2, 1]);
    expect(show(ranksToRanking([2, 2, 1]))).toBe("CA=B");
    // Ranks with gaps, as other programs give them.
    expect(show(ranksToRanking([3, 1, 1]))).toBe("B=CA");
  });

  it("knows the order it started with", () => {
    expect(isUntouched(startRanking(4))).toBe(true);
    expect(isUntouched(ranking("BA"))).toBe(false);
    expect(isUntouched(ranking("A=B"))).toBe(false);
  });

  it.each([
    ["a card twice", { order: [0, 0], tied: [false, false] }],
    ["a tie above the best", { order: [0, 1], tied: [true, false] }],
    ["a missing tie", { order: [0, 1], tied: [false] }],
  ])("refuses %s", (_, broken) => {
    expect(rankingSchema.safeParse(broken).success).toBe(false);
  });
});
