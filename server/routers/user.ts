/** Accounts: an admin's view of all of them, and everybody's own. */
import { z } from "zod";
import { newUserSchema, passwordSchema, roleSchema, signUpSchema } from "../../domain/user";
import { env } from "../env";
import { signUp } from "../services/sign-in";
import * as users from "../services/user";
import { adminProcedure, annotatorProcedure, publicProcedure, router } from "../trpc";

const userId = z.uuid();

export const userRouter = router({
  /** Who is signed in; null for a visitor. */
  me: publicProcedure.query(({ ctx }) => ctx.user),

  /** Refused where sign-up is closed; the first person of an installation becomes its admin. */
  signUp: publicProcedure
    .input(signUpSchema)
    .mutation(({ ctx, input }) => signUp(ctx.db, { ...input, address: ctx.address ?? "unknown" }, env().auth.signUp)),

  changePassword: annotatorProcedure
    .input(z.strictObject({ current: z.string().min(1).max(200), password: passwordSchema }))
    .mutation(({ ctx, input }) => users.changeOwnPassword(ctx, input)),

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
