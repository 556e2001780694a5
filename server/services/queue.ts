/** The queue: which item an annotator judges next, for how long it is theirs, and how it is shown to them. */
import { createHash } from "node:crypto";
import type { Db } from "../../db/client";
import { selectLatestGuideline } from "../../db/queries/guidelines";
import { upsertDraft } from "../../db/queries/judgements";
import { selectProject } from "../../db/queries/projects";
import {
  countOpenFor,
  lockFreeSeat,
  releaseSeat,
  renewSeat,
  selectHeldSeats,
  selectItemToJudge,
  selectProjectsToAnnotate,
  selectTaskContent,
  takeSeat,
} from "../../db/queries/seats";
import { type AnnotationTask, MAX_HELD } from "../../domain/annotation/task";
import { createRandom } from "../../domain/random";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const ATTEMPTS = 5;

/**
 * The order in which an annotator sees an item's completions: seeded by both, so that a vote that arrives after its
 * lease was lost still says what it meant.
 */
export function shownOrderFor(itemId: string, annotatorId: string, completionIds: readonly string[]): string[] {
  const seed = createHash("sha256").update(`${itemId}:${annotatorId}`).digest().readUInt32LE();
  return createRandom(seed, "shown-order").shuffle(completionIds);
}

export async function requireItem(db: Db, itemId: string) {
  const item = await selectItemToJudge(db, itemId);
  if (item === null) throw new AppError("NOT_FOUND", "This item does not exist any more.");
  return item;
}

/** Takes a free seat in a transaction of the caller; null when there is none. */
export async function claimSeat(tx: Db, input: { projectId: string; annotatorId: string; itemId?: string }) {
  const seat = await lockFreeSeat(tx, input);
  if (seat === null) return null;
  const item = await requireItem(tx, seat.itemId);
  const shownOrder = shownOrderFor(seat.itemId, input.annotatorId, item.completionIds);
  const guideline = await selectLatestGuideline(tx, input.projectId);
  await takeSeat(tx, { ...seat, annotatorId: input.annotatorId, shownOrder, guidelineVersionId: guideline?.id ?? null, leaseSeconds: item.leaseSeconds });
  return { ...seat, shownOrder, guidelineVersionId: guideline?.id ?? null };
}

/** What is shown of a seat that the annotator holds; the lease starts anew. */
export async function loadTask(db: Db, seat: { itemId: string; annotatorId: string; shownOrder: readonly string[]; guidelineVersionId: string | null }): Promise<AnnotationTask> {
  const item = await requireItem(db, seat.itemId);
  const leaseExpiresAt = await renewSeat(db, { ...seat, leaseSeconds: item.leaseSeconds });
  const content = await selectTaskContent(db, seat);
  if (leaseExpiresAt === null || content === null) throw new AppError("GONE", "This item went to somebody else.");
  const texts = new Map(content.texts.map((text) => [text.id, text]));
  return {
    itemId: item.id,
    projectId: item.projectId,
    mode: content.mode,
    messages: content.messages,
    completions: seat.shownOrder.map((id) => {
      const { text = "", turns = null } = texts.get(id) ?? {};
      return { id, text, ...(turns === null ? {} : { turns }) };
    }),
    leaseExpiresAt,
    leaseSeconds: item.leaseSeconds,
    draft: content.draft,
    guideline: content.guideline,
    reasons: content.reasons,
    scales: content.annotation.scales,
    imageHosts: content.annotation.imageHosts,
  };
}

function isUniqueViolation(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if ("code" in cause && cause.code === "23505") return true;
  return false;
}

/**
 * The next item for this annotator, held for the project's lease time. What they hold already and the client does not
 * know of (after a reload) comes first. Null when nothing is left, or as many items are held as one person may.
 */
export async function claimNextItem(ctx: UserContext, input: { projectId: string; holding?: readonly string[] }): Promise<AnnotationTask | null> {
  const { projectId, holding = [] } = input;
  const annotatorId = ctx.user.id;
  if ((await selectProject(ctx.db, projectId)) === null) throw new AppError("NOT_FOUND", "There is no such project.");
  for (let attempt = 1; ; attempt++) {
    try {
      const seat = await ctx.db.transaction(async (tx) => {
        const held = await selectHeldSeats(tx, { projectId, annotatorId, except: [] });
        const known = held.find(({ itemId }) => !holding.includes(itemId));
        if (known?.shownOrder) return { itemId: known.itemId, shownOrder: known.shownOrder, guidelineVersionId: known.guidelineVersionId };
        return held.length >= MAX_HELD ? null : claimSeat(tx, { projectId, annotatorId });
      });
      return seat === null ? null : await loadTask(ctx.db, { ...seat, annotatorId });
    } catch (error) {
      // Another window of the same annotator took a seat of the same item, or the held one was lost meanwhile.
      const lost = error instanceof AppError && error.code === "GONE";
      if (attempt === ATTEMPTS || !(lost || isUniqueViolation(error))) throw error;
    }
  }
}

/** Throws GONE when the item is no longer this annotator's. */
export async function renewLease(ctx: UserContext, input: { itemId: string }): Promise<{ leaseExpiresAt: Date }> {
  const item = await requireItem(ctx.db, input.itemId);
  const leaseExpiresAt = await renewSeat(ctx.db, { itemId: item.id, annotatorId: ctx.user.id, leaseSeconds: item.leaseSeconds });
  if (leaseExpiresAt === null) throw new AppError("GONE", "Your time on this item ran out and it went to somebody else.");
  return { leaseExpiresAt };
}

export async function releaseItem(ctx: UserContext, input: { itemId: string }): Promise<{ released: boolean }> {
  return { released: await releaseSeat(ctx.db, { itemId: input.itemId, annotatorId: ctx.user.id }) };
}

/** Keeps what an annotator has chosen so far on an item they hold. */
export async function saveDraft(ctx: UserContext, input: { itemId: string; value: Record<string, unknown> }): Promise<{ saved: true }> {
  await renewLease(ctx, input);
  await upsertDraft(ctx.db, { annotatorId: ctx.user.id, itemId: input.itemId, value: input.value });
  return { saved: true };
}

export async function listProjectsToAnnotate(ctx: UserContext) {
  const projects = await selectProjectsToAnnotate(ctx.db, ctx.user.id);
  return Promise.all(projects.map(async (project) => ({ ...project, open: await countOpenFor(ctx.db, { projectId: project.id, annotatorId: ctx.user.id }) })));
}
