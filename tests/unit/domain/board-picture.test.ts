import { expect, it } from "vitest";
import { drawBoard, PICTURE_ROWS } from "../../../domain/board-picture";

const row = (name: string, score: number) => ({ name, score, low: score - 20, high: score + 20, rankLow: 1, rankHigh: 2 });

it("draws a line a model within its frame, with names that cannot break out of it", () => {
  const svg = drawBoard("A & B", "3 votes", [row('<script>"x"', 1050), row("b", 950)]);
  expect(svg).not.toContain("<script>");
  expect(svg).toContain("A &amp; B");
  const ends = [...svg.matchAll(/x([12])="([\d.]+)"/g)].map((match) => Number(match[2]));
  expect(ends).toHaveLength(4);
  expect(Math.min(...ends)).toBe(220);
  expect(Math.max(...ends)).toBe(550);
});
it("shows the upper part of a long board, and an empty one", () => {
  const many = Array.from({ length: 40 }, (_, i) => row(`m${i}`, 1000 - i));
  expect(drawBoard("t", "n", many).match(/<circle/g)).toHaveLength(PICTURE_ROWS);
  expect(drawBoard("t", "n", [])).not.toContain("NaN");
});
