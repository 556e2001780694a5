/** Invitations by link: made by owners, shown once, kept as a hash, used by whoever has the link and an account. */
import { createHash, randomBytes } from "node:crypto";
import type { Db } from "../../db/client";
import {
  countInvitationUse,
  insertInvitation,
  revokeInvitationRow,
  selectInvitationByHash,
  selectMember,
  upsertMember,
} from "../../db/queries/members";
import { selectUserById } from "../../db/queries/users";
import { INVITATION_PROBLEMS, type InvitationState, invitationState, type NewInvitation } from "../../domain/invitation";
import { type ProjectRole, projectRoleAtLeast } from "../../domain/project-role";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const hashToken = (token: string) => createHash("sha256").update(token).digest("hex");

/** The token is returned this once. */
export async function createInvitation(ctx: UserContext, input: NewInvitation): Promise<{ id: string; token: string; expiresAt: Date }> {
  const { projectId, role, email, maxUses, days } = input;
  await requireProject(ctx, { project: projectId }, "owner");
  const token = randomBytes(32).toString("base64url");
  return ctx.db.transaction(async (tx) => {
    const { id, expiresAt } = await insertInvitation(tx, {
      projectId,
      role,
      email,
      maxUses,
      days,
      tokenHash: hashToken(token),
      createdBy: ctx.user.id,
    });
    const details = { after: { role, maxUses, days, forOneAddress: email !== null } };
    await recordAction(tx, ctx.user.id, { action: "invitation.made", projectId, kind: "invitation", id, details });
    return { id, token, expiresAt };
  });
}

/** Who joined by it stays. */
export async function revokeInvitation(ctx: UserContext, input: { invitationId: string }): Promise<{ revoked: true }> {
  const { projectId } = await requireProject(ctx, { invitation: input.invitationId }, "owner");
  return ctx.db.transaction(async (tx) => {
    if (!(await revokeInvitationRow(tx, input.invitationId))) throw new AppError("CONFLICT", "This invitation was revoked already.");
    await recordAction(tx, ctx.user.id, { action: "invitation.revoked", projectId, kind: "invitation", id: input.invitationId });
    return { revoked: true };
  });
}

export type InvitationPreview = { state: InvitationState; project: string; role: ProjectRole; forOneAddress: boolean };

/** What the holder of a link is told before they join; null for a link that never was one. */
export async function previewInvitation(db: Db, token: string): Promise<InvitationPreview | null> {
  const found = await selectInvitationByHash(db, hashToken(token));
  if (found === null) return null;
  const { invitation, project } = found;
  return {
    state: invitationState(invitation, new Date()),
    project: project.name,
    role: invitation.role,
    forOneAddress: invitation.email !== null,
  };
}

/** Whether an invitation lets somebody with this address make an account, also where sign-up is closed. */
export async function admitsSignUp(db: Db, token: string, email: string): Promise<boolean> {
  const found = await selectInvitationByHash(db, hashToken(token));
  if (found === null || invitationState(found.invitation, new Date()) !== "open") return false;
  return found.invitation.email === null || found.invitation.email === email;
}

/**
 * Makes the caller a member. Who has the role or a greater one already stays as they are and uses nothing up.
 * Throws NOT_FOUND, GONE for what is revoked, expired or used up, FORBIDDEN for another address.
 */
export async function acceptInvitation(
  ctx: UserContext,
  input: { token: string },
): Promise<{ projectId: string; slug: string; role: ProjectRole }> {
  return ctx.db.transaction(async (tx) => {
    const found = await selectInvitationByHash(tx, hashToken(input.token), { lock: true });
    if (found === null) throw new AppError("NOT_FOUND", "There is no such invitation. Check that the whole link was copied.");
    const { invitation, project } = found;
    const userId = ctx.user.id;
    const where = { projectId: project.id, slug: project.slug };
    const before = await selectMember(tx, { projectId: project.id, userId });
    if (before !== null && projectRoleAtLeast(before.role, invitation.role)) return { ...where, role: before.role };
    const state = invitationState(invitation, new Date());
    if (state !== "open") throw new AppError("GONE", INVITATION_PROBLEMS[state]);
    if (invitation.email !== null && (await selectUserById(tx, userId))?.email !== invitation.email) {
      throw new AppError("FORBIDDEN", "This invitation is for another e-mail address. Sign in with the account it was sent to.");
    }
    const { role } = invitation;
    await upsertMember(tx, { projectId: project.id, userId, role });
    await countInvitationUse(tx, invitation.id);
    await recordAction(tx, userId, {
      action: "member.joined",
      projectId: project.id,
      kind: "user",
      id: userId,
      details: { after: { role }, invitation: invitation.id },
    });
    return { ...where, role };
  });
}
