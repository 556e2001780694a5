/** What visitors find before they sign in. */
import type { Db } from "../../db/client";
import { selectHasDemoProject, selectHasPublishedProject, selectNothing, selectPasswordHashes } from "../../db/queries/front-door";
import { DEMO_ACCOUNTS, DEMO_PASSWORD, type DemoAccount } from "../../domain/demo-accounts";
import { verifyPassword } from "../password";

/** Throws when the database does not answer. */
export function checkDatabase(db: Db): Promise<void> {
  return selectNothing(db);
}

/** Whether a leaderboard can be read without an account. */
export function hasPublishedLeaderboard(db: Db): Promise<boolean> {
  return selectHasPublishedProject(db);
}

/** A check costs a third of a second and its answer only changes with the hash: remembered by hash. */
const stillDemo = new Map<string, Promise<boolean>>();

function hasDemoPassword(hash: string): Promise<boolean> {
  let known = stillDemo.get(hash);
  if (known === undefined) {
    known = verifyPassword(DEMO_PASSWORD, hash);
    stillDemo.set(hash, known);
  }
  return known;
}

/** The demo accounts that can be used right now: demo installed, not disabled, password not changed. */
export async function listDemoAccounts(db: Db): Promise<DemoAccount[]> {
  if (!(await selectHasDemoProject(db))) return [];
  const hashes = await selectPasswordHashes(
    db,
    DEMO_ACCOUNTS.map((account) => account.email),
  );
  const usable = new Set<string>();
  for (const { email, passwordHash } of hashes) if (await hasDemoPassword(passwordHash)) usable.add(email);
  return DEMO_ACCOUNTS.filter((account) => usable.has(account.email));
}
