/** The connection to PostgreSQL: drizzle over postgres.js, with the schema. */
import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgDatabase } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import * as schema from "./schema";

/** A database handle; a transaction is one too. */
export type Db = PgDatabase<PostgresJsQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>;

export type DbConnection = { db: Db; sql: postgres.Sql; close(): Promise<void> };

/** Statements with more parameters are lists of ever other lengths, which are not worth keeping. */
const MOST_PARAMETERS = 40;

/**
 * Lets the server keep what it parsed and planned. Drizzle asks for that only where a query is named, and without it each
 * statement is parsed anew and costs a second way there and back.
 */
function keepStatements<T extends postgres.Sql | postgres.TransactionSql>(client: T): T {
  const { unsafe } = client;
  client.unsafe = ((query, parameters = [], options = {}) =>
    unsafe(query, parameters, { ...options, prepare: parameters.length <= MOST_PARAMETERS })) as typeof unsafe;
  for (const scope of ["begin", "savepoint"] as const) {
    const scopes = client as unknown as Record<typeof scope, ((...args: unknown[]) => unknown) | undefined>;
    const open = scopes[scope];
    if (open === undefined) continue;
    scopes[scope] = (...args) => {
      const run = args.pop() as (inner: postgres.TransactionSql) => unknown;
      return open(...args, (inner: postgres.TransactionSql) => run(keepStatements(inner)));
    };
  }
  return client;
}

/** Opens a pool on `url`; connections are made when first needed. */
export function createDb(url: string, options: { max?: number } = {}): DbConnection {
  const sql = keepStatements(postgres(url, { max: options.max ?? 10, onnotice: () => undefined }));
  return { db: drizzle(sql, { schema }), sql, close: () => sql.end({ timeout: 5 }) };
}
