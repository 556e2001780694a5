/** The web process's one database pool. */
import { createDb, type Db } from "../db/client";
import { env } from "./env";

/** On globalThis: pages, procedures and the proxy are bundled apart but share the process. */
const store = globalThis as typeof globalThis & { honeDb?: Db };

export function getDb(): Db {
  store.honeDb ??= createDb(env().databaseUrl).db;
  return store.honeDb;
}
