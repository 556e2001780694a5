/** Numbers and times in words. */
import { describe, expect, it } from "vitest";
import { formatInterval } from "../../../app/components/ui/interval";
import { formatRelativeTime } from "../../../app/components/ui/relative-time";

describe("formatInterval", () => {
  it.each([
    [{ value: 0.613, low: 0.592, high: 0.634, n: 512, percent: true }, "61.3 % ± 2.1, n = 512"],
    [{ value: 0.613, low: 0.58, high: 0.631, percent: true }, "61.3 % (58.0 to 63.1)"],
    [{ value: 1, low: 1, high: 1, n: 3, percent: true }, "100.0 % (no spread), n = 3"],
    [{ value: -0.25, digits: 2, n: 10_000 }, "−0.25, n = 10,000"],
    [{ value: null }, "–"],
    [{ value: Number.NaN, n: 3 }, "–"],
  ])("%j reads %j", (numbers, text) => {
    expect(formatInterval(numbers)).toBe(text);
  });
});

describe("formatRelativeTime", () => {
  const now = Date.UTC(2026, 0, 15, 12);
  it.each([
    [0, "just now"],
    [-44, "just now"],
    [-45, "1 minute ago"],
    [-60, "1 minute ago"],
    [-119, "1 minute ago"],
    [-7200, "2 hours ago"],
    [-86_400, "yesterday"],
    [30, "in a moment"],
    [3600, "in 1 hour"],
  ])("%d seconds reads %j", (seconds, text) => {
    expect(formatRelativeTime(now + seconds * 1000, now)).toBe(text);
  });
});
