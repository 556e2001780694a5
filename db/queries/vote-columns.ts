/** Reads a project's judgements into columns for the ratings: a million in a few seconds. */
import {
  BEST_ONLY,
  BOTH_BAD,
  type JudgementColumns,
  judgementId,
  NO_PREFERENCE,
  RANKED,
  sortJudgements,
} from "../../domain/ratings/judgements";
import type { Db } from "../client";
import { type CopyRow, copyRows, readMoment } from "../copy";
import { createUuidIndex, readUuidBytes, readUuidText, type UuidIndex } from "../uuid-index";
import { completionsQuery, type VoteFilter, votesQuery } from "./leaderboard";

/** By the letter of `votesQuery`. */
const KINDS = new Uint8Array(128);
for (const [letter, kind] of Object.entries({ r: RANKED, o: BEST_ONLY, b: BOTH_BAD, n: NO_PREFERENCE })) KINDS[letter.charCodeAt(0)] = kind;
/** Characters of a uuid. */
const UUID = 36;

export type ReadCompletions = {
  /** Numbers of the completions, and of their models. */
  index: UuidIndex;
  models: UuidIndex;
  /** Of each completion: its model, and the place of its category among `categories` (-1: none). */
  model: Int32Array;
  category: Int32Array;
  categories: string[];
};

/** A project's completions. With `index`, completions that it knows keep their numbers. */
export async function readCompletions(db: Db, projectId: string, index: UuidIndex = createUuidIndex(1024)): Promise<ReadCompletions> {
  const models = createUuidIndex(64);
  const numbers = new Map<string, number>();
  const rows: number[] = [];
  const words = new Uint32Array(8);
  await copyRows(db, completionsQuery(projectId), 3, ({ bytes, at, length }) => {
    readUuidBytes(bytes, at[0] as number, words, 0);
    readUuidBytes(bytes, at[1] as number, words, 4);
    const category = bytes.toString("utf8", at[2], (at[2] as number) + (length[2] as number));
    const number = category === "" ? -1 : (numbers.get(category) ?? numbers.size);
    if (number === numbers.size) numbers.set(category, number);
    rows.push(index.find(words, 0, true), models.find(words, 4, true), number);
  });
  const model = new Int32Array(index.size()).fill(-1);
  const categories = new Int32Array(index.size()).fill(-1);
  for (let row = 0; row < rows.length; row += 3) {
    model[rows[row] as number] = rows[row + 1] as number;
    categories[rows[row] as number] = rows[row + 2] as number;
  }
  return { index, models, model, category: categories, categories: [...numbers.keys()] };
}

export type ReadVotes = {
  columns: JudgementColumns;
  annotators: UuidIndex;
};

/**
 * Judgements that stand up to `upTo` (microseconds since 1970), oldest first; `completions` numbers what they show. With
 * `before`, only what came after it is read, and added. A judgement of a completion that `completions` does not know is an
 * error, so completions have to be read later than the votes' mark that `upTo` is of.
 */
export async function readVotes(
  db: Db,
  input: { projectId: string; votes: VoteFilter; completions: UuidIndex; expected: number; upTo: number; before?: ReadVotes | null },
): Promise<ReadVotes> {
  const annotators = input.before?.annotators ?? createUuidIndex(64);
  const columns = input.before?.columns ?? emptyColumns(input.expected);
  const last = columns.length - 1;
  const after = last < 0 ? null : { at: Math.round((columns.at[last] as number) * 1000), id: judgementId(columns, last) };
  const words = new Uint32Array(4);
  await copyRows(db, votesQuery({ ...input, after }), 7, (row) => addVote(row, columns, annotators, input.completions, words));
  // Cheaper here than a million rows by way of an index: they mostly lie as they came.
  sortJudgements(columns, last + 1);
  columns.annotators = annotators.size();
  return { columns, annotators };
}

function emptyColumns(expected: number): JudgementColumns {
  const room = expected + 16;
  return {
    length: 0,
    annotators: 0,
    ids: new Uint32Array(4 * room),
    annotator: new Int32Array(room),
    at: new Float64Array(room),
    propensity: new Float64Array(room),
    kind: new Uint8Array(room),
    start: new Int32Array(room + 1),
    shown: new Int32Array(2 * room),
    rank: new Uint8Array(2 * room),
  };
}

const enlarge = <T extends Uint32Array | Int32Array | Float64Array | Uint8Array>(array: T, needed: number): T => {
  if (array.length >= needed) return array;
  const larger = new (array.constructor as new (length: number) => T)(Math.max(needed, 2 * array.length));
  larger.set(array);
  return larger;
};

/** `words` is room for a uuid. */
function addVote(
  { bytes, at, length }: CopyRow,
  columns: JudgementColumns,
  annotators: UuidIndex,
  completions: UuidIndex,
  words: Uint32Array,
): void {
  const k = columns.length;
  if (k >= columns.kind.length) {
    columns.ids = enlarge(columns.ids, 4 * (k + 1));
    columns.annotator = enlarge(columns.annotator, k + 1);
    columns.at = enlarge(columns.at, k + 1);
    columns.propensity = enlarge(columns.propensity, k + 1);
    columns.kind = enlarge(columns.kind, k + 1);
    columns.start = enlarge(columns.start, columns.kind.length + 1);
  }
  const [id, annotator, kind, shownOrder, ranks, propensity, moment] = at as Int32Array &
    [number, number, number, number, number, number, number];
  readUuidBytes(bytes, id, columns.ids, 4 * k);
  readUuidBytes(bytes, annotator, words, 0);
  columns.annotator[k] = annotators.find(words, 0, true);
  columns.kind[k] = KINDS[bytes[kind] as number] as number;
  const begin = columns.start[k] as number;
  let shown = begin;
  // Behind jsonb's version: ["uuid", "uuid"].
  for (let place = shownOrder + 3; place < shownOrder + (length[3] as number); place += UUID + 4) {
    if (shown >= columns.shown.length) {
      columns.shown = enlarge(columns.shown, shown + 1);
      columns.rank = enlarge(columns.rank, columns.shown.length);
    }
    readUuidText(bytes, place, words, 0);
    const completion = completions.find(words, 0, false);
    if (completion === -1) {
      const shownId = bytes.toString("latin1", place, place + UUID);
      throw new Error(`votes: judgement ${judgementId(columns, k)} shows the unknown completion ${shownId}`);
    }
    columns.shown[shown++] = completion;
  }
  columns.start[k + 1] = shown;
  // [1, 2]: ranks have one digit, as items show nine completions at most.
  if (length[4] === -1) columns.rank.fill(0, begin, shown);
  else for (let p = begin; p < shown; p++) columns.rank[p] = (bytes[ranks + 2 + 3 * (p - begin)] as number) - 48;
  columns.propensity[k] = bytes.readDoubleBE(propensity);
  columns.at[k] = readMoment(bytes, moment) / 1000;
  columns.length = k + 1;
}
