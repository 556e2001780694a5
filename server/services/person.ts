/**
 * A person's own data: giving it out, and deleting it. Deletion keeps what others rest on, under a pseudonym: the row of
 * the account, votes (unless they are withdrawn and in no dataset version) and entries of the audit log.
 */
import { createHash } from "node:crypto";
import { selectAuditEntries } from "../../db/queries/audit";
import { releaseSeatsOf, selectMemberships } from "../../db/queries/members";
import {
  countVotesOf,
  deleteRemarks,
  pseudonymiseUser,
  renameInRuns,
  selectDraftsOf,
  selectIdentities,
  selectJudgementsOf,
  withdrawVotes,
} from "../../db/queries/people";
import { lockUserPolicy } from "../../db/queries/users";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { fieldError } from "../errors";
import { checkOwnPassword, getPerson, keepOneAdmin } from "./user";

const PAGE = 1000;
const OWN_ENTRIES = 1000;

/** What becomes of votes that are in no dataset version. */
export type VotesOnDeletion = "keep" | "withdraw";

export const formerName = (userId: string) =>
  `Former annotator ${createHash("sha256").update(`former ${userId}`).digest("hex").slice(0, 4)}`;

/** What the account page shows. */
export async function getAccount(ctx: UserContext) {
  const { email, name, role, passwordHash, createdAt } = await getPerson(ctx.db, ctx.user.id);
  return {
    email,
    name,
    role,
    hasPassword: passwordHash !== null,
    createdAt,
    memberships: await selectMemberships(ctx.db, ctx.user.id),
    ...(await countVotesOf(ctx.db, ctx.user.id)),
  };
}

/** What a deletion would do with somebody's votes; for admins. */
export async function getVotesOf(ctx: UserContext, input: { userId: string }) {
  return countVotesOf(ctx.db, (await getPerson(ctx.db, input.userId)).id);
}

async function deletePerson(ctx: UserContext, input: { userId: string; votes: VotesOnDeletion }): Promise<{ pseudonym: string }> {
  const { userId, votes } = input;
  const pseudonym = formerName(userId);
  await ctx.db.transaction(async (tx) => {
    await lockUserPolicy(tx);
    const { email, name, ...user } = await getPerson(tx, userId);
    await keepOneAdmin(tx, user);
    // First, so that nobody who signs in meanwhile takes new seats.
    await pseudonymiseUser(tx, { userId, email, pseudonym });
    await releaseSeatsOf(tx, { userId });
    await deleteRemarks(tx, userId);
    const withdrawn = votes === "withdraw" ? await withdrawVotes(tx, userId) : 0;
    await renameInRuns(tx, { name, pseudonym });
    await recordAction(tx, ctx.user.id, {
      action: "person.deleted",
      projectId: null,
      kind: "user",
      id: userId,
      details: { votes, withdrawn },
    });
  });
  return { pseudonym };
}

/** For admins. Throws CONFLICT for the last admin. */
export function deleteUser(ctx: UserContext, input: { userId: string; votes: VotesOnDeletion }) {
  return deletePerson(ctx, input);
}

/**
 * The caller's own account, confirmed by the password or, where there is none, by the e-mail address. Throws BAD_INPUT
 * naming the field, RATE_LIMITED after too many attempts, CONFLICT for the last admin.
 */
export async function deleteOwnAccount(ctx: UserContext, input: { confirmation: string; votes: VotesOnDeletion }) {
  const user = await getPerson(ctx.db, ctx.user.id);
  if (user.passwordHash !== null)
    await checkOwnPassword(ctx, { ...user, passwordHash: user.passwordHash }, { field: "confirmation", password: input.confirmation });
  else if (input.confirmation.trim().toLowerCase() !== user.email)
    throw fieldError("confirmation", "This is not the e-mail address of your account");
  return deletePerson(ctx, { userId: user.id, votes: input.votes });
}

/** Everything stored about the caller as one JSON document, written as it is read. */
export async function* exportOwnData(ctx: UserContext): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const userId = ctx.user.id;
  const { email, name, role, createdAt } = await getPerson(ctx.db, userId);
  await recordAction(ctx.db, userId, { action: "person.exported", projectId: null, kind: "user", id: userId });
  const head = {
    profile: { id: userId, email, name, role, createdAt },
    identities: await selectIdentities(ctx.db, userId),
    memberships: await selectMemberships(ctx.db, userId),
    drafts: await selectDraftsOf(ctx.db, userId),
    log: (await selectAuditEntries(ctx.db, { projectId: null, actorId: userId, limit: OWN_ENTRIES })).map(
      ({ at, action, project, kind, targetId }) => ({ at, action, project, kind, targetId }),
    ),
  };
  yield encoder.encode(`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "votes": [`);
  let after: string | null = null;
  while (true) {
    const page: Awaited<ReturnType<typeof selectJudgementsOf>> = await selectJudgementsOf(ctx.db, { userId, after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) break;
    yield encoder.encode(`${after === null ? "" : ","}\n    ${page.map((row) => JSON.stringify(row)).join(",\n    ")}`);
    after = last.id;
  }
  yield encoder.encode("\n  ]\n}\n");
}
