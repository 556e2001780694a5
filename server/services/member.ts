/** Members of a project: who they are, their roles, and taking them out. An owned project keeps an owner. */
import { countOwners, deleteMember, selectInvitations, selectMember, selectMembers, upsertMember } from "../../db/queries/members";
import type { Db } from "../../db/client";
import { lockProject } from "../../db/queries/projects";
import { invitationState } from "../../domain/invitation";
import type { ProjectRole } from "../../domain/project-role";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";

/** Members and invitations. */
export async function listMembers(ctx: UserContext, input: { projectId: string }) {
  const { projectId } = await requireProject(ctx, { project: input.projectId }, "owner");
  const now = new Date();
  return {
    members: await selectMembers(ctx.db, projectId),
    invitations: (await selectInvitations(ctx.db, projectId)).map((invitation) => ({
      ...invitation,
      state: invitationState(invitation, now),
    })),
  };
}

export type ListedMember = Awaited<ReturnType<typeof listMembers>>["members"][number];
export type ListedInvitation = Awaited<ReturnType<typeof listMembers>>["invitations"][number];

async function requireMember(tx: Db, input: { projectId: string; userId: string }) {
  // Changes of one project's members take turns, so that two owners cannot take each other out.
  await lockProject(tx, input.projectId);
  const member = await selectMember(tx, input);
  if (member === null) throw new AppError("NOT_FOUND", "This person is no member of the project.");
  return member;
}

async function keepOneOwner(tx: Db, member: { projectId: string; role: ProjectRole }): Promise<void> {
  if (member.role === "owner" && (await countOwners(tx, member.projectId)) <= 1) {
    throw new AppError("CONFLICT", "This is the only owner of the project. Make somebody else an owner first.");
  }
}

export async function changeMember(
  ctx: UserContext,
  input: { projectId: string; userId: string; role: ProjectRole },
): Promise<{ changed: true }> {
  const { projectId, userId, role } = input;
  await requireProject(ctx, { project: projectId }, "owner");
  return ctx.db.transaction(async (tx) => {
    const member = await requireMember(tx, input);
    if (role !== "owner") await keepOneOwner(tx, member);
    await upsertMember(tx, { projectId, userId, role });
    await recordAction(tx, ctx.user.id, {
      action: "member.changed",
      projectId,
      kind: "user",
      id: userId,
      details: { before: { role: member.role }, after: { role } },
    });
    return { changed: true };
  });
}

/** Their votes stay; what they hold goes back into the queue. */
export async function removeMember(ctx: UserContext, input: { projectId: string; userId: string }): Promise<{ removed: true }> {
  const { projectId, userId } = input;
  await requireProject(ctx, { project: projectId }, "owner");
  return ctx.db.transaction(async (tx) => {
    const member = await requireMember(tx, input);
    await keepOneOwner(tx, member);
    await deleteMember(tx, input);
    await recordAction(tx, ctx.user.id, {
      action: "member.removed",
      projectId,
      kind: "user",
      id: userId,
      details: { before: { role: member.role } },
    });
    return { removed: true };
  });
}
