/** Queries whose SQL is built once, for what every judgement needs: drizzle takes as long to build one as PostgreSQL to answer it. */
import type { Db } from "./client";

type Preparable = { prepare(name: string): { execute(values?: Record<string, unknown>): Promise<unknown> } };
type Prepared<Q extends Preparable> = ReturnType<Q["prepare"]>;

/**
 * `build` makes the query with `sql.placeholder(name)` where values differ; the function that is returned runs it with `values`, on
 * the handle that it is given, a transaction too. A null for a jsonb column would be JSON's null, so such values have to be written out.
 */
export function prepared<Q extends Preparable>(build: (db: Db) => Q) {
  let query: Prepared<Q> | undefined;
  return (db: Db, values: Record<string, unknown>): ReturnType<Prepared<Q>["execute"]> => {
    query ??= build(db).prepare("") as Prepared<Q>;
    // Drizzle binds a prepared query to the handle that it was made with.
    const { client } = (db as unknown as { session: { client: unknown } }).session;
    const own: Prepared<Q> = Object.create(query, { client: { value: client } });
    return own.execute(values) as ReturnType<Prepared<Q>["execute"]>;
  };
}
