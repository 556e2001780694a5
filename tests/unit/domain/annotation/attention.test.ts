/** Active and idle time. */
import { expect, it } from "vitest";
import { countTime, isAttentive, noteHidden, noteInput, startAttention } from "../../../../domain/annotation/attention";

it("time up to 30 s after the last input is active, the rest idle", () => {
  const state = countTime(noteInput(startAttention(0), 10_000), 100_000);
  expect(state).toMatchObject({ activeMs: 40_000, idleMs: 60_000 });
});

it("an input after a pause counts on from there", () => {
  const state = countTime(noteInput(startAttention(1_000), 91_000), 96_000);
  expect(state).toMatchObject({ activeMs: 35_000, idleMs: 60_000 });
});

it("a hidden tab is idle from the moment it is hidden", () => {
  const hidden = noteHidden(startAttention(0), 5_000, true);
  const shown = noteHidden(hidden, 65_000, false);
  expect(countTime(shown, 70_000)).toMatchObject({ activeMs: 10_000, idleMs: 60_000 });
});

it("counting often gives the same as counting once", () => {
  const start = noteInput(startAttention(0), 2_000);
  let often = start;
  for (let now = 2_000; now <= 90_000; now += 700) often = countTime(often, now);
  expect(countTime(often, 90_000)).toEqual(countTime(start, 90_000));
});

it("a clock that goes back changes nothing", () => {
  const state = startAttention(50_000);
  expect(countTime(state, 40_000)).toEqual(state);
});

it("knows whether somebody is at work", () => {
  const state = startAttention(0);
  expect(isAttentive(state, 30_000)).toBe(true);
  expect(isAttentive(state, 30_001)).toBe(false);
  expect(isAttentive(noteHidden(state, 1_000, true), 2_000)).toBe(false);
});
