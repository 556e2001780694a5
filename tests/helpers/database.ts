/**
 * A fresh, migrated database on a real PostgreSQL for each test file. The server is started by
 * vitest's global set-up, which sets HONE_TEST_DATABASE_URL to its maintenance database.
 */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import { createDb, type Db } from "../../db/client";

const MIGRATIONS = fileURLToPath(new URL("../../db/migrations", import.meta.url));

export type TestDatabase = { db: Db; url: string; close(): Promise<void> };

/** Makes a database of its own; `close` drops it. */
export async function createTestDb(): Promise<TestDatabase> {
  const server = process.env.HONE_TEST_DATABASE_URL;
  if (server === undefined) throw new Error("HONE_TEST_DATABASE_URL is not set: run through `npm test` or vitest.config.ts");
  const name = `hone_test_${randomBytes(8).toString("hex")}`;
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  await admin`create database ${admin(name)}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const migration = postgres(url.toString(), { max: 1, onnotice: () => undefined });
  await migrate(drizzle(migration), { migrationsFolder: MIGRATIONS });
  await migration.end();
  const connection = createDb(url.toString());
  return {
    db: connection.db,
    url: url.toString(),
    async close() {
      await connection.close();
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end();
    },
  };
}

/** One database for the tests of a file or describe block: `const db = withDatabase()`, then `db()`. */
export function withDatabase(): () => Db {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDb();
  });
  afterAll(async () => {
    await database?.close();
  });
  return () => {
    if (database === undefined) throw new Error("withDatabase: use it inside a test");
    return database.db;
  };
}
