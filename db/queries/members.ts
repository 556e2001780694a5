/** SQL on members of projects and on the invitations by which they come. */
import { and, asc, count, desc, eq, isNull, sql } from "drizzle-orm";
import type { Db } from "../client";
import { invitations, projectMembers, projects, seats, users } from "../schema";

export type NewInvitationRow = typeof invitations.$inferInsert;

/** Members by name, with the judgements of each that stand. */
export function selectMembers(db: Db, projectId: string) {
  return db
    .select({
      userId: users.id,
      name: users.name,
      email: users.email,
      role: projectMembers.role,
      disabled: users.disabled,
      judgements: sql<number>`(select count(*)::int from judgements j where j.project_id = ${projectId} and j.annotator_id = users.id and j.undone_at is null)`,
      createdAt: projectMembers.createdAt,
    })
    .from(projectMembers)
    .innerJoin(users, eq(users.id, projectMembers.userId))
    .where(eq(projectMembers.projectId, projectId))
    .orderBy(asc(users.name), asc(users.email));
}

/** Projects that somebody is a member of, by name. */
export function selectMemberships(db: Db, userId: string) {
  return db
    .select({
      projectId: projects.id,
      slug: projects.slug,
      name: projects.name,
      role: projectMembers.role,
      since: projectMembers.createdAt,
    })
    .from(projectMembers)
    .innerJoin(projects, eq(projects.id, projectMembers.projectId))
    .where(eq(projectMembers.userId, userId))
    .orderBy(asc(projects.name));
}

const isMember = (input: { projectId: string; userId: string }) =>
  and(eq(projectMembers.projectId, input.projectId), eq(projectMembers.userId, input.userId));

export async function selectMember(db: Db, input: { projectId: string; userId: string }) {
  const [row] = await db.select().from(projectMembers).where(isMember(input));
  return row ?? null;
}

export async function upsertMember(db: Db, member: typeof projectMembers.$inferInsert): Promise<void> {
  await db
    .insert(projectMembers)
    .values(member)
    .onConflictDoUpdate({ target: [projectMembers.projectId, projectMembers.userId], set: { role: member.role } });
}

/** Owners that can sign in. */
export async function countOwners(db: Db, projectId: string): Promise<number> {
  const [row] = await db
    .select({ n: count() })
    .from(projectMembers)
    .innerJoin(users, eq(users.id, projectMembers.userId))
    .where(and(eq(projectMembers.projectId, projectId), eq(projectMembers.role, "owner"), eq(users.disabled, false)));
  return row?.n ?? 0;
}

/** Ends a membership; what the person held and had not judged is free for others. */
export async function deleteMember(tx: Db, input: { projectId: string; userId: string }): Promise<void> {
  await tx.delete(projectMembers).where(isMember(input));
  await releaseSeatsOf(tx, input);
}

/** Gives back the seats that somebody holds and has not judged, in one project or in all. */
export async function releaseSeatsOf(tx: Db, input: { userId: string; projectId?: string }): Promise<void> {
  await tx
    .update(seats)
    .set({ annotatorId: null, shownOrder: null, guidelineVersionId: null, leaseExpiresAt: null })
    .where(
      and(
        eq(seats.annotatorId, input.userId),
        isNull(seats.judgementId),
        input.projectId === undefined ? undefined : eq(seats.projectId, input.projectId),
      ),
    );
}

export async function insertInvitation(
  db: Db,
  invitation: Omit<NewInvitationRow, "expiresAt"> & { days: number },
): Promise<{ id: string; expiresAt: Date }> {
  const { days, ...row } = invitation;
  const [made] = await db
    .insert(invitations)
    .values({ ...row, expiresAt: sql`now() + make_interval(days => ${days})` })
    .returning({ id: invitations.id, expiresAt: invitations.expiresAt });
  if (made === undefined) throw new Error("The invitation was not stored");
  return made;
}

/** Invitations of a project, newest first. */
export function selectInvitations(db: Db, projectId: string) {
  return db
    .select({
      id: invitations.id,
      role: invitations.role,
      email: invitations.email,
      maxUses: invitations.maxUses,
      uses: invitations.uses,
      expiresAt: invitations.expiresAt,
      revokedAt: invitations.revokedAt,
      createdBy: users.name,
      createdAt: invitations.createdAt,
    })
    .from(invitations)
    .leftJoin(users, eq(users.id, invitations.createdBy))
    .where(eq(invitations.projectId, projectId))
    .orderBy(desc(invitations.createdAt));
}

const withProject = { invitation: invitations, project: { id: projects.id, slug: projects.slug, name: projects.name } };

/** With its project; `lock` holds the row until the end of the transaction. */
export async function selectInvitationByHash(db: Db, tokenHash: string, options: { lock?: boolean } = {}) {
  const query = db
    .select(withProject)
    .from(invitations)
    .innerJoin(projects, eq(projects.id, invitations.projectId))
    .where(eq(invitations.tokenHash, tokenHash));
  const [row] = await (options.lock === true ? query.for("update", { of: invitations }) : query);
  return row ?? null;
}

export async function countInvitationUse(tx: Db, id: string): Promise<void> {
  await tx
    .update(invitations)
    .set({ uses: sql`${invitations.uses} + 1` })
    .where(eq(invitations.id, id));
}

/** Returns whether it was open until now. */
export async function revokeInvitationRow(db: Db, id: string): Promise<boolean> {
  const rows = await db
    .update(invitations)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(invitations.id, id), sql`${invitations.revokedAt} is null`))
    .returning({ id: invitations.id });
  return rows.length === 1;
}
