/** A fresh, migrated database of its own for each test file (or test) that asks. */
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { createDb, type DbConnection } from "../../db/client";
import { onDatabase } from "./database-url";

export type TestDb = DbConnection & { url: string };

async function onServer(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Clones the migrated template; `close` ends the connections and drops the database. */
export async function createTestDb(): Promise<TestDb> {
  const server = inject("databaseServer");
  const name = `hone_test_${randomBytes(6).toString("hex")}`;
  await onServer(server.url, `create database ${name} template ${server.template}`);
  const url = onDatabase(server.url, name);
  const connection = createDb(url);
  return {
    ...connection,
    url,
    close: async () => {
      await connection.close();
      await onServer(server.url, `drop database ${name} with (force)`);
    },
  };
}

/** Runs `work` on a database that exists only meanwhile. */
export async function withDatabase<T>(work: (database: TestDb) => Promise<T>): Promise<T> {
  const database = await createTestDb();
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
