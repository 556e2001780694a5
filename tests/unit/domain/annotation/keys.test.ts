/** What keys mean, on several keyboards. */
import { describe, expect, it } from "vitest";
import { commandOfKey, type KeyPress } from "../../../../domain/annotation/keys";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  ...more,
});

describe("pairs", () => {
  it.each([
    ["1", { kind: "digit", digit: 1 }],
    ["7", { kind: "digit", digit: 7 }],
    ["8", null],
    ["0", { kind: "both_bad" }],
    ["b", { kind: "both_bad" }],
    ["ArrowLeft", { kind: "step", step: -1 }],
    ["ArrowRight", { kind: "step", step: 1 }],
    ["ArrowUp", null],
    ["t", null],
    ["Enter", { kind: "submit" }],
    ["Z", { kind: "undo" }],
    ["s", { kind: "skip" }],
    ["f", { kind: "flag" }],
    ["d", { kind: "diff" }],
    ["r", { kind: "raw" }],
    ["g", { kind: "guidelines" }],
    ["c", { kind: "comment" }],
    ["?", { kind: "help" }],
    ["x", null],
    ["Tab", null],
    [" ", null],
  ])("%s", (key, command) => {
    expect(commandOfKey(press(key), "pairwise")).toEqual(command);
  });
});

describe("rankings", () => {
  it.each([
    [press("ArrowUp"), { kind: "focus", step: -1 }],
    [press("ArrowDown"), { kind: "focus", step: 1 }],
    [press("ArrowUp", { altKey: true }), { kind: "move", step: -1 }],
    [press("ArrowDown", { altKey: true }), { kind: "move", step: 1 }],
    [press("9"), { kind: "digit", digit: 9 }],
    [press("0"), null],
    [press("t"), { kind: "tie" }],
    [press("b"), null],
    [press("ArrowLeft", { altKey: true }), null],
  ])("%j", (key, command) => {
    expect(commandOfKey(key, "ranking")).toEqual(command);
  });
});

describe("other modes", () => {
  it.each([
    ["best_of_n", press("3"), { kind: "digit", digit: 3 }],
    ["best_of_n", press("0"), { kind: "both_bad" }],
    ["best_of_n", press("ArrowRight"), { kind: "step", step: 1 }],
    ["best_of_n", press("ArrowUp"), null],
    ["rating", press("0"), { kind: "digit", digit: 10 }],
    ["rating", press("ArrowDown"), { kind: "focus", step: 1 }],
    ["rating", press("ArrowDown", { altKey: true }), null],
    ["rating", press("b"), null],
    ["edit", press("e"), { kind: "write" }],
    ["edit", press("d"), { kind: "diff" }],
    ["edit", press("4"), null],
    ["demonstration", press("d"), null],
    ["demonstration", press("E"), { kind: "write" }],
    ["demonstration", press("0"), null],
    ["pairwise", press("e"), null],
    ["rating", press("/"), { kind: "find" }],
    // German keyboards have the slash above the seven.
    ["pairwise", press("/", { code: "Digit7", shiftKey: true }), { kind: "find" }],
  ] as const)("%s %j", (mode, key, command) => {
    expect(commandOfKey(key, mode)).toEqual(command);
  });
});

describe("other keyboards", () => {
  it("French digits without Shift", () => {
    expect(commandOfKey(press("&", { code: "Digit1" }), "pairwise")).toEqual({ kind: "digit", digit: 1 });
  });
  it("signs above the digits are no digits", () => {
    expect(commandOfKey(press("!", { code: "Digit1", shiftKey: true }), "pairwise")).toBeNull();
  });
  it("Russian letters by their place, French ones by their sign", () => {
    expect(commandOfKey(press("ы", { code: "KeyS" }), "pairwise")).toEqual({ kind: "skip" });
    expect(commandOfKey(press("z", { code: "KeyW" }), "pairwise")).toEqual({ kind: "undo" });
  });
  it("the browser's own combinations stay the browser's", () => {
    expect(commandOfKey(press("r", { ctrlKey: true }), "pairwise")).toBeNull();
    expect(commandOfKey(press("z", { metaKey: true }), "pairwise")).toBeNull();
    expect(commandOfKey(press("d", { altKey: true }), "pairwise")).toBeNull();
  });
});
