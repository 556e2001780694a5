/** SQL on tokens of programs: found by their hash, with the person whose they are as the database has them now. */
import { and, desc, eq, gt, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../client";
import { apiTokens, projects, rateLimits, users } from "../schema";

export type ApiTokenRow = typeof apiTokens.$inferSelect;
export type NewApiTokenRow = typeof apiTokens.$inferInsert;

const shown = {
  id: apiTokens.id,
  name: apiTokens.name,
  prefix: apiTokens.prefix,
  scopes: apiTokens.scopes,
  projectId: apiTokens.projectId,
  projectName: projects.name,
  expiresAt: apiTokens.expiresAt,
  expired: sql<boolean>`coalesce(${apiTokens.expiresAt} <= now(), false)`,
  lastUsedAt: apiTokens.lastUsedAt,
  revokedAt: apiTokens.revokedAt,
  createdAt: apiTokens.createdAt,
};

export async function insertApiToken(db: Db, row: NewApiTokenRow): Promise<ApiTokenRow> {
  const [made] = await db.insert(apiTokens).values(row).returning();
  if (made === undefined) throw new Error("The token was not stored");
  return made;
}

/** Tokens of a person, newest first; revoked ones too. */
export function selectApiTokens(db: Db, userId: string) {
  return db
    .select(shown)
    .from(apiTokens)
    .leftJoin(projects, eq(projects.id, apiTokens.projectId))
    .where(eq(apiTokens.userId, userId))
    .orderBy(desc(apiTokens.createdAt), desc(apiTokens.id));
}

/** Tokens of a person that work now. */
export async function countLiveTokens(db: Db, userId: string): Promise<number> {
  return db.$count(
    apiTokens,
    and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt), or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`))),
  );
}

/** Returns whether the person had such a token that was not revoked yet. */
export async function revokeApiToken(db: Db, input: { tokenId: string; userId: string }): Promise<boolean> {
  const rows = await db
    .update(apiTokens)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiTokens.id, input.tokenId), eq(apiTokens.userId, input.userId), isNull(apiTokens.revokedAt)))
    .returning({ id: apiTokens.id });
  return rows.length === 1;
}

/** The token of this hash with its person, whatever their standing; null where there is none. */
export async function selectTokenHolder(db: Db, hash: string) {
  const [row] = await db
    .select({
      ...shown,
      /** Used within the hour: not worth a write. */
      usedLately: sql<boolean>`coalesce(${apiTokens.lastUsedAt} > now() - interval '1 hour', false)`,
      user: { id: users.id, role: users.role, name: users.name, simulated: users.simulated, disabled: users.disabled },
    })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .leftJoin(projects, eq(projects.id, apiTokens.projectId))
    .where(eq(apiTokens.hash, hash));
  return row ?? null;
}

export async function touchApiToken(db: Db, tokenId: string): Promise<void> {
  await db.update(apiTokens).set({ lastUsedAt: sql`now()` }).where(eq(apiTokens.id, tokenId));
}

/** Whole seconds until the running window of `key` ends, at least 1. */
export async function selectSecondsLeft(db: Db, key: string, windowSeconds: number): Promise<number> {
  const [row] = await db
    .select({ seconds: sql<number>`ceil(${windowSeconds} - extract(epoch from now() - ${rateLimits.windowStartedAt}))::int` })
    .from(rateLimits)
    .where(eq(rateLimits.key, key));
  return Math.max(1, row?.seconds ?? 1);
}
