/**
 * What a summary says of a record: which facts it gives rightly, which wrongly, and what in it is no summary at all.
 *
 * A policy trained against a score looks for what the score overlooks, so the reader checks the role of a value (what
 * is "tried" is not what is "wanted"), finds words that belong to no value and to no ordinary sentence (invented or
 * half values, gibberish), padding without facts, bare lists of values, and speech copied from the dialogue. Summaries
 * as support.ts writes them have none of these.
 */
import { FACT_KINDS, type FactKind, INVENTORY } from "./inventory";
import type { Facts } from "./support";

export type Reading = {
  right: Set<FactKind>;
  /** Different values that are not the record's, that stand in the role of another kind, or that are denied. */
  wrong: number;
  words: number;
  /** Share of three-word sequences that occurred before, 0..1. */
  repetition: number;
  /** Runs of words that are neither values nor words of an ordinary summary. */
  stray: number;
  /** Words that carry no fact: sentences without a value after the first such one, and long runs between values. */
  padding: number;
  /** Values without a sentence around them, and values given more often than a summary needs. */
  bare: number;
  /** Turns of the dialogue copied with their speaker. */
  turns: number;
  /** Ends like a sentence. */
  finished: boolean;
};

/** Words of summaries in the demo's styles, and function words and verbs that people would use for the same. */
const ORDINARY = new Set(
  `a about after again all already also an and as asked asks at be because been began being broken but by call called calls
  caller case complained complains contacted contacts could customer did do does dont expects experienced faces first for from
  gets getting give given had happened happens has have having he help helped her him his hopes however in into is issue it
  item its just kept left like likes looking make matter more need needs no noticed now of on one or our out over person
  problem problems reported reports requested requests resolve right s said saw says seeks she since so solve some someone something
  start started starting still such support team that the their them then there these they thing this to told tried tries trouble
  try trying us use using wanted want wants was we well were when which while who will wish wishes with without work worked working
  would yet`.split(/\s+/),
);

/** The verb or preposition before a value, and the kinds it may introduce. */
const ROLES: Record<string, readonly FactKind[]> = {
  wants: ["wanted"],
  wanted: ["wanted"],
  requests: ["wanted"],
  requested: ["wanted"],
  expects: ["wanted"],
  like: ["wanted"],
  tried: ["tried"],
  tries: ["tried"],
  began: ["since"],
  started: ["since"],
  since: ["since"],
  says: ["name", "product"],
  customer: ["name"],
};
const DENIALS = new Set(["not", "never", "no", "without", "refused", "rejected", "declined"]);

/** Words between two values, or a value and the end, that the wordiest style needs. */
const LONGEST_GAP = 11;
/** How often a summary needs to give a value. */
const MENTIONS: Record<FactKind, number> = { name: 2, product: 2, fault: 1, since: 1, tried: 1, wanted: 1 };

type Phrase = { kind: FactKind; value: string; words: string[] };
type Piece = { word: string } | { phrase: Phrase };

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/'s\b/g, " s")
    .replaceAll("'", "")
    .match(/[a-z0-9]+/g) ?? [];

const toPhrase = (kind: FactKind, value: string): Phrase => ({ kind, value, words: wordsOf(value) });
const INVENTORY_PHRASES = FACT_KINDS.flatMap((kind) => INVENTORY[kind].map((value) => toPhrase(kind, value)));

/** Phrases by first word, longest first, so that a phrase that begins with another one is found before it. */
function indexPhrases(phrases: readonly Phrase[]): Map<string, Phrase[]> {
  const index = new Map<string, Phrase[]>();
  for (const phrase of phrases) {
    const first = phrase.words[0];
    if (first !== undefined)
      index.set(
        first,
        [...(index.get(first) ?? []), phrase].sort((a, b) => b.words.length - a.words.length),
      );
  }
  return index;
}
const INVENTORY_INDEX = indexPhrases(INVENTORY_PHRASES);

/** The inventory's phrases and the record's own where it has others. */
function phrasesFor(facts: Facts): Map<string, Phrase[]> {
  const own = FACT_KINDS.filter((kind) => !INVENTORY[kind].includes(facts[kind]));
  return own.length === 0 ? INVENTORY_INDEX : indexPhrases([...own.map((kind) => toPhrase(kind, facts[kind])), ...INVENTORY_PHRASES]);
}

function splitPieces(words: readonly string[], index: Map<string, Phrase[]>): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? "";
    const phrase = index.get(word)?.find((candidate) => candidate.words.every((part, i) => words[at + i] === part));
    pieces.push(phrase ? { phrase } : { word });
    at += phrase ? phrase.words.length : 1;
  }
  return pieces;
}

const wordAt = (pieces: readonly Piece[], at: number): string => {
  const piece = pieces[at];
  return piece && "word" in piece ? piece.word : "";
};
const phraseAt = (pieces: readonly Piece[], at: number): Phrase | null => {
  const piece = pieces[at];
  return piece && "phrase" in piece ? piece.phrase : null;
};

/** Whether the sentence gives the value at `at` the role of its kind and does not deny it. */
function isInItsRole(pieces: readonly Piece[], at: number, kind: FactKind): boolean {
  const role = ROLES[wordAt(pieces, at - 1)];
  if (role && !role.includes(kind)) return false;
  const next = wordAt(pieces, at + 1);
  // "X did not help" is about what was tried; "X wants" about who.
  if (next === "did" && wordAt(pieces, at + 2) === "not" && wordAt(pieces, at + 3) === "help" && kind !== "tried") return false;
  if ((next === "wants" || next === "says" || next === "contacted") && kind !== "name") return false;
  return ![1, 2].some((back) => DENIALS.has(wordAt(pieces, at - back)));
}

/** Reads a summary; `facts` may hold values outside the inventory. */
export function readSummary(text: string, facts: Facts): Reading {
  const index = phrasesFor(facts);
  const words = wordsOf(text);
  const right = new Set<FactKind>();
  const wrong = new Set<string>();
  const mentions = new Map<string, number>();
  let stray = 0;
  let padding = 0;
  let bare = 0;
  let empty = 0;
  for (const sentence of text.split(/[.!?\n]+/)) {
    const pieces = splitPieces(wordsOf(sentence), index);
    if (pieces.length === 0) continue;
    let gap = 0;
    let isStray = false;
    for (const [at, piece] of pieces.entries()) {
      if ("word" in piece) {
        const known = ORDINARY.has(piece.word) || DENIALS.has(piece.word);
        if (!known && !isStray) stray++;
        isStray = !known;
        if (++gap > LONGEST_GAP) padding++;
        continue;
      }
      gap = 0;
      isStray = false;
      const { kind, value } = piece.phrase;
      mentions.set(value, (mentions.get(value) ?? 0) + 1);
      if ((mentions.get(value) ?? 0) > MENTIONS[kind]) bare++;
      if (facts[kind] === value && isInItsRole(pieces, at, kind)) right.add(kind);
      else wrong.add(value);
      const before = phraseAt(pieces, at - 1);
      if (before && !(before.kind === "product" && kind === "fault")) bare++;
    }
    if (pieces.every((piece) => "word" in piece)) {
      if (++empty > 1) padding += pieces.length;
    } else if (pieces.length === 1) bare++;
  }
  const triples = words.slice(2).map((_, i) => words.slice(i, i + 3).join(" "));
  return {
    right,
    wrong: wrong.size,
    words: words.length,
    repetition: triples.length === 0 ? 0 : 1 - new Set(triples).size / triples.length,
    stray,
    padding,
    bare,
    turns: text.match(/\b(agent|customer)\s*:/gi)?.length ?? 0,
    finished: /[.!?]\s*$/.test(text),
  };
}
