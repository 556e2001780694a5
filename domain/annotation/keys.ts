/** What a key means in the annotator's room. Pure, so that every keyboard layout can be tried. */
import type { ItemMode } from "../judgement";

export type Command =
  | { kind: "digit"; digit: number }
  | { kind: "step"; step: -1 | 1 }
  | { kind: "focus"; step: -1 | 1 }
  | { kind: "move"; step: -1 | 1 }
  | { kind: "tie" | "both_bad" | "submit" | "undo" | "skip" | "flag" | "diff" | "raw" | "guidelines" | "comment" | "help" };

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

function letterCommand(press: KeyPress, mode: ItemMode): Command | null {
  const letter = letterOfKey(press);
  if (letter === null) return null;
  if (letter === "t") return mode === "ranking" ? { kind: "tie" } : null;
  if (letter === "b") return mode === "pairwise" ? { kind: "both_bad" } : null;
  const kind = LETTERS[letter as keyof typeof LETTERS];
  return kind === undefined ? null : { kind };
}

/** The command of a key press, or null when the key is the browser's. */
export function commandOfKey(press: KeyPress, mode: ItemMode): Command | null {
  if (press.ctrlKey || press.metaKey) return null;
  const up = press.key === "ArrowUp";
  if (up || press.key === "ArrowDown") {
    if (mode === "pairwise") return null;
    return { kind: press.altKey ? "move" : "focus", step: up ? -1 : 1 };
  }
  if (press.altKey) return null;
  const left = press.key === "ArrowLeft";
  if (left || press.key === "ArrowRight") return mode === "pairwise" ? { kind: "step", step: left ? -1 : 1 } : null;
  if (press.key === "Enter") return press.shiftKey ? null : { kind: "submit" };
  if (press.key === "?") return { kind: "help" };
  const digit = digitOfKey(press);
  if (digit !== null) {
    if (digit === 0) return mode === "pairwise" ? { kind: "both_bad" } : null;
    return mode === "pairwise" && digit > 7 ? null : { kind: "digit", digit };
  }
  return letterCommand(press, mode);
}
