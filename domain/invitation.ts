/** Invitations by link: what is asked of the one who makes it, and whether it can be used. */
import { z } from "zod";
import { projectRoleSchema } from "./project-role";
import { emailSchema } from "./user";

export const newInvitationSchema = z.strictObject({
  projectId: z.uuid(),
  role: projectRoleSchema,
  /** Only an account with this address may accept; null for whoever has the link. */
  email: emailSchema.nullable(),
  maxUses: z.number().int().min(1, "At least 1").max(1000, "At most 1000"),
  days: z.number().int().min(1, "At least 1 day").max(365, "At most 365 days"),
});
export type NewInvitation = z.infer<typeof newInvitationSchema>;

/** 32 random bytes in base64url. */
export const invitationTokenSchema = z.string().regex(/^[\w-]{43}$/, "This is no invitation");

export type InvitationState = "open" | "revoked" | "expired" | "used_up";

export const INVITATION_PROBLEMS: Readonly<Record<Exclude<InvitationState, "open">, string>> = {
  revoked: "This invitation was taken back. Ask whoever sent it for a new one.",
  expired: "This invitation has expired. Ask whoever sent it for a new one.",
  used_up: "This invitation was used as often as it may be. Ask whoever sent it for a new one.",
};

export function invitationState(
  invitation: { revokedAt: Date | null; expiresAt: Date; uses: number; maxUses: number },
  now: Date,
): InvitationState {
  if (invitation.revokedAt !== null) return "revoked";
  if (invitation.expiresAt <= now) return "expired";
  return invitation.uses >= invitation.maxUses ? "used_up" : "open";
}

/** The token in "/invite/<token>", where a path leads there. */
export function tokenOfPath(path: string): string | null {
  const token = /^\/invite\/([^/?#]+)/.exec(path)?.[1];
  return invitationTokenSchema.safeParse(token).success ? (token ?? null) : null;
}
