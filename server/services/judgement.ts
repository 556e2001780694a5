/** Judgements: submitting once and only once, undoing, and what annotators see of their own. */
import { randomUUID } from "node:crypto";
import type { Db } from "../../db/client";
import {
  lockLastJudgement,
  selectJudgementByEvent,
  selectOwnCounts,
  selectOwnJudgements,
  selectSharedRankings,
  selectTexts,
  storeJudgement,
  undoJudgementRow,
} from "../../db/queries/judgements";
import { lockOwnSeat, reopenSeat } from "../../db/queries/seats";
import { isUniqueViolation } from "../../db/unique-violation";
import type { AnnotationTask } from "../../domain/annotation/task";
import { findValueProblem, type JudgementSubmission, type JudgementValue, ranksOfValue } from "../../domain/judgement";
import { requireProject } from "../access";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { claimSeatOf, countOpen, growItem, loadTask, mayGrow, requireItem } from "./queue";
import { tellOfJudgement, tellOfUndo } from "./webhook-events";

const HISTORY_LIMIT = 50;
const SHARED_ITEMS = 500;

export type SubmittedJudgement = { judgementId: string; duplicate: boolean; undoUntil: Date };

/**
 * Stores a judgement once for each clientEventId. A vote whose lease ran out still counts while the item wants one.
 * Throws CONFLICT when the item has all its judgements or the annotator judged it already.
 */
export async function submitJudgement(ctx: UserContext, input: JudgementSubmission): Promise<SubmittedJudgement> {
  const annotatorId = ctx.user.id;
  const item = await requireItem(ctx, input.itemId);
  const size = item.completionIds.length;
  const problem = findValueProblem(input.value, { mode: item.mode, size, scales: item.scales });
  const done = (row: { id: string; createdAt: Date }, duplicate: boolean): SubmittedJudgement => ({
    judgementId: row.id,
    duplicate,
    undoUntil: new Date(row.createdAt.getTime() + item.undoSeconds * 1000),
  });
  const grows = mayGrow(item);
  const id = randomUUID();
  const store = async (db: Db): Promise<{ id: string; createdAt: Date } | null> => {
    const createdAt = await storeJudgement(db, {
      id,
      projectId: item.projectId,
      itemId: item.id,
      annotatorId,
      clientEventId: input.clientEventId,
      value: input.value,
      ranks: ranksOfValue(input.value, size),
      reasons: input.reasons,
      comment: input.comment,
      propensity: item.propensity,
      purpose: item.purpose,
      activeMs: input.activeMs,
      idleMs: input.idleMs,
      untouched: input.untouched,
    });
    if (createdAt === null) return null;
    if (grows) await growItem(db, item);
    const told = { id, projectId: item.projectId, itemId: item.id, value: input.value, purpose: item.purpose };
    await tellOfJudgement(db, told, item.wantedEvents);
    return { id, createdAt };
  };
  if (problem === null) {
    try {
      // Nearly always nothing follows on the vote, and the one statement that stores it needs no transaction around it.
      const row = await (grows || item.wantedEvents.length > 0 ? ctx.db.transaction(store) : store(ctx.db));
      if (row !== null) return done(row, false);
    } catch (error) {
      // The same event twice at once: the other's row is looked up below.
      if (!isUniqueViolation(error)) throw error;
    }
  }
  return ctx.db.transaction(async (tx) => {
    // Sent together, run in this order: of the same event twice at once, whoever waited for the seat finds the other's row.
    const [held, twin] = await Promise.all([
      lockOwnSeat(tx, { itemId: item.id, annotatorId }),
      selectJudgementByEvent(tx, { annotatorId, clientEventId: input.clientEventId }),
    ]);
    if (twin) return done(twin, true);
    if (problem !== null) throw new AppError("BAD_INPUT", problem);
    if (held?.judgementId) throw new AppError("CONFLICT", "You have judged this item already.");
    const seat = held ?? (await claimSeatOf(tx, { projectId: item.projectId, annotatorId, itemId: item.id }));
    const row = seat && (await store(tx));
    if (!row) throw new AppError("CONFLICT", "This item has all the judgements it needs; yours was not stored.");
    return done(row, false);
  });
}

/** Takes the annotator's last judgement back, within the project's window, and gives them its item again. */
export async function undoJudgement(
  ctx: UserContext,
  input: { projectId: string },
): Promise<{ task: AnnotationTask; value: JudgementValue; reasons: string[]; comment: string }> {
  const annotatorId = ctx.user.id;
  await requireProject(ctx, { project: input.projectId }, "annotator");
  const undone = await ctx.db.transaction(async (tx) => {
    const last = await lockLastJudgement(tx, { projectId: input.projectId, annotatorId });
    if (last === null) throw new AppError("NOT_FOUND", "There is nothing to undo.");
    const item = await requireItem({ ...ctx, db: tx }, last.itemId);
    if (last.ageSeconds > item.undoSeconds) throw new AppError("GONE", "Your last judgement is too old to be undone.");
    await undoJudgementRow(tx, last.id);
    await tellOfUndo(tx, last);
    if (last.value.kind === "skip") {
      const seat = await claimSeatOf(tx, { projectId: input.projectId, annotatorId, itemId: item.id });
      if (seat === null) throw new AppError("GONE", "The item you skipped has all its judgements now.");
    } else {
      await reopenSeat(tx, { itemId: item.id, seat: last.seat });
    }
    return last;
  });
  const { itemId, shownOrder, guidelineVersionId, value, reasons, comment } = undone;
  return { task: await loadTask(ctx.db, annotatorId, { itemId, shownOrder, guidelineVersionId }), value, reasons, comment };
}

/** Own judgements that stand, newest first. Only the newest can be undone, and only within the window. */
export async function listOwnJudgements(ctx: UserContext, input: { projectId: string; limit?: number }) {
  await requireProject(ctx, { project: input.projectId }, "annotator");
  const rows = await selectOwnJudgements(ctx.db, {
    projectId: input.projectId,
    annotatorId: ctx.user.id,
    limit: input.limit ?? HISTORY_LIMIT,
  });
  const texts = await selectTexts(ctx.db, [...new Set(rows.flatMap(({ shownOrder }) => shownOrder))]);
  const [newest] = rows;
  const window = newest ? (await requireItem(ctx, newest.itemId)).undoSeconds : 0;
  return rows.map(({ shownOrder, messages, ageSeconds, ...row }, i) => ({
    ...row,
    prompt: messages.at(-1)?.content ?? "",
    texts: shownOrder.map((id) => texts.get(id) ?? ""),
    undoable: i === 0 && ageSeconds <= window,
  }));
}

type SharedRanking = { itemId: string; annotatorId: string; shownOrder: string[]; ranks: number[] | null };

/** Share of strictly ordered pairs that others ordered likewise. */
function agreementWithOthers(rows: readonly SharedRanking[], annotatorId: string): { value: number; n: number } | null {
  const rankOf = ({ shownOrder, ranks }: SharedRanking, id: string) => ranks?.[shownOrder.indexOf(id)] ?? 0;
  let same = 0;
  let n = 0;
  for (const own of rows.filter((row) => row.annotatorId === annotatorId))
    for (const other of rows.filter((row) => row.itemId === own.itemId && row.annotatorId !== annotatorId))
      own.shownOrder.forEach((a, i) => {
        for (const b of own.shownOrder.slice(i + 1)) {
          const [mine, theirs] = [rankOf(own, a) - rankOf(own, b), rankOf(other, a) - rankOf(other, b)];
          if (mine === 0 || theirs === 0) continue;
          n++;
          if (Math.sign(mine) === Math.sign(theirs)) same++;
        }
      });
  return n === 0 ? null : { value: same / n, n };
}

export async function getOwnStatistics(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "annotator");
  const own = { projectId: input.projectId, annotatorId: ctx.user.id };
  const { left, right, ...counts } = await selectOwnCounts(ctx.db, own);
  const shared = await selectSharedRankings(ctx.db, { ...own, limit: SHARED_ITEMS });
  return {
    ...counts,
    leftShare: left + right === 0 ? null : left / (left + right),
    agreement: agreementWithOthers(shared, ctx.user.id),
    open: await countOpen(ctx, input.projectId),
  };
}
