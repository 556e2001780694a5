/** Reads a project's judgements into columns for the ratings: a million in a few seconds. */
import { BEST_ONLY, BOTH_BAD, type JudgementColumns, NO_PREFERENCE, RANKED } from "../../domain/ratings/judgements";
import type { Db } from "../client";
import { createUuidIndex, readUuid, type UuidIndex } from "../uuid-index";
import { selectCompletionLines, selectVotePage, type VoteFilter } from "./leaderboard";

const KINDS: Record<string, number> = { r: RANKED, o: BEST_ONLY, b: BOTH_BAD, n: NO_PREFERENCE };
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
  const text = (await selectCompletionLines(db, projectId)) ?? "";
  const models = createUuidIndex(64);
  const numbers = new Map<string, number>();
  const rows: number[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf("\n", at + 2 * UUID);
    const end = line === -1 ? text.length : line;
    const category = text.slice(at + 2 * UUID, end);
    const number = category === "" ? -1 : (numbers.get(category) ?? numbers.size);
    if (number === numbers.size) numbers.set(category, number);
    rows.push(index.find(text, at, true), models.find(text, at + UUID, true), number);
    at = end + 1;
  }
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
  /** Where the next reading goes on. */
  last: { at: string; id: string } | null;
  annotators: UuidIndex;
};

/**
 * Judgements that stand up to `upTo` (microseconds since 1970), oldest first; `completions` numbers what they show. With
 * `before`, only what came after it is read, and added. A judgement of a completion that `completions` does not know is an
 * error, so completions have to be read later than the votes' mark that `upTo` is of.
 */
export async function readVotes(
  db: Db,
  input: { projectId: string; votes: VoteFilter; completions: UuidIndex; expected: number; upTo: string; before?: ReadVotes | null },
): Promise<ReadVotes> {
  const before = input.before ?? null;
  const annotators = before?.annotators ?? createUuidIndex(64);
  const columns = before?.columns ?? emptyColumns(input.expected);
  let last = before?.last ?? null;
  let page = await selectVotePage(db, { ...input, after: last });
  while (page !== null) {
    const end = page.lastIndexOf("\n") + 1;
    const text = page;
    last = { id: text.slice(end, end + UUID), at: text.slice(text.lastIndexOf(" ") + 1) };
    // The database makes the next page while this one is read.
    const next = selectVotePage(db, { ...input, after: last });
    for (let at = 0; at < text.length; ) at = readLine(text, at, columns, annotators, input.completions);
    page = await next;
  }
  columns.annotators = annotators.size();
  return { columns, last, annotators };
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

/** Adds the judgement whose line begins at `from`; returns where the next one begins. */
function readLine(text: string, from: number, columns: JudgementColumns, annotators: UuidIndex, completions: UuidIndex): number {
  const k = columns.length;
  if (k >= columns.kind.length) {
    columns.ids = enlarge(columns.ids, 4 * (k + 1));
    columns.annotator = enlarge(columns.annotator, k + 1);
    columns.at = enlarge(columns.at, k + 1);
    columns.propensity = enlarge(columns.propensity, k + 1);
    columns.kind = enlarge(columns.kind, k + 1);
    columns.start = enlarge(columns.start, columns.kind.length + 1);
  }
  readUuid(text, from, columns.ids, 4 * k);
  columns.annotator[k] = annotators.find(text, from + UUID, true);
  const kind = KINDS[text[from + 2 * UUID] ?? ""];
  if (kind === undefined) throw new Error(`votes: a judgement of unknown kind in ${text.slice(from, from + 200)}`);
  columns.kind[k] = kind;
  // The kind, then ["uuid", "uuid"].
  let at = from + 2 * UUID;
  const begin = columns.start[k] as number;
  let shown = begin;
  do {
    at += 3;
    if (shown >= columns.shown.length) {
      columns.shown = enlarge(columns.shown, shown + 1);
      columns.rank = enlarge(columns.rank, columns.shown.length);
    }
    const completion = completions.find(text, at, false);
    if (completion === -1)
      throw new Error(`votes: judgement ${text.slice(from, from + UUID)} shows the unknown completion ${text.slice(at, at + UUID)}`);
    columns.shown[shown++] = completion;
    at += UUID + 1;
  } while (text.charCodeAt(at) === 44); // a comma
  at++;
  columns.start[k + 1] = shown;
  if (kind === RANKED || kind === BEST_ONLY) {
    // [1, 2]: ranks have one digit, as items show nine completions at most.
    for (let p = begin; p < shown; p++) columns.rank[p] = text.charCodeAt(at + 1 + 3 * (p - begin)) - 48;
    at += 3 * (shown - begin);
  } else columns.rank.fill(0, begin, shown);
  const blank = text.indexOf(" ", at);
  const second = text.indexOf(" ", blank + 1);
  const line = text.indexOf("\n", second);
  const end = line === -1 ? text.length : line;
  columns.propensity[k] = Number(text.slice(blank + 1, second));
  columns.at[k] = Number(text.slice(second + 1, end)) / 1000;
  columns.length = k + 1;
  return end + 1;
}
