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
import {
  addSeat,
  countGiven,
  insertRepeat,
  lockCheckSeat,
  lockItem,
  selectClaimRules,
  selectItemVotes,
  selectOwnOrder,
  selectQualification,
  selectVoteToRepeat,
} from "../../db/queries/queue";
import { type AnnotationTask, MAX_HELD } from "../../domain/annotation/task";
import { addComparison } from "../../domain/quality/report";
import { type QueueSettings, queueSettingsSchema, ranksByCompletion, votesDisagree } from "../../domain/queue";
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

/** Takes a seat of one item, or the next one that this annotator is to judge, in a transaction of the caller; null when there is none. */
export async function claimSeat(tx: Db, input: { projectId: string; annotatorId: string; itemId?: string }) {
  const rules = await selectClaimRules(tx, input);
  if (rules === null) return null;
  const tier = rules.adjudicator ? 2 : 1;
  const seat = input.itemId === undefined ? await chooseNext(tx, { ...input, ...rules, tier }) : await lockFreeSeat(tx, { ...input, tier });
  if (seat === null) return null;
  const item = await requireItem(tx, seat.itemId);
  const before = item.repeatOf === null ? null : await selectOwnOrder(tx, { itemId: item.repeatOf, annotatorId: input.annotatorId });
  // A repetition is for the one who judged the item before.
  if (item.repeatOf !== null && before === null) return null;
  const shownOrder = before?.toReversed() ?? shownOrderFor(seat.itemId, input.annotatorId, item.completionIds);
  const guideline = await selectLatestGuideline(tx, input.projectId);
  await takeSeat(tx, {
    ...seat,
    annotatorId: input.annotatorId,
    shownOrder,
    guidelineVersionId: guideline?.id ?? null,
    leaseSeconds: item.leaseSeconds,
  });
  return { ...seat, shownOrder, guidelineVersionId: guideline?.id ?? null };
}

type Seat = { itemId: string; seat: number; tier: number };

/**
 * Which seat comes next: qualification items before anything else, then, as the project's shares say, a gold item or one
 * that the annotator judged before with the sides swapped, otherwise work. The draw depends on the annotator and on how
 * many judgements they have given, so that it can be made again.
 */
async function chooseNext(
  tx: Db,
  input: { projectId: string; annotatorId: string; tier: number } & NonNullable<Awaited<ReturnType<typeof selectClaimRules>>>,
): Promise<Seat | null> {
  const { projectId, annotatorId } = input;
  if (input.paused) return null;
  const queue = queueSettingsSchema.parse(input.queue);
  const work = () => lockFreeSeat(tx, { projectId, annotatorId, tier: input.tier });
  const cap = input.dailyCap ?? queue.dailyCap;
  if (cap === 0 && queue.goldShare === 0 && queue.repeatShare === 0 && !input.qualifies) return work();
  const given = await countGiven(tx, input);
  if (cap > 0 && given.today + (await selectHeldSeats(tx, { projectId, annotatorId, except: [] })).length >= cap) return null;
  if (input.qualifies) {
    const answers = await selectQualification(tx, input);
    // Null while the last of them are being judged: the work waits for what they say.
    if (answers.some(({ judgementId }) => judgementId === null))
      return lockCheckSeat(tx, { projectId, annotatorId, purpose: "qualification" });
    if (shareRight(answers) < queue.qualificationPass) return null;
  }
  const random = createRandom(createHash("sha256").update(`${projectId}:${annotatorId}:${given.ever}`).digest().readUInt32LE(), "queue");
  if (random.next() < queue.goldShare) {
    const seat = await lockCheckSeat(tx, { projectId, annotatorId, purpose: "gold" });
    if (seat !== null) return seat;
  }
  if (random.next() < queue.repeatShare) {
    const repeat = await makeRepeat(tx, { projectId, annotatorId, gap: queue.repeatGap });
    if (repeat !== null) return repeat;
  }
  return work();
}

/** Of every strictly ordered pair of the known answers, the share that was ordered likewise. */
function shareRight(answers: Awaited<ReturnType<typeof selectQualification>>): number {
  const share = { k: 0, n: 0 };
  for (const { gold, ranks, shownOrder } of answers) {
    const known = (shownOrder ?? []).map((id) => gold?.[id] ?? 0);
    // A skip or a flag orders nothing, and is not right.
    addComparison(share, ranks ?? known.map(() => 1), known);
  }
  return share.n === 0 ? 1 : share.k / share.n;
}

async function makeRepeat(tx: Db, input: { projectId: string; annotatorId: string; gap: number }): Promise<Seat | null> {
  const vote = await selectVoteToRepeat(tx, input);
  if (vote === null) return null;
  const itemId = await insertRepeat(tx, { ...input, ...vote });
  return itemId === null ? null : { itemId, seat: 1, tier: 1 };
}

/**
 * After a judgement of work: an item whose seats are all judged and whose votes disagree gets one more seat, up to the
 * project's most, and then one for an adjudicator.
 */
export async function growItem(tx: Db, item: { id: string; queue: QueueSettings }): Promise<void> {
  const { maxOverlap, adjudication } = queueSettingsSchema.parse(item.queue);
  if (maxOverlap === 0 && !adjudication) return;
  await lockItem(tx, item.id);
  const { seats, votes } = await selectItemVotes(tx, item.id);
  if (seats.some(({ judgementId }) => judgementId === null) || seats.some(({ tier }) => tier > 1)) return;
  const counted = votes.filter(({ ranks, kind }) => ranks !== null || kind === "both_bad");
  if (!votesDisagree(counted.map(({ ranks, shownOrder }) => (ranks === null ? null : ranksByCompletion(shownOrder, ranks))))) return;
  if (seats.length < maxOverlap) await addSeat(tx, item.id, 1);
  else if (adjudication) await addSeat(tx, item.id, 2);
}

/** What is shown of a seat that the annotator holds; the lease starts anew. */
export async function loadTask(
  db: Db,
  seat: { itemId: string; annotatorId: string; shownOrder: readonly string[]; guidelineVersionId: string | null },
): Promise<AnnotationTask> {
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
    sentBack: content.sentBack,
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
export async function claimNextItem(
  ctx: UserContext,
  input: { projectId: string; holding?: readonly string[] },
): Promise<AnnotationTask | null> {
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
  return Promise.all(projects.map(async (project) => ({ ...project, open: await countOpen(ctx, project.id) })));
}

/** How many items of work the caller could still judge. */
export async function countOpen(ctx: UserContext, projectId: string): Promise<number> {
  const own = { projectId, annotatorId: ctx.user.id };
  const rules = await selectClaimRules(ctx.db, own);
  return countOpenFor(ctx.db, { ...own, tier: rules?.adjudicator ? 2 : 1 });
}
