/** A project's votes as the ratings want them. They are kept in memory and read on from where they ended, as long as the count agrees. */
import { type ReadVotes, readVotes } from "../../db/queries/vote-columns";
import { selectCompletionModels, selectCompletionTexts, selectRankedModels, selectVoteMark, type VoteFilter } from "../../db/queries/leaderboard";
import { createUuidIndex, type UuidIndex } from "../../db/uuid-index";
import type { Db } from "../../db/client";
import { type JudgementColumns, packJudgements, type PackedJudgements, prefers } from "../../domain/ratings/judgements";
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

type ProjectVotes = { columns: JudgementColumns; mark: string; completionIds: string[]; modelIds: string[]; categories: (string | null)[] };
type Kept = ProjectVotes & { read: ReadVotes; index: UuidIndex };

/** Projects whose votes stay in memory, the ones asked for longest ago first. */
const kept = new Map<string, Kept>();
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
  // After the mark: what the votes show is there by now.
  const completions = await selectCompletionModels(db, projectId);
  const read = async (known: Kept | undefined): Promise<Kept> => {
    const index = known?.index ?? createUuidIndex(completions.length);
    for (const { id } of completions) index.find(id, 0, true);
    const ids = new Array<string>(index.size());
    const modelIds = new Array<string>(index.size());
    const categories = new Array<string | null>(index.size()).fill(null);
    for (const { id, modelId, category } of completions) {
      const place = index.find(id, 0, false);
      ids[place] = id;
      modelIds[place] = modelId;
      categories[place] = category;
    }
    const result = await readVotes(db, { projectId, votes, completions: index, expected: count, upTo: last, before: known?.read ?? null });
    return { columns: result.columns, mark, completionIds: ids, modelIds, categories, read: result, index };
  };
  let now = await read(before);
  // Undone votes, or one committed behind a later one: reading on is not enough.
  if (before !== undefined && now.columns.length !== count) now = await read(undefined);
  kept.delete(key);
  kept.set(key, now);
  for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
  return now;
}

/** The votes of a board with the models that they compare. */
export async function selectBoardVotes(db: Db, projectId: string, filter: BoardFilter) {
  const [all, ranked] = await Promise.all([loadVotes(db, projectId, filter.votes), selectRankedModels(db, projectId)]);
  const { columns, modelIds, categories } = all;
  const place = new Map(ranked.map(({ id }, i) => [id, i]));
  const modelOf = Int32Array.from(modelIds, (id) => place.get(id ?? "") ?? -1);
  const until = filter.until?.getTime() ?? Number.POSITIVE_INFINITY;
  const categoryOf = (k: number) => categories[columns.shown[columns.start[k] as number] as number] ?? null;
  const counts = (k: number) => Math.floor(columns.at[k] as number) <= until && (filter.category === undefined || categoryOf(k) === filter.category);
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
  const narrow = new Map(models.map(({ id }, i) => [id, i]));
  const narrowOf = Int32Array.from(modelIds, (id) => narrow.get(id ?? "") ?? -1);
  return {
    models,
    modelOf: narrowOf,
    columns,
    counts,
    packed: packJudgements(columns, { modelOf: narrowOf, models: models.length, counts, byPropensity: filter.weights === "propensity" }),
    completionIds: all.completionIds,
    categories: [...known].map(([name, votes]) => ({ name, votes })).sort((a, b) => b.votes - a.votes),
    mark: all.mark,
  };
}

export type BoardVotes = Awaited<ReturnType<typeof selectBoardVotes>>;

export type StyleColumns = { names: string[]; features: Float64Array; /** Root mean square of each before scaling. */ scale: number[] };

/** Differences of style of each row; features in which no two answers ever differ are left out. */
export async function selectStyleColumns(db: Db, projectId: string, { packed, completionIds }: Pick<BoardVotes, "packed" | "completionIds">): Promise<StyleColumns> {
  const place = new Map(completionIds.map((id, i) => [id, i]));
  const styles = new Array<number[]>(completionIds.length);
  for (const { id, text } of await selectCompletionTexts(db, projectId)) {
    const at = place.get(id);
    if (at !== undefined) styles[at] = measureStyle(text);
  }
  const rows = packed.a.length;
  const count = STYLE_NAMES.length;
  const all = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++)
    for (let f = 0; f < count; f++) all[row * count + f] = styleDifference(styles[packed.completionA[row] as number]?.[f] ?? 0, styles[packed.completionB[row] as number]?.[f] ?? 0);
  const scale = scaleFeatures(all, count);
  const used = [...STYLE_NAMES.keys()].filter((f) => (scale[f] as number) > 0);
  const features = Float64Array.from({ length: rows * used.length }, (_, cell) => all[Math.floor(cell / used.length) * count + (used[cell % used.length] as number)] as number);
  return { names: used.map((f) => STYLE_NAMES[f] as string), features, scale: used.map((f) => scale[f] as number) };
}

export type { PackedJudgements };
