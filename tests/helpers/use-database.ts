/** One database for the tests of a file or describe block: `const db = useDatabase()`, then `db()`. */
import { afterAll, beforeAll } from "vitest";
import type { Db } from "../../db/client";
import { createTestDb, type TestDb } from "./database";

export function useDatabase(): () => Db {
  let database: TestDb | undefined;
  beforeAll(async () => {
    database = await createTestDb();
  });
  afterAll(async () => {
    await database?.close();
  });
  return () => {
    if (database === undefined) throw new Error("useDatabase: call it inside a test");
    return database.db;
  };
}
