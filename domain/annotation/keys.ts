/** What a key means in the annotator's room. Pure, so that every keyboard layout can be tried. */
import type { ItemMode } from "../judgement";

export type Command =
  | { kind: "digit"; digit: number }
  | { kind: "step"; step: -1 | 1 }
  | { kind: "focus"; step: -1 | 1 }
  | { kind: "move"; step: -1 | 1 }
  | { kind: "tie" | "both_bad" }
  | { kind: "submit" | "undo" | "skip" | "flag" | "diff" | "raw" | "find" | "write" | "guidelines" | "comment" | "help" };

/** The part of a KeyboardEvent that counts. */
export type KeyPress = {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
};

const LETTERS = {
  z: "undo",
  s: "skip",
  f: "flag",
  d: "diff",
  r: "raw",
  g: "guidelines",
  c: "comment",
} as const;

/** Latin letter of the key; on other scripts the letter at the same place of the keyboard. */
function letterOfKey({ key, code }: KeyPress): string | null {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const isOtherLetter = key.length === 1 && key.charCodeAt(0) > 127;
  return isOtherLetter && /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : null;
}

/** Layouts that need Shift for digits (French) give the key's own sign without it: its place decides. */
function digitOfKey({ key, code, shiftKey }: KeyPress): number | null {
  if (/^[0-9]$/.test(key)) return Number(key);
  return !shiftKey && /^Digit[0-9]$/.test(code) ? Number(code.slice(5)) : null;
}

/** Which keys of choosing each mode has. */
const MODES: Readonly<
  Record<ItemMode, { digits: number; step?: true; focus?: true; move?: true; bothBad?: true; diff?: true; write?: true }>
> = {
  pairwise: { digits: 7, step: true, bothBad: true, diff: true },
  ranking: { digits: 9, focus: true, move: true, diff: true },
  best_of_n: { digits: 9, step: true, bothBad: true, diff: true },
  rating: { digits: 10, step: true, focus: true, diff: true },
  edit: { digits: 0, diff: true, write: true },
  demonstration: { digits: 0, write: true },
};

function letterCommand(press: KeyPress, mode: ItemMode): Command | null {
  const letter = letterOfKey(press);
  if (letter === null) return null;
  if (letter === "t") return MODES[mode].move ? { kind: "tie" } : null;
  if (letter === "b") return MODES[mode].bothBad ? { kind: "both_bad" } : null;
  if (letter === "e") return MODES[mode].write ? { kind: "write" } : null;
  if (letter === "d" && !MODES[mode].diff) return null;
  const kind = LETTERS[letter as keyof typeof LETTERS];
  return kind === undefined ? null : { kind };
}

function digitCommand(digit: number, mode: ItemMode): Command | null {
  const { digits, bothBad } = MODES[mode];
  if (digit === 0 && bothBad) return { kind: "both_bad" };
  const meant = digit === 0 ? 10 : digit;
  return meant <= digits ? { kind: "digit", digit: meant } : null;
}

/** The command of a key press, or null when the key is the browser's. */
export function commandOfKey(press: KeyPress, mode: ItemMode): Command | null {
  if (press.ctrlKey || press.metaKey) return null;
  const { step, focus, move } = MODES[mode];
  const up = press.key === "ArrowUp";
  if (up || press.key === "ArrowDown") {
    if (press.altKey) return move ? { kind: "move", step: up ? -1 : 1 } : null;
    return focus ? { kind: "focus", step: up ? -1 : 1 } : null;
  }
  if (press.altKey) return null;
  const left = press.key === "ArrowLeft";
  if (left || press.key === "ArrowRight") return step ? { kind: "step", step: left ? -1 : 1 } : null;
  if (press.key === "Enter") return press.shiftKey ? null : { kind: "submit" };
  if (press.key === "?") return { kind: "help" };
  // Shift and 7 is the slash of German keyboards.
  if (press.key === "/") return { kind: "find" };
  const digit = digitOfKey(press);
  return digit === null ? letterCommand(press, mode) : digitCommand(digit, mode);
}
