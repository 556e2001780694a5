/** What the keys do to an answer in each mode. */
import { describe, expect, it } from "vitest";
import { type Form, startAnswer } from "../../../../domain/annotation/answer";
import { applyCommand, type Hand, stepMargin } from "../../../../domain/annotation/apply-command";
import { commandOfKey } from "../../../../domain/annotation/keys";
import type { TaskShape } from "../../../../domain/annotation/task";
import type { ItemMode } from "../../../../domain/judgement";

const SCALES = [
  { name: "Helpful", points: 5, low: "", high: "" },
  { name: "Honest", points: 10, low: "", high: "" },
];
const taskOf = (mode: ItemMode, count: number): TaskShape => ({
  mode,
  scales: SCALES,
  completions: Array.from({ length: count }, (_, i) => ({ id: String(i), text: `Text ${i}` })),
});

/** Presses keys one after another; "Alt+x" with Alt. */
function press(task: TaskShape, keys: string): { form: Form; focused: number } {
  let hand: Hand = { answer: startAnswer(task), focused: 0 };
  for (const name of keys.split(" ")) {
    const key = name.replace("Alt+", "");
    const command = commandOfKey(
      { key, code: "", altKey: name.startsWith("Alt+"), ctrlKey: false, metaKey: false, shiftKey: false },
      task.mode,
    );
    if (command === null) continue;
    if (
      command.kind === "digit" ||
      command.kind === "step" ||
      command.kind === "focus" ||
      command.kind === "move" ||
      command.kind === "tie" ||
      command.kind === "both_bad"
    )
      hand = applyCommand(hand, command, task);
  }
  return { form: hand.answer.form, focused: hand.focused };
}

describe("keys of each mode", () => {
  it.each([
    ["2", -2],
    ["9 6", 2],
    ["ArrowRight ArrowRight", 2],
    ["1 b", "both_bad"],
    ["0 ArrowLeft", -1],
  ])("pairwise %s", (keys, choice) => {
    expect(press(taskOf("pairwise", 2), keys).form).toEqual({ mode: "pairwise", choice });
  });
  it.each([
    ["3", 2],
    ["4", null],
    ["ArrowRight", 0],
    ["ArrowLeft", 2],
    ["1 ArrowRight ArrowRight ArrowRight", 2],
    ["2 b", "both_bad"],
  ])("best of three: %s", (keys, choice) => {
    expect(press(taskOf("best_of_n", 3), keys).form).toEqual({ mode: "best_of_n", choice });
  });
  it.each([
    ["Alt+ArrowDown", { order: [1, 0, 2], tied: [false, false, false] }, 1],
    ["ArrowDown ArrowDown 1", { order: [2, 0, 1], tied: [false, false, false] }, 0],
    ["ArrowDown t", { order: [0, 1, 2], tied: [false, true, false] }, 1],
    ["9", { order: [1, 2, 0], tied: [false, false, false] }, 2],
  ])("ranking %s", (keys, ranking, focused) => {
    expect(press(taskOf("ranking", 3), keys)).toEqual({ form: { mode: "ranking", ranking }, focused });
  });
  it.each([
    [
      "4",
      [
        [4, null],
        [null, null],
      ],
      1,
    ],
    // Nothing between: digits walk through the scales of A, then those of B.
    [
      "4 0 2 1",
      [
        [4, 10],
        [2, 1],
      ],
      3,
    ],
    [
      "6",
      [
        [null, null],
        [null, null],
      ],
      0,
    ],
    [
      "ArrowDown 7 ArrowUp ArrowUp 3",
      [
        [3, 7],
        [null, null],
      ],
      2,
    ],
    // What was left out comes back after the last cell.
    [
      "ArrowDown 1 1 1",
      [
        [null, 1],
        [1, 1],
      ],
      0,
    ],
    [
      "ArrowRight ArrowLeft",
      [
        [4, null],
        [null, null],
      ],
      0,
    ],
    [
      "ArrowLeft ArrowLeft",
      [
        [1, null],
        [null, null],
      ],
      0,
    ],
  ])("rating %s", (keys, scores, focused) => {
    expect(press(taskOf("rating", 2), keys)).toEqual({ form: { mode: "rating", scores }, focused });
  });
  it.each(["edit", "demonstration"] as const)("%s is written, not chosen", (mode) => {
    const task = taskOf(mode, mode === "edit" ? 1 : 0);
    expect(press(task, "1 ArrowRight b t").form).toEqual(startAnswer(task).form);
  });
});

it("arrows go one step and stop at the ends", () => {
  expect([
    stepMargin(null, -1),
    stepMargin(null, 1),
    stepMargin("both_bad", 1),
    stepMargin(0, -1),
    stepMargin(-3, -1),
    stepMargin(3, 1),
  ]).toEqual([-1, 1, 1, -1, -3, 3]);
});
