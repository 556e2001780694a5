/** The quality of a project's votes, and the review of those that look wrong. */
import { undoJudgementRow } from "../../db/queries/judgements";
import { selectProject } from "../../db/queries/projects";
import {
  insertReview,
  lockJudgement,
  type QualityVoteRow,
  returnSeat,
  selectCompletionTexts,
  selectJudgementsToReview,
  selectNames,
  selectOpenFlags,
  selectOtherVotes,
  selectQualityVotes,
  selectPromptsOfItems,
  selectReviewedIds,
  selectVotesFingerprint,
} from "../../db/queries/quality";
import { measureQuality, type QualityReport } from "../../domain/quality/report";
import type { Review } from "../../domain/quality/review";
import type { QualityVote } from "../../domain/quality/vote";
import { ranksByCompletion } from "../../domain/queue";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const SEED = 1;
const REVIEW_PAGE = 20;
/** How long a judgement that was sent back waits for its annotator before others get the item. */
const RETURN_DAYS = 7;

const FIRST_BETTER = [1, 2] as const;
const SECOND_BETTER = [2, 1] as const;
const EQUAL = [1, 1] as const;

function toQualityVote(row: QualityVoteRow): QualityVote {
  const { flipped, side, margin, more } = row;
  let ranks: readonly number[] | null = null;
  if (side !== null) {
    const order = flipped ? -side : side;
    ranks = order < 0 ? FIRST_BETTER : order > 0 ? SECOND_BETTER : EQUAL;
  } else if (more !== null && more.ranks !== null) ranks = ranksByCompletion(more.shown, more.ranks);
  return {
    id: row.id,
    itemId: row.item_id,
    annotatorId: row.annotator_id,
    mode: row.mode,
    kind: row.kind,
    ranks,
    side,
    margin: margin === null ? null : flipped ? -margin : margin,
    scores: more === null ? NO_SCORES : scoresOf(more),
    gold:
      more === null || more.gold === null
        ? null
        : Object.entries(more.gold)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([, rank]) => rank),
    repeatOf: more?.repeatOf ?? null,
    activeMs: row.active_ms,
    untouched: row.untouched,
    at: row.at,
    guideline: row.guideline,
  };
}

const NO_SCORES: QualityVote["scores"] = [];

function scoresOf({ shown, scores, scales }: NonNullable<QualityVoteRow["more"]>): QualityVote["scores"] {
  if (scores === null || scales === null) return NO_SCORES;
  return scales.map(({ name }, j) => ({
    scale: name,
    scores: ranksByCompletion(
      shown,
      scores.map((given) => given[j] ?? 0),
    ),
  }));
}

/** The last report of each project and kind of annotators, with what it was made of. */
const reports = new Map<string, { fingerprint: string; report: Promise<QualityReport> }>();

/** Computed from every vote that stands, again only when a vote or an item's gold has changed. */
async function measureProject(ctx: UserContext, input: { projectId: string; simulated: boolean }): Promise<QualityReport> {
  if ((await selectProject(ctx.db, input.projectId)) === null) throw new AppError("NOT_FOUND", "There is no such project.");
  const key = `${input.projectId} ${input.simulated}`;
  const fingerprint = await selectVotesFingerprint(ctx.db, input.projectId);
  const known = reports.get(key);
  if (known?.fingerprint === fingerprint) return known.report;
  const report = selectQualityVotes(ctx.db, input).then((rows) => measureQuality(rows.map(toQualityVote), { seed: SEED }));
  reports.set(key, { fingerprint, report });
  report.catch(() => reports.delete(key));
  return report;
}

/** Agreement, reliability and alarms, recomputed from every vote that stands. */
export async function getQuality(ctx: UserContext, input: { projectId: string; simulated: boolean }) {
  const { unlikely, annotators, pairs, items, ...report } = await measureProject(ctx, input);
  const names = new Map(
    (
      await selectNames(
        ctx.db,
        annotators.map(({ annotatorId }) => annotatorId),
      )
    ).map(({ id, name }) => [id, name]),
  );
  const prompts = new Map(
    (
      await selectPromptsOfItems(
        ctx.db,
        items.map(({ itemId }) => itemId),
      )
    ).map((row) => [row.itemId, row]),
  );
  const nameOf = (id: string) => names.get(id) ?? "?";
  return {
    ...report,
    unlikely: unlikely.length,
    annotators: annotators.map((annotator) => ({ ...annotator, name: nameOf(annotator.annotatorId) })),
    items: items.map((item) => ({
      ...item,
      promptId: prompts.get(item.itemId)?.promptId ?? "",
      prompt: prompts.get(item.itemId)?.messages.at(-1)?.content ?? "",
    })),
    pairs: pairs.map((pair) => ({ ...pair, a: nameOf(pair.a), b: nameOf(pair.b) })),
  };
}

/**
 * What a reviewer looks at next: flags first, then the votes that the other annotators find least likely, each with
 * what the others said. Reviewed ones are gone.
 */
export async function listToReview(ctx: UserContext, input: { projectId: string; simulated: boolean }) {
  const { unlikely } = await measureProject(ctx, input);
  const reviewed = await selectReviewedIds(ctx.db, input.projectId);
  const open = unlikely.filter(({ judgementId }) => !reviewed.has(judgementId));
  const flags = await selectOpenFlags(ctx.db, input.projectId, REVIEW_PAGE);
  const likelihoods = new Map(open.map(({ judgementId, likelihood }) => [judgementId, likelihood]));
  const ids = [...flags, ...open.map(({ judgementId }) => judgementId)].slice(0, REVIEW_PAGE);
  const found = new Map((await selectJudgementsToReview(ctx.db, ids)).map((row) => [row.id, row]));
  const rows = ids.flatMap((id) => found.get(id) ?? []);
  const others = await selectOtherVotes(ctx.db, [...new Set(rows.map(({ itemId }) => itemId))]);
  const texts = new Map(
    (await selectCompletionTexts(ctx.db, [...new Set(rows.flatMap(({ shownOrder }) => shownOrder))])).map((row) => [row.id, row]),
  );
  return {
    total: flags.length + open.length,
    judgements: rows.map(({ messages, ...row }) => ({
      ...row,
      prompt: messages.at(-1)?.content ?? "",
      likelihood: likelihoods.get(row.id) ?? null,
      completions: row.shownOrder.map((id, i) => ({
        id,
        text: texts.get(id)?.text ?? "",
        model: texts.get(id)?.model ?? "",
        rank: row.ranks?.[i] ?? null,
      })),
      others: others
        .filter((other) => other.itemId === row.itemId && other.id !== row.id)
        .map(({ annotator, ranks, shownOrder, value }) => ({
          annotator,
          kind: value.kind,
          ranks: ranks === null ? null : row.shownOrder.map((id) => ranks[shownOrder.indexOf(id)] ?? 0),
        })),
    })),
  };
}

/**
 * Accepts a judgement, or sends it back: it is undone, and its annotator is given the item again.
 * Throws NOT_FOUND, and CONFLICT where it was undone meanwhile or nobody would know why it comes back.
 */
export function reviewJudgement(ctx: UserContext, input: Review): Promise<{ reviewed: true }> {
  return ctx.db.transaction(async (tx) => {
    const judgement = await lockJudgement(tx, input.judgementId);
    if (judgement === null) throw new AppError("NOT_FOUND", "There is no such judgement.");
    if (judgement.undoneAt !== null) throw new AppError("CONFLICT", "This judgement was taken back meanwhile.");
    if (input.verdict === "sent_back" && input.note === "") {
      throw new AppError("BAD_INPUT", "note: say what is wrong, for the annotator", {
        fields: [{ field: "note", message: "Say what is wrong, for the annotator" }],
      });
    }
    await insertReview(tx, { ...input, reviewerId: ctx.user.id });
    if (input.verdict === "sent_back") {
      await undoJudgementRow(tx, judgement.id);
      if (judgement.value.kind !== "skip") await returnSeat(tx, { itemId: judgement.itemId, seat: judgement.seat, days: RETURN_DAYS });
    }
    return { reviewed: true };
  });
}
