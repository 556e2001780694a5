/** The quality of a project's votes, and the review of those that look wrong. */
import { selectRewardsOf, selectScoringCheckpoints, selectTrainedVotes } from "../../db/queries/completion-rewards";
import { undoJudgementRow } from "../../db/queries/judgements";
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
import { voteLikelihood } from "../../domain/reward-agreement";
import { type ProjectEntry, requireProject } from "../access";
import { recordAction, recordSight } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { pseudonymOf, seesPseudonyms } from "../pseudonym";
import { tellOfUndo } from "./webhook-events";
import { readScoredVotes } from "./reward-agreement";

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

/** The newest reward checkpoint that has scored completions: whom the review asks beside the other annotators. */
const findReviewer = async (ctx: UserContext, projectId: string) => (await selectScoringCheckpoints(ctx.db, projectId))[0] ?? null;

/** How likely the reward model finds each vote whose completions it has scored. */
async function measureLikelihoods(ctx: UserContext, input: { checkpointId: string; simulated: boolean }) {
  const votes = await readScoredVotes(ctx.db, { ...input, heldOutOnly: false });
  return new Map(
    votes.flatMap((vote) => {
      const likelihood = voteLikelihood(vote);
      return likelihood === null ? [] : [[vote.id, likelihood] as const];
    }),
  );
}

/** Computed from every vote that stands, again only when a vote, an item's gold or a score has changed. */
async function measureProject(ctx: UserContext, input: { projectId: string; simulated: boolean }): Promise<QualityReport> {
  const key = `${input.projectId} ${input.simulated}`;
  const reviewer = await findReviewer(ctx, input.projectId);
  const fingerprint = `${await selectVotesFingerprint(ctx.db, input.projectId)} ${reviewer?.id} ${reviewer?.scored}`;
  const known = reports.get(key);
  if (known?.fingerprint === fingerprint) return known.report;
  const report = Promise.all([
    selectQualityVotes(ctx.db, input),
    reviewer === null ? new Map<string, number>() : measureLikelihoods(ctx, { checkpointId: reviewer.id, simulated: input.simulated }),
  ]).then(([rows, byReward]) => measureQuality(rows.map(toQualityVote), { seed: SEED, byReward }));
  reports.set(key, { fingerprint, report });
  report.catch(() => reports.delete(key));
  return report;
}

/** Agreement, reliability and alarms, recomputed from every vote that stands. */
export async function getQuality(ctx: UserContext, input: { projectId: string; simulated: boolean }) {
  const project = await requireProject(ctx, { project: input.projectId }, "reviewer");
  const { unlikely, annotators, pairs, items, ...report } = await measureProject(ctx, input);
  const nameOf = await nameAnnotators(
    ctx,
    project,
    annotators.map(({ annotatorId }) => annotatorId),
    input.simulated,
  );
  const idOf = (id: string) => (seesPseudonyms(project) ? pseudonymOf(project.projectId, id) : id);
  const prompts = new Map(
    (
      await selectPromptsOfItems(
        ctx.db,
        items.map(({ itemId }) => itemId),
      )
    ).map((row) => [row.itemId, row]),
  );
  return {
    ...report,
    blind: seesPseudonyms(project),
    role: project.role,
    unlikely: unlikely.length,
    annotators: annotators.map((annotator) => ({
      ...annotator,
      annotatorId: idOf(annotator.annotatorId),
      name: nameOf(annotator.annotatorId),
    })),
    items: items.map((item) => ({
      ...item,
      promptId: prompts.get(item.itemId)?.promptId ?? "",
      prompt: prompts.get(item.itemId)?.messages.at(-1)?.content ?? "",
    })),
    pairs: pairs.map((pair) => ({ ...pair, a: nameOf(pair.a), b: nameOf(pair.b) })),
  };
}

/** Names of annotators or, where the caller is to be blind, pseudonyms. People's names that were seen are in the log. */
async function nameAnnotators(ctx: UserContext, project: ProjectEntry, ids: string[], simulated: boolean): Promise<(id: string) => string> {
  const { projectId } = project;
  if (seesPseudonyms(project)) return (id) => pseudonymOf(projectId, id);
  if (ids.length > 0 && !simulated)
    await recordSight(ctx.db, ctx.user.id, { action: "quality.seen", projectId, kind: "project", id: projectId });
  const names = new Map((await selectNames(ctx.db, ids)).map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? "?";
}

/**
 * What a reviewer looks at next: flags first, then the votes that the other annotators and the reward model find least
 * likely, each with what the others said and the scores of its completions. Reviewed ones are gone. A blind review tells
 * nobody, owners neither, whose a vote is or which model wrote what.
 */
export async function listToReview(ctx: UserContext, input: { projectId: string; simulated: boolean }) {
  const { blindReview, projectId, role } = await requireProject(ctx, { project: input.projectId }, "reviewer");
  const { unlikely } = await measureProject(ctx, input);
  const reviewed = await selectReviewedIds(ctx.db, input.projectId);
  const open = unlikely.filter(({ judgementId }) => !reviewed.has(judgementId));
  const flags = await selectOpenFlags(ctx.db, input.projectId, REVIEW_PAGE);
  const likelihoods = new Map(open.map((vote) => [vote.judgementId, vote]));
  const reviewer = await findReviewer(ctx, input.projectId);
  const ids = [...flags, ...open.map(({ judgementId }) => judgementId)].slice(0, REVIEW_PAGE);
  const found = new Map((await selectJudgementsToReview(ctx.db, ids)).map((row) => [row.id, row]));
  const rows = ids.flatMap((id) => found.get(id) ?? []);
  const others = await selectOtherVotes(ctx.db, [...new Set(rows.map(({ itemId }) => itemId))]);
  const texts = new Map(
    (await selectCompletionTexts(ctx.db, [...new Set(rows.flatMap(({ shownOrder }) => shownOrder))])).map((row) => [row.id, row]),
  );
  if (rows.length > 0 && !blindReview && !input.simulated)
    await recordSight(ctx.db, ctx.user.id, { action: "votes.seen", projectId, kind: "project", id: projectId });
  const whose = (id: string, name: string) => (blindReview ? pseudonymOf(projectId, id) : name);
  const rewards =
    reviewer === null
      ? new Map<string, number>()
      : await selectRewardsOf(ctx.db, { checkpointId: reviewer.id, completionIds: [...texts.keys()] });
  const learntFrom =
    reviewer === null ? new Set<string>() : await selectTrainedVotes(ctx.db, { checkpointId: reviewer.id, judgementIds: ids });
  return {
    rewardModel: reviewer === null ? null : { id: reviewer.id, name: reviewer.name },
    total: flags.length + open.length,
    blind: blindReview,
    role,
    judgements: rows.map(({ messages, annotatorId, annotator, ...row }) => ({
      ...row,
      annotatorId: blindReview ? pseudonymOf(projectId, annotatorId) : annotatorId,
      annotator: whose(annotatorId, annotator),
      prompt: messages.at(-1)?.content ?? "",
      likelihood: likelihoods.get(row.id)?.likelihood ?? null,
      byOthers: likelihoods.get(row.id)?.byOthers ?? null,
      byReward: likelihoods.get(row.id)?.byReward ?? null,
      /** The reward model learnt from this very vote, and still finds it so unlikely. */
      learntFrom: learntFrom.has(row.id),
      completions: row.shownOrder.map((id, i) => ({
        id,
        text: texts.get(id)?.text ?? "",
        model: blindReview ? null : (texts.get(id)?.model ?? ""),
        rank: row.ranks?.[i] ?? null,
        reward: rewards.get(id) ?? null,
      })),
      others: others
        .filter((other) => other.itemId === row.itemId && other.id !== row.id)
        .map(({ annotatorId: other, annotator: name, ranks, shownOrder, value }) => ({
          annotator: whose(other, name),
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
export async function reviewJudgement(ctx: UserContext, input: Review): Promise<{ reviewed: true }> {
  const { projectId } = await requireProject(ctx, { judgement: input.judgementId }, "reviewer");
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
    await recordAction(tx, ctx.user.id, {
      action: input.verdict === "accepted" ? "vote.accepted" : "vote.sent_back",
      projectId,
      kind: "judgement",
      id: input.judgementId,
    });
    if (input.verdict === "sent_back") {
      await undoJudgementRow(tx, judgement.id);
      await tellOfUndo(tx, judgement);
      if (judgement.value.kind !== "skip") await returnSeat(tx, { itemId: judgement.itemId, seat: judgement.seat, days: RETURN_DAYS });
    }
    return { reviewed: true };
  });
}
