/** What admins do with accounts, and what people do with their own. At least one admin always remains. */
import type { Db } from "../../db/client";
import {
  countAction,
  countActivePeople,
  insertUser,
  lockUserPolicy,
  selectUserById,
  selectUsers,
  type UserRow,
  updateUser,
} from "../../db/queries/users";
import type { NewUserInput, Role } from "../../domain/user";
import type { UserContext } from "../context";
import { AppError, fieldError } from "../errors";
import { generatePassword, hashPassword, verifyPassword } from "../password";

/** Everybody, without password hashes. */
export function listUsers(ctx: UserContext) {
  return selectUsers(ctx.db);
}

export type ListedUser = Awaited<ReturnType<typeof listUsers>>[number];

/** A new account with a generated password, which is returned this once and stored only as a hash. */
export async function createUser(ctx: UserContext, input: NewUserInput): Promise<{ id: string; password: string }> {
  const password = generatePassword();
  const user = await insertUser(ctx.db, { ...input, passwordHash: await hashPassword(password) });
  if (user === null) throw new AppError("CONFLICT", `There is already an account for ${input.email}.`);
  return { id: user.id, password };
}

async function getPerson(db: Db, userId: string): Promise<UserRow> {
  const user = await selectUserById(db, userId);
  if (user === null) throw new AppError("NOT_FOUND", "There is no such user.");
  if (user.simulated) throw new AppError("BAD_INPUT", "Simulated annotators have no account to change.");
  return user;
}

/** Refuses to take the last admin's rights away; call inside a transaction that holds the policy lock. */
async function keepOneAdmin(tx: Db, user: UserRow): Promise<void> {
  if (user.role !== "admin" || user.disabled) return;
  if ((await countActivePeople(tx, "admin")) <= 1) {
    throw new AppError("CONFLICT", "This is the only admin. Make somebody else an admin first.");
  }
}

export async function changeUserRole(ctx: UserContext, input: { userId: string; role: Role }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockUserPolicy(tx);
    const user = await getPerson(tx, input.userId);
    if (input.role !== "admin") await keepOneAdmin(tx, user);
    await updateUser(tx, user.id, { role: input.role });
  });
}

/** A disabled user keeps all judgements and loses access with the next request. */
export async function setUserDisabled(ctx: UserContext, input: { userId: string; disabled: boolean }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockUserPolicy(tx);
    const user = await getPerson(tx, input.userId);
    if (input.disabled) await keepOneAdmin(tx, user);
    await updateUser(tx, user.id, { disabled: input.disabled });
  });
}

/** Gives a new password, returned this once; sessions of the old one end. */
export async function resetUserPassword(ctx: UserContext, input: { userId: string }): Promise<{ password: string }> {
  const user = await getPerson(ctx.db, input.userId);
  const password = generatePassword();
  await updateUser(ctx.db, user.id, { passwordHash: await hashPassword(password) });
  return { password };
}

/** Changes the caller's own password; all sessions end, this one too. */
export async function changeOwnPassword(ctx: UserContext, input: { current: string; password: string }): Promise<void> {
  const user = await getPerson(ctx.db, ctx.user.id);
  if (user.passwordHash === null) {
    throw new AppError("CONFLICT", "This account signs in through a provider and has no password.");
  }
  if ((await countAction(ctx.db, `password:${user.id}`, 15 * 60)) > 10) {
    throw new AppError("RATE_LIMITED", "Too many attempts. Wait 15 minutes and try again.");
  }
  if (!(await verifyPassword(input.current, user.passwordHash))) {
    throw fieldError("current", "The current password is not right");
  }
  await updateUser(ctx.db, user.id, { passwordHash: await hashPassword(input.password) });
}
