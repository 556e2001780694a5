/** SQL on users, their provider accounts and the shared rate limits. */
import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Role } from "../../domain/user";
import type { Db } from "../client";
import { prepared } from "../prepared";
import { accounts, rateLimits, users } from "../schema";

export type UserRow = typeof users.$inferSelect;
export type NewUser = typeof users.$inferInsert;

const publicColumns = {
  id: users.id,
  email: users.email,
  name: users.name,
  role: users.role,
  simulated: users.simulated,
  disabled: users.disabled,
  deleted: sql<boolean>`${users.deletedAt} is not null`,
  hasPassword: sql<boolean>`${users.passwordHash} is not null`,
  /** Ids of the providers this user has signed in with. */
  providers: sql<string[]>`array(select ${accounts.provider} from ${accounts} where ${accounts.userId} = ${users.id} order by 1)`,
  createdAt: users.createdAt,
};

/** Everybody, people before simulated annotators, then by name; without password hashes. */
export function selectUsers(db: Db) {
  return db.select(publicColumns).from(users).orderBy(asc(users.simulated), asc(users.name), asc(users.email));
}

const userById = prepared((db) =>
  db
    .select()
    .from(users)
    .where(eq(users.id, sql.placeholder("id"))),
);

export async function selectUserById(db: Db, id: string): Promise<UserRow | null> {
  const [row] = await userById(db, { id });
  return row ?? null;
}

/** E-mail addresses are stored in lower case. */
export async function selectUserByEmail(db: Db, email: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.email, email));
  return row ?? null;
}

export async function selectUserByAccount(db: Db, provider: string, providerAccountId: string): Promise<UserRow | null> {
  const [row] = await db
    .select({ user: users })
    .from(accounts)
    .innerJoin(users, eq(users.id, accounts.userId))
    .where(and(eq(accounts.provider, provider), eq(accounts.providerAccountId, providerAccountId)));
  return row?.user ?? null;
}

/** Returns null when the e-mail address is taken. */
export async function insertUser(db: Db, user: NewUser): Promise<UserRow | null> {
  const [row] = await db.insert(users).values(user).onConflictDoNothing({ target: users.email }).returning();
  return row ?? null;
}

export async function insertAccount(db: Db, account: { provider: string; providerAccountId: string; userId: string }): Promise<void> {
  await db.insert(accounts).values(account).onConflictDoNothing();
}

/** Returns whether there was such a user. */
export async function updateUser(
  db: Db,
  id: string,
  change: Partial<Pick<NewUser, "name" | "role" | "disabled" | "passwordHash">>,
): Promise<boolean> {
  const rows = await db.update(users).set(change).where(eq(users.id, id)).returning({ id: users.id });
  return rows.length === 1;
}

/** People who can sign in with `role`; simulated annotators are not people. */
export async function countActivePeople(db: Db, role?: Role): Promise<number> {
  const [row] = await db
    .select({ n: count() })
    .from(users)
    .where(and(eq(users.simulated, false), eq(users.disabled, false), role === undefined ? undefined : eq(users.role, role)));
  return row?.n ?? 0;
}

/** All people ever added, disabled and deleted ones too. */
export async function countPeople(db: Db): Promise<number> {
  const [row] = await db.select({ n: count() }).from(users).where(eq(users.simulated, false));
  return row?.n ?? 0;
}

/**
 * Makes concurrent first sign-ups and role changes take turns until the end of the transaction.
 * 0x686f6e65 is "hone"; the second key names this lock.
 */
export async function lockUserPolicy(tx: Db): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(1752133221, 1)`);
}

/** Counts one action under `key` in a window of `windowSeconds` and returns the count in this window. */
export async function countAction(db: Db, key: string, windowSeconds: number): Promise<number> {
  const expired = sql`${rateLimits.windowStartedAt} < now() - make_interval(secs => ${windowSeconds})`;
  const [row] = await db
    .insert(rateLimits)
    .values({ key, count: 1, windowStartedAt: sql`now()` })
    .onConflictDoUpdate({
      target: rateLimits.key,
      set: {
        count: sql`case when ${expired} then 1 else ${rateLimits.count} + 1 end`,
        windowStartedAt: sql`case when ${expired} then now() else ${rateLimits.windowStartedAt} end`,
      },
    })
    .returning({ count: rateLimits.count });
  return row?.count ?? 1;
}

/** Forgets the counted actions of `key`. */
export async function deleteRateLimit(db: Db, key: string): Promise<void> {
  await db.delete(rateLimits).where(eq(rateLimits.key, key));
}

/** Forgets windows that began more than a day ago; every limit's window is shorter. */
export async function deleteOldRateLimits(db: Db): Promise<void> {
  await db.delete(rateLimits).where(sql`${rateLimits.windowStartedAt} < now() - interval '1 day'`);
}

/** Counted actions under `key` in the running window; 0 when none or over. */
export async function selectActionCount(db: Db, key: string, windowSeconds: number): Promise<number> {
  const [row] = await db
    .select({ count: rateLimits.count })
    .from(rateLimits)
    .where(and(eq(rateLimits.key, key), sql`${rateLimits.windowStartedAt} >= now() - make_interval(secs => ${windowSeconds})`));
  return row?.count ?? 0;
}
