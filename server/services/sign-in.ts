/**
 * Signing in and signing up. Failed attempts are counted in the database, so all web replicas share
 * the limits: by e-mail address (a guesser may come from many machines) and by network address
 * (one machine may guess at many accounts).
 */
import type { Db } from "../../db/client";
import {
  countAction,
  countPeople,
  deleteOldRateLimits,
  deleteRateLimit,
  insertAccount,
  insertUser,
  lockUserPolicy,
  selectActionCount,
  selectUserByAccount,
  selectUserByEmail,
  selectUserById,
  type UserRow,
  updateUser,
} from "../../db/queries/users";
import { emailSchema, type Role, type SignUp, userNameSchema } from "../../domain/user";
import type { SessionUser } from "../context";
import { AppError } from "../errors";
import { hashPassword, passwordMark, verifyAgainstNobody, verifyPassword } from "../password";

export const SIGN_IN_WINDOW_SECONDS = 15 * 60;
export const MAX_FAILURES_PER_EMAIL = 10;
export const MAX_FAILURES_PER_ADDRESS = 50;
const MAX_SIGN_UPS_PER_ADDRESS = 10;

/** Who somebody is, as a session carries it. */
export type Identity = { id: string; name: string; role: Role; mark: string };

function identityOf(user: UserRow): Identity {
  return { id: user.id, name: user.name, role: user.role, mark: passwordMark(user.passwordHash) };
}

function tooManyAttempts(): AppError {
  return new AppError("RATE_LIMITED", "Too many attempts. Wait 15 minutes and try again.");
}

function signUpClosed(): AppError {
  return new AppError("FORBIDDEN", "Sign-up is closed here. Ask an admin of this installation for an account.");
}

/**
 * The identity for an e-mail address and password, or null when they do not belong together, the
 * account is disabled, or it has no password.
 *
 * @param address the caller's network address
 * @throws AppError RATE_LIMITED after too many failures
 */
export async function verifyCredentials(db: Db, input: { email: string; password: string; address: string }): Promise<Identity | null> {
  const email = emailSchema.safeParse(input.email);
  // Longer than any stored password: refused before it costs a hash.
  if (!email.success || input.password.length > 200) return null;
  const emailKey = `sign-in:email:${email.data}`;
  const addressKey = `sign-in:address:${input.address}`;
  if ((await selectActionCount(db, addressKey, SIGN_IN_WINDOW_SECONDS)) >= MAX_FAILURES_PER_ADDRESS) {
    throw tooManyAttempts();
  }
  // Counted before the check, so that attempts side by side cannot slip past the limit.
  if ((await countAction(db, emailKey, SIGN_IN_WINDOW_SECONDS)) > MAX_FAILURES_PER_EMAIL) throw tooManyAttempts();

  const user = await selectUserByEmail(db, email.data);
  const hash = user?.passwordHash ?? null;
  const right = hash === null ? await verifyAgainstNobody(input.password) : await verifyPassword(input.password, hash);
  if (!right || user === null || user.disabled || user.simulated) {
    const failures = await countAction(db, addressKey, SIGN_IN_WINDOW_SECONDS);
    // Once per window and address: guessing at made-up accounts must not fill the table.
    if (failures === 1) await deleteOldRateLimits(db);
    return null;
  }
  await deleteRateLimit(db, emailKey);
  return identityOf(user);
}

/**
 * The user of a session as the database has it now: null when disabled, gone, or when the password
 * has changed since the session began. So a demoted user loses access with the next request.
 */
export async function selectSessionUser(db: Db, session: { id: string; mark: string }): Promise<SessionUser | null> {
  const user = await selectUserById(db, session.id);
  if (user === null || user.disabled || passwordMark(user.passwordHash) !== session.mark) return null;
  return { id: user.id, role: user.role, name: user.name, simulated: user.simulated };
}

/** Who may make an account: the first person always, and becomes admin; others as annotators where allowed. */
async function createPerson(
  db: Db,
  person: { email: string; name: string; passwordHash: string | null },
  signUpAllowed: boolean,
): Promise<UserRow> {
  return db.transaction(async (tx) => {
    await lockUserPolicy(tx);
    const first = (await countPeople(tx)) === 0;
    if (!first && !signUpAllowed) throw signUpClosed();
    const user = await insertUser(tx, { ...person, role: first ? "admin" : "annotator" });
    if (user === null) throw new AppError("CONFLICT", "There is already an account with this e-mail address.");
    return user;
  });
}

/** Whether nobody has an account yet; whoever signs up first becomes the admin. */
export async function isFirstPerson(db: Db): Promise<boolean> {
  return (await countPeople(db)) === 0;
}

/** Whether a visitor may make an account now. */
export async function isSignUpOpen(db: Db, signUpAllowed: boolean): Promise<boolean> {
  return signUpAllowed || isFirstPerson(db);
}

/** Makes an account with a password. Who signs up is not signed in by it. */
export async function signUp(db: Db, input: SignUp & { address: string }, signUpAllowed: boolean): Promise<{ id: string; role: Role }> {
  const attempts = await countAction(db, `sign-up:address:${input.address}`, SIGN_IN_WINDOW_SECONDS);
  if (attempts > MAX_SIGN_UPS_PER_ADDRESS) throw tooManyAttempts();
  // Asked before the hash is paid for; createPerson asks again under its lock.
  if (!(await isSignUpOpen(db, signUpAllowed))) throw signUpClosed();
  const passwordHash = await hashPassword(input.password);
  const user = await createPerson(db, { email: input.email, name: input.name, passwordHash }, signUpAllowed);
  return { id: user.id, role: user.role };
}

/** What a provider says about who signed in there. */
export type ProviderProfile = {
  provider: string;
  providerAccountId: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
};

/**
 * The identity behind a provider's account: the linked user; else the user with the same verified
 * e-mail address, who is linked; else a new user where sign-up is allowed.
 *
 * Linking drops a password set before: whoever chose it never proved that the address was theirs,
 * and could otherwise wait for its owner with an account made in advance.
 *
 * @throws AppError FORBIDDEN without a verified address, for a disabled user, or where sign-up is closed
 */
export async function resolveProviderUser(db: Db, profile: ProviderProfile, signUpAllowed: boolean): Promise<Identity> {
  const linked = await selectUserByAccount(db, profile.provider, profile.providerAccountId);
  const user = linked ?? (await linkByEmail(db, profile, signUpAllowed));
  if (user.disabled || user.simulated) throw new AppError("FORBIDDEN", "This account is disabled. Ask an admin.");
  return identityOf(user);
}

async function linkByEmail(db: Db, profile: ProviderProfile, signUpAllowed: boolean): Promise<UserRow> {
  const email = emailSchema.safeParse(profile.email);
  if (!email.success || !profile.emailVerified) {
    throw new AppError("FORBIDDEN", "The provider did not confirm an e-mail address for this account.");
  }
  const name = userNameSchema.safeParse(profile.name);
  let user = await selectUserByEmail(db, email.data);
  if (user === null) {
    const person = { email: email.data, name: name.success ? name.data : email.data, passwordHash: null };
    user = await createPerson(db, person, signUpAllowed);
  } else if (user.passwordHash !== null && !user.disabled) {
    await updateUser(db, user.id, { passwordHash: null });
    user = { ...user, passwordHash: null };
  }
  if (!user.disabled) {
    const { provider, providerAccountId } = profile;
    await insertAccount(db, { provider, providerAccountId, userId: user.id });
  }
  return user;
}
