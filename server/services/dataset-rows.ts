/** The rows that a choice gives, in their one order: by the prompts' content hash, then by the rows' content. */
import type { Db } from "../../db/client";
import { selectItemTexts, selectJudgementsOfPrompts, selectPromptPage } from "../../db/queries/datasets";
import { canonicalJson } from "../../domain/canonical";
import type { DatasetRow, PreferenceRow } from "../../domain/dataset";
import { meanScore } from "../../domain/judgement";
import { type Message, promptLabels } from "../../domain/prompt";
import type { DatasetChoice, ExcludedCounts, PreferenceFilter, SftFilter } from "../../domain/dataset-filter";

const PAGE = 200;

type PromptPage = Awaited<ReturnType<typeof selectPromptPage>>;
type Judged = Awaited<ReturnType<typeof selectJudgementsOfPrompts>>[number];
type ItemText = { completionId: string; text: string; turns: Message[] | null };
export type CollectedRow = { row: DatasetRow; fromSimulated: boolean };

function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

/** Yields rows and counts in `excluded` the judgements on record that give none. */
export async function* collectRows(
  db: Db,
  projectId: string,
  choice: DatasetChoice,
  excluded: ExcludedCounts,
): AsyncGenerator<CollectedRow> {
  const needsVotes = choice.kind === "preference" || choice.filter.bestRanked || choice.filter.written;
  let afterHash = "";
  while (true) {
    const page: PromptPage = await selectPromptPage(db, { projectId, afterHash, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    afterHash = last.contentHash;
    const ids = page.map(({ id }) => id);
    const judged = groupBy(needsVotes ? await selectJudgementsOfPrompts(db, ids) : [], ({ promptId }) => promptId);
    const texts = groupBy(judged.size > 0 ? await selectItemTexts(db, ids) : [], ({ itemId }) => itemId);
    for (const prompt of page) {
      const votes = (judged.get(prompt.id) ?? []).filter((judgement) => counts(judgement, choice, excluded));
      yield* choice.kind === "preference" ? preferenceRows(prompt, votes, texts) : sftRows(prompt, votes, texts, choice.filter);
    }
  }
}

/** Whether a judgement is a vote that the choice wants; what it is not is counted once, by the first reason. */
function counts(judgement: Judged, choice: DatasetChoice, excluded: ExcludedCounts): boolean {
  const filter: Partial<PreferenceFilter> = choice.filter;
  if (filter.roundId != null && judgement.roundId !== filter.roundId) return false;
  if (filter.modes !== undefined && !filter.modes.includes(judgement.mode)) return false;
  const drop = (reason: keyof ExcludedCounts) => {
    excluded[reason] += 1;
    return false;
  };
  if (judgement.undoneAt !== null) return drop("undone");
  if (judgement.simulated && !choice.filter.includeSimulated) return drop("simulated");
  switch (judgement.value.kind) {
    case "both_bad":
      return drop("bothBad");
    case "skip":
      return drop("skipped");
    case "flag":
      return drop("flagged");
    case "pairwise":
    case "best_of_n":
      return true;
    case "ranking":
      return filter.excludeUntouched && judgement.untouched ? drop("untouched") : true;
    case "rating":
      // Scores of one completion prefer it to nothing.
      return judgement.ranks === null ? drop("noPreference") : true;
    case "edit":
      // A text that needed no change is an answer, and no better than itself.
      return choice.kind === "preference" && judgement.untouched ? drop("untouched") : true;
    case "demonstration":
      return choice.kind === "sft" && choice.filter.written ? true : drop("noPreference");
    default:
      return judgement.value satisfies never;
  }
}

/** Ranks in the item's own order of completions, whatever order the annotator was shown. */
function ranksInOrder(judgement: Judged, texts: readonly ItemText[]): number[] {
  const { id, ranks, shownOrder } = judgement;
  return texts.map(({ completionId }) => {
    const rank = ranks?.[shownOrder.indexOf(completionId)];
    if (rank === undefined) throw new Error(`Judgement ${id} has no rank for completion ${completionId}`);
    return rank;
  });
}

/** The mean score of each completion, in item order; null for what was not rated. */
function ratingsInOrder({ value, shownOrder }: Judged, texts: readonly ItemText[]): number[] | null {
  if (value.kind !== "rating") return null;
  return texts.map(({ completionId }) => meanScore(value.scores[shownOrder.indexOf(completionId)] ?? [], value.scales));
}

/** What a vote says as rows: one for most; a best-of-n is silent on the others among themselves, so it gives its pairs. */
function preferencesOf(judgement: Judged, shown: readonly ItemText[]): Omit<PreferenceRow, "messages">[] {
  const { value } = judgement;
  if (value.kind === "edit") return [{ completions: [value.text, shown[0]?.text ?? ""], ranks: [1, 2], margin: null }];
  const ranks = ranksInOrder(judgement, shown);
  const ratings = ratingsInOrder(judgement, shown);
  if (value.kind !== "best_of_n")
    return [
      {
        ...completionsOf(shown),
        ranks,
        margin: value.kind === "pairwise" ? Math.abs(value.margin) : null,
        ...(ratings === null ? {} : { ratings }),
      },
    ];
  const best = shown.filter((_, i) => ranks[i] === 1);
  return shown.filter((_, i) => ranks[i] !== 1).map((other) => ({ ...completionsOf([...best, other]), ranks: [1, 2], margin: null }));
}

function completionsOf(shown: readonly ItemText[]): Pick<PreferenceRow, "completions" | "turns"> {
  const completions = shown.map(({ text }) => text);
  return shown.some(({ turns }) => turns !== null) ? { completions, turns: shown.map(({ turns }) => turns) } : { completions };
}

function preferenceRows(prompt: PromptPage[number], votes: readonly Judged[], texts: ReadonlyMap<string, ItemText[]>): CollectedRow[] {
  const rows = votes.flatMap((judgement) =>
    preferencesOf(judgement, texts.get(judgement.itemId) ?? []).map((preference) => {
      const content: PreferenceRow = { messages: prompt.messages, ...preference };
      const row: DatasetRow = { split: prompt.split, groupKey: prompt.groupKey, judgementId: judgement.id, promptId: prompt.id, content };
      return { row, fromSimulated: judgement.simulated, key: canonicalJson(content) };
    }),
  );
  // Ids differ between installations: the order may not depend on them unless everything else is the same.
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return rows;
}

function sftRows(
  prompt: PromptPage[number],
  votes: readonly Judged[],
  texts: ReadonlyMap<string, ItemText[]>,
  filter: SftFilter,
): CollectedRow[] {
  const { split, groupKey, messages, meta } = prompt;
  const labels = promptLabels(meta);
  // A prompt that has a label and nothing else is answered by its label.
  const reference = prompt.reference ?? (labels.label === undefined ? null : String(labels.label));
  const made: CollectedRow[] = [];
  const known = new Set<string>();
  const add = (completion: string, judgementId: string | null, fromSimulated: boolean, turns: Message[] | null = null) => {
    if (known.has(completion)) return;
    known.add(completion);
    // Of a whole conversation the last answer is learnt, after all that led to it.
    const content =
      turns === null
        ? { messages, completion, ...labels }
        : { messages: [...messages, ...turns.slice(0, -1)], completion: turns.at(-1)?.content ?? "", ...labels };
    made.push({ row: { split, groupKey, judgementId, promptId: prompt.id, content }, fromSimulated });
  };
  if (filter.references && reference !== null && reference.trim() !== "") add(reference, null, false);
  if (filter.bestRanked) {
    const best = findBest(votes, texts);
    if (best !== null) add(best.text, best.judgement.id, best.judgement.simulated, best.turns);
  }
  if (filter.written) {
    const written = votes.flatMap(({ id, value, simulated }) =>
      value.kind === "edit" || value.kind === "demonstration" ? [{ id, text: value.text, simulated }] : [],
    );
    written.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
    for (const { id, text, simulated } of written) add(text, id, simulated);
  }
  return made;
}

/** The completion with the most first places that it does not share; null where two have as many. The oldest such vote is its source. */
function findBest(
  votes: readonly Judged[],
  texts: ReadonlyMap<string, ItemText[]>,
): { text: string; turns: Message[] | null; judgement: Judged } | null {
  const wins = new Map<string, { n: number; text: string; turns: Message[] | null; judgement: Judged }>();
  for (const judgement of votes) {
    if (judgement.ranks === null) continue;
    const shown = texts.get(judgement.itemId) ?? [];
    const ranks = ranksInOrder(judgement, shown);
    const top = shown.filter((_, i) => ranks[i] === 1);
    const [winner] = top;
    if (top.length !== 1 || winner === undefined || winner.text.trim() === "") continue;
    const known = wins.get(winner.completionId);
    if (known) known.n += 1;
    else wins.set(winner.completionId, { n: 1, text: winner.text, turns: winner.turns, judgement });
  }
  const [first, second] = [...wins.values()].sort((a, b) => b.n - a.n);
  return first === undefined || first.n === second?.n ? null : first;
}
