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
import { recordAction } from "../audit";
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
  const passwordHash = await hashPassword(password);
  return ctx.db.transaction(async (tx) => {
    const user = await insertUser(tx, { ...input, passwordHash });
    if (user === null) throw new AppError("CONFLICT", `There is already an account for ${input.email}.`);
    await recordAction(tx, ctx.user.id, {
      action: "user.created",
      projectId: null,
      kind: "user",
      id: user.id,
      details: { after: { role: user.role } },
    });
    return { id: user.id, password };
  });
}

/** Somebody with an account. Throws NOT_FOUND, and BAD_INPUT for simulated annotators and deleted people. */
export async function getPerson(db: Db, userId: string): Promise<UserRow> {
  const user = await selectUserById(db, userId);
  if (user === null) throw new AppError("NOT_FOUND", "There is no such user.");
  if (user.simulated) throw new AppError("BAD_INPUT", "Simulated annotators have no account to change.");
  if (user.deletedAt !== null) throw new AppError("BAD_INPUT", "This person was deleted; nothing is left to change.");
  return user;
}

/** Refuses to take the last admin's rights away; call inside a transaction that holds the policy lock. */
export async function keepOneAdmin(tx: Db, user: Pick<UserRow, "role" | "disabled">): Promise<void> {
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
    const details = { before: { role: user.role }, after: { role: input.role } };
    await recordAction(tx, ctx.user.id, { action: "user.role", projectId: null, kind: "user", id: user.id, details });
  });
}

/** A disabled user keeps all judgements and loses access with the next request. */
export async function setUserDisabled(ctx: UserContext, input: { userId: string; disabled: boolean }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockUserPolicy(tx);
    const user = await getPerson(tx, input.userId);
    if (input.disabled) await keepOneAdmin(tx, user);
    await updateUser(tx, user.id, { disabled: input.disabled });
    await recordAction(tx, ctx.user.id, {
      action: input.disabled ? "user.disabled" : "user.enabled",
      projectId: null,
      kind: "user",
      id: user.id,
    });
  });
}

/** Gives a new password, returned this once; sessions of the old one end. */
export async function resetUserPassword(ctx: UserContext, input: { userId: string }): Promise<{ password: string }> {
  const user = await getPerson(ctx.db, input.userId);
  const password = generatePassword();
  await setPassword(ctx, user.id, password);
  return { password };
}

/** Changes the caller's own password; all sessions end, this one too. */
export async function changeOwnPassword(ctx: UserContext, input: { current: string; password: string }): Promise<void> {
  const user = await getPerson(ctx.db, ctx.user.id);
  if (user.passwordHash === null) {
    throw new AppError("CONFLICT", "This account signs in through a provider and has no password.");
  }
  await checkOwnPassword(ctx, { ...user, passwordHash: user.passwordHash }, { field: "current", password: input.current });
  await setPassword(ctx, user.id, input.password);
}

/** Throws BAD_INPUT at `field` for a wrong password, RATE_LIMITED after too many. */
export async function checkOwnPassword(
  ctx: UserContext,
  user: { id: string; passwordHash: string },
  given: { field: string; password: string },
): Promise<void> {
  if ((await countAction(ctx.db, `password:${user.id}`, 15 * 60)) > 10) {
    throw new AppError("RATE_LIMITED", "Too many attempts. Wait 15 minutes and try again.");
  }
  if (!(await verifyPassword(given.password, user.passwordHash))) throw fieldError(given.field, "The current password is not right");
}

async function setPassword(ctx: UserContext, userId: string, password: string): Promise<void> {
  const passwordHash = await hashPassword(password);
  await ctx.db.transaction(async (tx) => {
    await updateUser(tx, userId, { passwordHash });
    await recordAction(tx, ctx.user.id, { action: "user.password", projectId: null, kind: "user", id: userId });
  });
}
