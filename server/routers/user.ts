/** Accounts: an admin's view of all of them, and everybody's own. */
import { z } from "zod";
import { invitationTokenSchema } from "../../domain/invitation";
import { newUserSchema, passwordSchema, roleSchema, signUpSchema } from "../../domain/user";
import { env } from "../env";
import * as people from "../services/person";
import { signUp } from "../services/sign-in";
import * as users from "../services/user";
import { adminProcedure, annotatorProcedure, publicProcedure, router } from "../trpc";

const userId = z.uuid();
/** What becomes of votes that are in no dataset version. */
const votes = z.enum(["keep", "withdraw"]);

export const userRouter = router({
  /** Who is signed in; null for a visitor. */
  me: publicProcedure.query(({ ctx }) => ctx.user),

  /** Refused where sign-up is closed and no invitation opens it; the first person of an installation becomes its admin. */
  signUp: publicProcedure
    .input(signUpSchema.extend({ invitation: invitationTokenSchema.optional() }))
    .mutation(({ ctx, input }) => signUp(ctx.db, { ...input, address: ctx.address ?? "unknown" }, env().auth.signUp)),

  changePassword: annotatorProcedure
    .input(z.strictObject({ current: z.string().min(1).max(200), password: passwordSchema }))
    .mutation(({ ctx, input }) => users.changeOwnPassword(ctx, input)),

  /** The caller's own account. The download of own data is at app/api/account. */
  account: annotatorProcedure.query(({ ctx }) => people.getAccount(ctx)),

  /** Confirmed by the password or, without one, by the e-mail address. */
  deleteOwn: annotatorProcedure
    .input(z.strictObject({ confirmation: z.string().min(1, "Needed to be sure that it is you").max(254), votes }))
    .mutation(({ ctx, input }) => people.deleteOwnAccount(ctx, input)),

  delete: adminProcedure.input(z.strictObject({ userId, votes })).mutation(({ ctx, input }) => people.deleteUser(ctx, input)),

  votes: adminProcedure.input(z.strictObject({ userId })).query(({ ctx, input }) => people.getVotesOf(ctx, input)),

  list: adminProcedure.query(({ ctx }) => users.listUsers(ctx)),

  create: adminProcedure.input(newUserSchema).mutation(({ ctx, input }) => users.createUser(ctx, input)),

  changeRole: adminProcedure
    .input(z.strictObject({ userId, role: roleSchema }))
    .mutation(({ ctx, input }) => users.changeUserRole(ctx, input)),

  setDisabled: adminProcedure
    .input(z.strictObject({ userId, disabled: z.boolean() }))
    .mutation(({ ctx, input }) => users.setUserDisabled(ctx, input)),

  resetPassword: adminProcedure.input(z.strictObject({ userId })).mutation(({ ctx, input }) => users.resetUserPassword(ctx, input)),
});
