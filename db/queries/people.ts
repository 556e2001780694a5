/** SQL that takes a person out of the records, and what tells a person everything that is stored about them. */
import { and, asc, eq, gt, inArray, isNull, like, or, sql } from "drizzle-orm";
import type { Db } from "../client";
import {
  accounts,
  apiTokens,
  drafts,
  invitations,
  items,
  judgements,
  projectAnnotators,
  projectMembers,
  projects,
  prompts,
  rateLimits,
  runEvents,
  runs,
  seats,
  users,
} from "../schema";

/** Turns an account into a pseudonym that nobody can sign in with; provider identities and memberships go. */
export async function pseudonymiseUser(tx: Db, input: { userId: string; email: string; pseudonym: string }): Promise<void> {
  const { userId, email, pseudonym } = input;
  await tx
    .update(users)
    .set({
      name: pseudonym,
      email: `${userId}@deleted.invalid`,
      passwordHash: null,
      role: "annotator",
      disabled: true,
      deletedAt: sql`now()`,
    })
    .where(eq(users.id, userId));
  await tx.delete(accounts).where(eq(accounts.userId, userId));
  await tx.delete(apiTokens).where(eq(apiTokens.userId, userId));
  await tx.delete(drafts).where(eq(drafts.annotatorId, userId));
  await tx.delete(projectMembers).where(eq(projectMembers.userId, userId));
  await tx.delete(projectAnnotators).where(eq(projectAnnotators.userId, userId));
  await tx.delete(rateLimits).where(or(eq(rateLimits.key, `sign-in:email:${email}`), like(rateLimits.key, `%:${userId}`)));
  await tx
    .update(invitations)
    .set({ email: null, revokedAt: sql`coalesce(${invitations.revokedAt}, now())` })
    .where(eq(invitations.email, email));
}

/** Runs and their events say by name who asked for them. */
export async function renameInRuns(tx: Db, input: { name: string; pseudonym: string }): Promise<void> {
  const { name, pseudonym } = input;
  // " by Name" at the end, or before what the sentence goes on with.
  const pattern = ` by ${name.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")}(?=$|[,;])`;
  const replaced = (text: ReturnType<typeof sql>) => sql`regexp_replace(${text}, ${pattern}, ${` by ${pseudonym}`})`;
  await tx
    .update(runs)
    .set({ reason: replaced(sql`${runs.reason}`) })
    .where(sql`${runs.reason} ~ ${pattern}`);
  for (const key of ["reason", "message"]) {
    const text = sql`${runEvents.event}->>${sql.raw(`'${key}'`)}`;
    await tx
      .update(runEvents)
      .set({ event: sql`jsonb_set(${runEvents.event}, ${`{${key}}`}, to_jsonb(${replaced(text)}))` })
      .where(and(sql`${runEvents.event}->>'kind' in ('state', 'log')`, sql`${text} ~ ${pattern}`));
  }
}

const frozen = sql`exists (select 1 from dataset_rows r where r.judgement_id = ${judgements.id})`;

/** Remarks are taken off all votes of a person; a flag keeps that it was one. */
export async function deleteRemarks(tx: Db, userId: string): Promise<void> {
  await tx
    .update(judgements)
    .set({ comment: "", updatedAt: sql`clock_timestamp()` })
    .where(and(eq(judgements.annotatorId, userId), sql`${judgements.comment} <> ''`));
  await tx
    .update(judgements)
    .set({ value: sql`jsonb_set(${judgements.value}, '{note}', '"(deleted)"')`, updatedAt: sql`clock_timestamp()` })
    .where(and(eq(judgements.annotatorId, userId), sql`${judgements.value}->>'kind' = 'flag'`));
}

/**
 * Takes back every vote of a person that is in no dataset version and empties it: what is left says that there was a
 * vote, and counts nowhere. The seats are free for others. Returns how many votes stood until now.
 */
export async function withdrawVotes(tx: Db, userId: string): Promise<number> {
  const loose = and(eq(judgements.annotatorId, userId), sql`not ${frozen}`);
  const standing = await tx
    .select({ id: judgements.id })
    .from(judgements)
    .where(and(loose, isNull(judgements.undoneAt)));
  await tx
    .update(judgements)
    .set({
      value: { kind: "skip", cause: "other" },
      ranks: null,
      reasons: [],
      undoneAt: sql`coalesce(${judgements.undoneAt}, now())`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(loose);
  const ids = standing.map(({ id }) => id);
  for (let start = 0; start < ids.length; start += 1000) {
    await tx
      .update(seats)
      .set({ judgementId: null, annotatorId: null, shownOrder: null, guidelineVersionId: null, leaseExpiresAt: null })
      .where(inArray(seats.judgementId, ids.slice(start, start + 1000)));
  }
  return ids.length;
}

/** Votes of a person that stand, and how many of them are in dataset versions. */
export async function countVotesOf(db: Db, userId: string): Promise<{ votes: number; frozen: number }> {
  const [row] = await db
    .select({ votes: sql<number>`count(*)::int`, frozen: sql<number>`(count(*) filter (where ${frozen}))::int` })
    .from(judgements)
    .where(and(eq(judgements.annotatorId, userId), isNull(judgements.undoneAt)));
  return row ?? { votes: 0, frozen: 0 };
}

/** Judgements of a person after the id `after`, taken back ones too, with what was judged. */
export function selectJudgementsOf(db: Db, input: { userId: string; after: string | null; limit: number }) {
  return db
    .select({
      id: judgements.id,
      project: projects.name,
      mode: items.mode,
      prompt: prompts.messages,
      value: judgements.value,
      ranks: judgements.ranks,
      reasons: judgements.reasons,
      comment: judgements.comment,
      activeMs: judgements.activeMs,
      idleMs: judgements.idleMs,
      undoneAt: judgements.undoneAt,
      createdAt: judgements.createdAt,
    })
    .from(judgements)
    .innerJoin(projects, eq(projects.id, judgements.projectId))
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .where(and(eq(judgements.annotatorId, input.userId), input.after === null ? undefined : gt(judgements.id, input.after)))
    .orderBy(asc(judgements.id))
    .limit(input.limit);
}

/** Providers that a person has signed in through. */
export function selectIdentities(db: Db, userId: string) {
  return db
    .select({ provider: accounts.provider, providerAccountId: accounts.providerAccountId, createdAt: accounts.createdAt })
    .from(accounts)
    .where(eq(accounts.userId, userId));
}

export function selectDraftsOf(db: Db, userId: string) {
  return db
    .select({ itemId: drafts.itemId, value: drafts.value, updatedAt: drafts.updatedAt })
    .from(drafts)
    .where(eq(drafts.annotatorId, userId));
}
