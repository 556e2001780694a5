/** Members of a project and invitations to it: for its owners; accepting is for whoever is signed in and has the link. */
import { z } from "zod";
import { invitationTokenSchema, newInvitationSchema } from "../../domain/invitation";
import { projectRoleSchema } from "../../domain/project-role";
import { acceptInvitation, createInvitation, revokeInvitation } from "../services/invitation";
import * as members from "../services/member";
import { annotatorProcedure, projectProcedure, router } from "../trpc";

const memberSchema = z.strictObject({ projectId: z.uuid(), userId: z.uuid() });

export const memberRouter = router({
  list: projectProcedure("owner")
    .input(z.strictObject({ projectId: z.uuid() }))
    .query(({ ctx, input }) => members.listMembers(ctx, input)),
  change: projectProcedure("owner")
    .input(memberSchema.extend({ role: projectRoleSchema }))
    .mutation(({ ctx, input }) => members.changeMember(ctx, input)),
  remove: projectProcedure("owner")
    .input(memberSchema)
    .mutation(({ ctx, input }) => members.removeMember(ctx, input)),
  /** The link's token is in this answer and nowhere else. */
  invite: projectProcedure("owner")
    .input(newInvitationSchema)
    .mutation(({ ctx, input }) => createInvitation(ctx, input)),
  revoke: projectProcedure("owner")
    .input(z.strictObject({ invitationId: z.uuid() }))
    .mutation(({ ctx, input }) => revokeInvitation(ctx, input)),
  accept: annotatorProcedure
    .input(z.strictObject({ token: invitationTokenSchema }))
    .mutation(({ ctx, input }) => acceptInvitation(ctx, input)),
});
