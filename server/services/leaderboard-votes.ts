/** A project's votes as the ratings want them. They are kept in memory and read on from where they ended, as long as the count agrees. */
import { selectCompletionTexts, selectRankedModels, selectVoteMark, type VoteFilter } from "../../db/queries/leaderboard";
import { type ReadCompletions, type ReadVotes, readCompletions, readVotes } from "../../db/queries/vote-columns";
import type { Db } from "../../db/client";
import { findUuid } from "../../db/uuid-index";
import { packJudgements, prefers } from "../../domain/ratings/judgements";
import { scaleFeatures, styleDifference } from "../../domain/ratings/style";
import { measureStyle, STYLE_NAMES } from "../../domain/ratings/text-style";

/** What the address of a board says. */
export type BoardFilter = {
  votes: VoteFilter;
  category?: string | undefined;
  /** Votes up to here only. */
  until?: Date | undefined;
  weights: "served" | "propensity";
};

type ProjectVotes = { mark: string; read: ReadVotes; completions: ReadCompletions };

/** Projects whose votes stay in memory, the ones asked for longest ago first. */
const kept = new Map<string, ProjectVotes>();
const MOST_KEPT = 8;

/** One reading at a time for each project: a second one would add the same votes again. */
const reading = new Map<string, Promise<ProjectVotes>>();

async function loadVotes(db: Db, projectId: string, votes: VoteFilter): Promise<ProjectVotes> {
  const key = `${projectId}:${votes}`;
  const turn = (reading.get(key) ?? Promise.resolve()).catch(() => undefined).then(() => readOn(db, projectId, votes, key));
  reading.set(key, turn);
  try {
    return await turn;
  } catch (error) {
    // What was read half may not be read on from.
    kept.delete(key);
    throw error;
  } finally {
    if (reading.get(key) === turn) reading.delete(key);
  }
}

async function readOn(db: Db, projectId: string, votes: VoteFilter, key: string): Promise<ProjectVotes> {
  const { count, last } = await selectVoteMark(db, { projectId, votes });
  const mark = `${count}:${last}`;
  const before = kept.get(key);
  if (before?.mark === mark) return before;
  // After the mark: what the votes up to it show is there by now.
  const completions = await readCompletions(db, projectId, before?.completions.index);
  const read = async (from: ReadVotes | null): Promise<ProjectVotes> => ({
    mark,
    completions,
    read: await readVotes(db, { projectId, votes, completions: completions.index, expected: count, upTo: last, before: from }),
  });
  let now = await read(before?.read ?? null);
  // Undone votes, or one committed behind a later one: reading on is not enough.
  if (before !== undefined && now.read.columns.length !== count) now = await read(null);
  kept.delete(key);
  kept.set(key, now);
  for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
  return now;
}

/** The votes of a board with the models that they compare. */
export async function selectBoardVotes(db: Db, projectId: string, filter: BoardFilter) {
  const [all, ranked] = await Promise.all([loadVotes(db, projectId, filter.votes), selectRankedModels(db, projectId)]);
  const {
    completions,
    read: { columns },
  } = all;
  /** Completions by the places of their models in `list`, -1 for others. */
  const placesIn = (list: readonly { id: string }[]): Int32Array => {
    const places = new Int32Array(completions.models.size()).fill(-1);
    list.forEach(({ id }, i) => {
      const number = findUuid(completions.models, id);
      if (number !== -1) places[number] = i;
    });
    return completions.model.map((number) => (number === -1 ? -1 : (places[number] as number)));
  };
  const modelOf = placesIn(ranked);
  const until = filter.until?.getTime() ?? Number.POSITIVE_INFINITY;
  const categoryOf = (k: number) =>
    completions.categories[completions.category[columns.shown[columns.start[k] as number] as number] as number] ?? null;
  const counts = (k: number) =>
    Math.floor(columns.at[k] as number) <= until && (filter.category === undefined || categoryOf(k) === filter.category);
  // A model that was only compared with itself has no place among the others.
  const compared = new Set<number>();
  const known = new Map<string, number>();
  for (let k = 0; k < columns.length; k++) {
    if (!prefers(columns, k)) continue;
    const category = categoryOf(k);
    if (category !== null) known.set(category, (known.get(category) ?? 0) + 1);
    if (!counts(k)) continue;
    const first = modelOf[columns.shown[columns.start[k] as number] as number] as number;
    for (let p = (columns.start[k] as number) + 1; p < (columns.start[k + 1] as number); p++) {
      const other = modelOf[columns.shown[p] as number] as number;
      if (other !== first) compared.add(other).add(first);
    }
  }
  compared.delete(-1);
  const models = ranked.filter((_, i) => compared.has(i));
  const narrowOf = placesIn(models);
  return {
    models,
    modelOf: narrowOf,
    columns,
    counts,
    packed: packJudgements(columns, { modelOf: narrowOf, models: models.length, counts, byPropensity: filter.weights === "propensity" }),
    completions: completions.index,
    categories: [...known].map(([name, votes]) => ({ name, votes })).sort((a, b) => b.votes - a.votes),
    mark: all.mark,
  };
}

export type BoardVotes = Awaited<ReturnType<typeof selectBoardVotes>>;

export type StyleColumns = { names: string[]; features: Float64Array /** Root mean square of each before scaling. */; scale: number[] };

/** Differences of style of each row; features in which no two answers ever differ are left out. */
export async function selectStyleColumns(
  db: Db,
  projectId: string,
  { packed, completions }: Pick<BoardVotes, "packed" | "completions">,
): Promise<StyleColumns> {
  const styles = new Array<number[]>(completions.size());
  for (const { id, text } of await selectCompletionTexts(db, projectId)) {
    const at = findUuid(completions, id);
    if (at !== -1) styles[at] = measureStyle(text);
  }
  const rows = packed.a.length;
  const count = STYLE_NAMES.length;
  const all = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++)
    for (let f = 0; f < count; f++)
      all[row * count + f] = styleDifference(
        styles[packed.completionA[row] as number]?.[f] ?? 0,
        styles[packed.completionB[row] as number]?.[f] ?? 0,
      );
  const scale = scaleFeatures(all, count);
  const used = [...STYLE_NAMES.keys()].filter((f) => (scale[f] as number) > 0);
  const features = Float64Array.from(
    { length: rows * used.length },
    (_, cell) => all[Math.floor(cell / used.length) * count + (used[cell % used.length] as number)] as number,
  );
  return { names: used.map((f) => STYLE_NAMES[f] as string), features, scale: used.map((f) => scale[f] as number) };
}
