/** Brings a database to the current schema. Any number of processes may call it at once. */
import { fileURLToPath } from "node:url";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";

const MIGRATIONS = fileURLToPath(new URL("./migrations", import.meta.url));

/** Any number will do, as long as every Hone process uses the same. */
const LOCK = 4_663_001;

/**
 * Runs the migrations that are missing, one process at a time (advisory lock).
 * @throws what PostgreSQL says when it cannot be reached or a migration fails; nothing of that migration is kept then.
 */
export async function migrateDatabase(url: string): Promise<void> {
  // One connection: the lock belongs to a session.
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await sql`select pg_advisory_lock(${LOCK})`;
    await migrate(drizzle(sql), { migrationsFolder: MIGRATIONS });
    await sql`select pg_advisory_unlock(${LOCK})`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
