/** SQL behind the pages that visitors see first. */
import { eq, inArray, sql } from "drizzle-orm";
import type { Db } from "../client";
import { projects, users } from "../schema";

/** Whether anybody may read a leaderboard here. */
export async function selectHasPublishedProject(db: Db): Promise<boolean> {
  const rows = await db.select({ id: projects.id }).from(projects).where(eq(projects.published, true)).limit(1);
  return rows.length > 0;
}

export async function selectHasDemoProject(db: Db): Promise<boolean> {
  const rows = await db.select({ id: projects.id }).from(projects).where(eq(projects.demo, true)).limit(1);
  return rows.length > 0;
}

/** Those of `emails` that can sign in with a password, with its hash. */
export async function selectPasswordHashes(db: Db, emails: readonly string[]): Promise<{ email: string; passwordHash: string }[]> {
  const rows = await db
    .select({ email: users.email, passwordHash: users.passwordHash, disabled: users.disabled })
    .from(users)
    .where(inArray(users.email, [...emails]));
  return rows.flatMap(({ email, passwordHash, disabled }) => (passwordHash === null || disabled ? [] : [{ email, passwordHash }]));
}

/** Throws when the database does not answer. */
export async function selectNothing(db: Db): Promise<void> {
  await db.execute(sql`select 1`);
}
