/** The connection to PostgreSQL: drizzle over postgres.js, with the schema. */
import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgDatabase } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import * as schema from "./schema";

/** A database handle; a transaction is one too. */
export type Db = PgDatabase<PostgresJsQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>;

export type DbConnection = { db: Db; sql: postgres.Sql; close(): Promise<void> };

/** Opens a pool on `url`; connections are made when first needed. */
export function createDb(url: string, options: { max?: number } = {}): DbConnection {
  const sql = postgres(url, { max: options.max ?? 10, onnotice: () => undefined });
  return { db: drizzle(sql, { schema }), sql, close: () => sql.end({ timeout: 5 }) };
}
