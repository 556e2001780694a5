/** The rows that a choice gives, in their one order: by the prompts' content hash, then by the rows' content. */
import type { Db } from "../../db/client";
import { selectItemTexts, selectJudgementsOfPrompts, selectPromptPage } from "../../db/queries/datasets";
import { canonicalJson } from "../../domain/canonical";
import type { DatasetRow, PreferenceRow } from "../../domain/dataset";
import { promptLabels } from "../../domain/prompt";
import type { DatasetChoice, ExcludedCounts, PreferenceFilter } from "../../domain/dataset-filter";

const PAGE = 200;

type PromptPage = Awaited<ReturnType<typeof selectPromptPage>>;
type Judged = Awaited<ReturnType<typeof selectJudgementsOfPrompts>>[number];
type ItemText = { completionId: string; text: string };
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
export async function* collectRows(db: Db, projectId: string, choice: DatasetChoice, excluded: ExcludedCounts): AsyncGenerator<CollectedRow> {
  const needsVotes = choice.kind === "preference" || choice.filter.bestRanked;
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
      return true;
    case "ranking":
      return filter.excludeUntouched && judgement.untouched ? drop("untouched") : true;
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

function preferenceRows(prompt: PromptPage[number], votes: readonly Judged[], texts: ReadonlyMap<string, ItemText[]>): CollectedRow[] {
  const rows = votes.map((judgement) => {
    const shown = texts.get(judgement.itemId) ?? [];
    const content: PreferenceRow = {
      messages: prompt.messages,
      completions: shown.map(({ text }) => text),
      ranks: ranksInOrder(judgement, shown),
      margin: judgement.value.kind === "pairwise" ? Math.abs(judgement.value.margin) : null,
    };
    const row: DatasetRow = { split: prompt.split, groupKey: prompt.groupKey, judgementId: judgement.id, promptId: prompt.id, content };
    return { row, fromSimulated: judgement.simulated, key: canonicalJson(content) };
  });
  // Ids differ between installations: the order may not depend on them unless everything else is the same.
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return rows;
}

function sftRows(prompt: PromptPage[number], votes: readonly Judged[], texts: ReadonlyMap<string, ItemText[]>, filter: { references: boolean; bestRanked: boolean }): CollectedRow[] {
  const { split, groupKey, messages, meta } = prompt;
  const labels = promptLabels(meta);
  // A prompt that has a label and nothing else is answered by its label.
  const reference = prompt.reference ?? (labels.label === undefined ? null : String(labels.label));
  const made: CollectedRow[] = [];
  const add = (completion: string, judgementId: string | null, fromSimulated: boolean) =>
    made.push({ row: { split, groupKey, judgementId, promptId: prompt.id, content: { messages, completion, ...labels } }, fromSimulated });
  if (filter.references && reference !== null && reference.trim() !== "") add(reference, null, false);
  if (filter.bestRanked) {
    const best = findBest(votes, texts);
    if (best !== null && best.text !== reference) add(best.text, best.judgement.id, best.judgement.simulated);
  }
  return made;
}

/** The completion with the most first places that it does not share; null where two have as many. The oldest such vote is its source. */
function findBest(votes: readonly Judged[], texts: ReadonlyMap<string, ItemText[]>): { text: string; judgement: Judged } | null {
  const wins = new Map<string, { n: number; text: string; judgement: Judged }>();
  for (const judgement of votes) {
    const shown = texts.get(judgement.itemId) ?? [];
    const ranks = ranksInOrder(judgement, shown);
    const top = shown.filter((_, i) => ranks[i] === 1);
    const [winner] = top;
    if (top.length !== 1 || winner === undefined || winner.text.trim() === "") continue;
    const known = wins.get(winner.completionId);
    if (known) known.n += 1;
    else wins.set(winner.completionId, { n: 1, text: winner.text, judgement });
  }
  const [first, second] = [...wins.values()].sort((a, b) => b.n - a.n);
  return first === undefined || first.n === second?.n ? null : first;
}
