/** The queue: which item an annotator judges next, for how long it is theirs, and how it is shown to them. */
import { createHash } from "node:crypto";
import type { Db } from "../../db/client";
import { upsertDraft } from "../../db/queries/judgements";
import {
  countOpenFor,
  type FreeSeat,
  lockSeatOf,
  releaseSeat,
  renewSeat,
  selectItemToJudge,
  selectProjectsToAnnotate,
  selectTaskContent,
  type TakenSeat,
  takeNextSeat,
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
import { isUniqueViolation } from "../../db/unique-violation";
import { type AnnotationTask, MAX_HELD } from "../../domain/annotation/task";
import { addComparison } from "../../domain/quality/report";
import { type ItemPurpose, type QueueSettings, queueSettingsSchema, ranksByCompletion, votesDisagree } from "../../domain/queue";
import { createRandom } from "../../domain/random";
import { checkRole, listRoles, requireProject } from "../access";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const ATTEMPTS = 5;

const ITEM_GONE = "This item does not exist any more.";

/** The item with its project's rules, for who may judge in that project: one query for both. */
export async function requireItem(ctx: UserContext, itemId: string) {
  const item = await selectItemToJudge(ctx.db, { itemId, annotatorId: ctx.user.id });
  if (item === null) throw new AppError("NOT_FOUND", ITEM_GONE);
  checkRole(ctx, item, "annotator", ITEM_GONE);
  return item;
}

type ClaimRules = NonNullable<Awaited<ReturnType<typeof selectClaimRules>>>;

/** The rules for who may judge in the project: one query for both. */
async function requireRules(ctx: UserContext, projectId: string): Promise<ClaimRules> {
  const rules = await selectClaimRules(ctx.db, { projectId, annotatorId: ctx.user.id });
  checkRole(ctx, rules, "annotator");
  // checkRole refuses null.
  return rules as ClaimRules;
}

async function loadRules(db: Db, input: { projectId: string; annotatorId: string }): Promise<ClaimRules> {
  const rules = await selectClaimRules(db, input);
  if (rules === null) throw new AppError("NOT_FOUND", "There is no such project.");
  return rules;
}

/** Takes a seat of one item, in a transaction of the caller; null when there is none for this annotator. */
export async function claimSeatOf(tx: Db, input: { projectId: string; itemId: string; annotatorId: string }): Promise<TakenSeat | null> {
  const { adjudicator } = await loadRules(tx, input);
  const seat = await lockSeatOf(tx, { ...input, tier: adjudicator ? 2 : 1 });
  return seat === null ? null : takeLocked(tx, seat, input.annotatorId);
}

async function takeLocked(tx: Db, seat: FreeSeat, annotatorId: string): Promise<TakenSeat | null> {
  const item = await selectItemToJudge(tx, { itemId: seat.itemId, annotatorId });
  if (item === null) throw new AppError("NOT_FOUND", ITEM_GONE);
  const { repeatOf } = item;
  if (repeatOf === null) return takeSeat(tx, { ...seat, annotatorId });
  const before = await selectOwnOrder(tx, { itemId: repeatOf, annotatorId });
  // A repetition is for the one who judged the item before.
  return before === null ? null : takeSeat(tx, { ...seat, annotatorId, shownOrder: before.toReversed() });
}

/**
 * Which seat comes next: qualification items before anything else, then, as the project's shares say, a gold item or one
 * that the annotator judged before with the sides swapped, otherwise work. The draw depends on the annotator and on how
 * many judgements they have given, so that it can be made again.
 */
async function takeNext(db: Db, input: { projectId: string; annotatorId: string }, rules: ClaimRules): Promise<TakenSeat | null> {
  if (rules.paused) return null;
  const queue = queueSettingsSchema.parse(rules.queue);
  const cap = rules.dailyCap ?? queue.dailyCap;
  const work = (tx: Db) => takeNextSeat(tx, { ...input, tier: rules.adjudicator ? 2 : 1 });
  if (cap === 0 && queue.goldShare === 0 && queue.repeatShare === 0 && !rules.qualifies) return work(db);
  return db.transaction(async (tx) => {
    const check = async (purpose: "gold" | "qualification") => {
      const seat = await lockCheckSeat(tx, { ...input, purpose });
      return seat === null ? null : takeLocked(tx, seat, input.annotatorId);
    };
    const given = await countGiven(tx, input);
    if (cap > 0 && given.today + rules.held.length >= cap) return null;
    if (rules.qualifies) {
      const answers = await selectQualification(tx, input);
      // Null while the last of them are being judged: the work waits for what they say.
      if (answers.some(({ judgementId }) => judgementId === null)) return check("qualification");
      if (shareRight(answers) < queue.qualificationPass) return null;
    }
    const seed = createHash("sha256").update(`${input.projectId}:${input.annotatorId}:${given.ever}`).digest().readUInt32LE();
    const random = createRandom(seed, "queue");
    if (random.next() < queue.goldShare) {
      const gold = await check("gold");
      if (gold !== null) return gold;
    }
    if (random.next() < queue.repeatShare) {
      const repeat = await takeRepeat(tx, { ...input, gap: queue.repeatGap });
      if (repeat !== null) return repeat;
    }
    return work(tx);
  });
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

async function takeRepeat(tx: Db, input: { projectId: string; annotatorId: string; gap: number }): Promise<TakenSeat | null> {
  const vote = await selectVoteToRepeat(tx, input);
  if (vote === null) return null;
  const itemId = await insertRepeat(tx, { ...input, ...vote });
  return itemId === null ? null : takeLocked(tx, { itemId, seat: 1 }, input.annotatorId);
}

/** Whether a judgement of the item may give it one more seat. */
export function mayGrow(item: { purpose: ItemPurpose; queue: QueueSettings }): boolean {
  const { maxOverlap, adjudication } = queueSettingsSchema.parse(item.queue);
  return item.purpose === "work" && (maxOverlap > 0 || adjudication);
}

/**
 * After a judgement of an item that may grow: one whose seats are all judged and whose votes disagree gets one more seat, up to the
 * project's most, and then one for an adjudicator.
 */
export async function growItem(tx: Db, item: { id: string; queue: QueueSettings }): Promise<void> {
  const { maxOverlap, adjudication } = queueSettingsSchema.parse(item.queue);
  await lockItem(tx, item.id);
  const { seats, votes } = await selectItemVotes(tx, item.id);
  if (seats.some(({ judgementId }) => judgementId === null) || seats.some(({ tier }) => tier > 1)) return;
  const counted = votes.filter(({ ranks, kind }) => ranks !== null || kind === "both_bad");
  if (!votesDisagree(counted.map(({ ranks, shownOrder }) => (ranks === null ? null : ranksByCompletion(shownOrder, ranks))))) return;
  if (seats.length < maxOverlap) await addSeat(tx, item.id, 1);
  else if (adjudication) await addSeat(tx, item.id, 2);
}

type ShownSeat = { itemId: string; shownOrder: readonly string[]; guidelineVersionId: string | null; leaseExpiresAt?: Date | null };

/** What is shown of a seat that the annotator holds; the lease starts anew unless it has just begun. */
export async function loadTask(db: Db, annotatorId: string, seat: ShownSeat): Promise<AnnotationTask> {
  const [leaseExpiresAt, content] = await Promise.all([
    seat.leaseExpiresAt ?? renewSeat(db, { itemId: seat.itemId, annotatorId }),
    selectTaskContent(db, { ...seat, annotatorId }),
  ]);
  if (leaseExpiresAt === null || content === null) throw new AppError("GONE", "This item went to somebody else.");
  const texts = new Map(content.texts.map((text) => [text.id, text]));
  return {
    itemId: content.id,
    projectId: content.projectId,
    mode: content.mode,
    messages: content.messages,
    completions: seat.shownOrder.map((id) => {
      const { text = "", turns = null } = texts.get(id) ?? {};
      return { id, text, ...(turns === null ? {} : { turns }) };
    }),
    leaseExpiresAt,
    leaseSeconds: content.leaseSeconds,
    draft: content.draft,
    guideline: content.guideline,
    reasons: content.reasons,
    scales: content.scales,
    imageHosts: content.imageHosts,
    sentBack: content.sentBack,
  };
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
  for (let attempt = 1; ; attempt++) {
    try {
      const rules = await requireRules(ctx, projectId);
      const known = rules.held.find(({ itemId }) => !holding.includes(itemId));
      if (known !== undefined) return await loadTask(ctx.db, annotatorId, known);
      if (rules.held.length >= MAX_HELD) return null;
      const seat = await takeNext(ctx.db, { projectId, annotatorId }, rules);
      return seat === null ? null : await loadTask(ctx.db, annotatorId, seat);
    } catch (error) {
      // Another window of the same annotator took a seat of the same item, or the held one was lost meanwhile.
      const lost = error instanceof AppError && error.code === "GONE";
      if (attempt === ATTEMPTS || !(lost || isUniqueViolation(error))) throw error;
    }
  }
}

/** Throws GONE when the item is no longer this annotator's. */
export async function renewLease(ctx: UserContext, input: { itemId: string }): Promise<{ leaseExpiresAt: Date }> {
  await requireProject(ctx, { item: input.itemId }, "annotator");
  const leaseExpiresAt = await renewSeat(ctx.db, { itemId: input.itemId, annotatorId: ctx.user.id });
  if (leaseExpiresAt === null) throw new AppError("GONE", "Your time on this item ran out and it went to somebody else.");
  return { leaseExpiresAt };
}

export async function releaseItem(ctx: UserContext, input: { itemId: string }): Promise<{ released: boolean }> {
  await requireProject(ctx, { item: input.itemId }, "annotator");
  return { released: await releaseSeat(ctx.db, { itemId: input.itemId, annotatorId: ctx.user.id }) };
}

/** Keeps what an annotator has chosen so far on an item they hold. */
export async function saveDraft(ctx: UserContext, input: { itemId: string; value: Record<string, unknown> }): Promise<{ saved: true }> {
  await renewLease(ctx, input);
  await upsertDraft(ctx.db, { annotatorId: ctx.user.id, itemId: input.itemId, value: input.value });
  return { saved: true };
}

export async function listProjectsToAnnotate(ctx: UserContext) {
  const roles = await listRoles(ctx);
  const projects = (await selectProjectsToAnnotate(ctx.db, ctx.user.id)).filter(({ id }) => roles.has(id));
  return Promise.all(projects.map(async (project) => ({ ...project, open: await countOpen(ctx, project.id) })));
}

/** How many items of work the caller could still judge. */
export async function countOpen(ctx: UserContext, projectId: string): Promise<number> {
  const own = { projectId, annotatorId: ctx.user.id };
  const { adjudicator } = await requireRules(ctx, projectId);
  return countOpenFor(ctx.db, { ...own, tier: adjudicator ? 2 : 1 });
}
