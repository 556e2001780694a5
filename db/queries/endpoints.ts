/** SQL on outside endpoints: their list, their settings, and the rate limits that all workers share. */
import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../client";
import { endpoints } from "../schema";

export type EndpointRow = typeof endpoints.$inferSelect;
export type NewEndpointRow = Pick<
  typeof endpoints.$inferInsert,
  "projectId" | "name" | "model" | "settings" | "sealedKey" | "keyEnd" | "allowPrivate" | "createdBy"
>;

/** Endpoints of a project and those of all projects, by name; removed ones are left out. */
export function selectEndpoints(db: Db, projectId: string): Promise<EndpointRow[]> {
  return db
    .select()
    .from(endpoints)
    .where(and(isNull(endpoints.removedAt), or(eq(endpoints.projectId, projectId), isNull(endpoints.projectId))))
    .orderBy(asc(endpoints.name), asc(endpoints.id));
}

/** Also one that was removed. */
export async function selectEndpoint(db: Db, id: string): Promise<EndpointRow | null> {
  const [row] = await db.select().from(endpoints).where(eq(endpoints.id, id));
  return row ?? null;
}

/** Null when the project, or all projects, have one of this name. */
export async function insertEndpoint(db: Db, endpoint: NewEndpointRow): Promise<EndpointRow | null> {
  const [row] = await db.insert(endpoints).values(endpoint).onConflictDoNothing().returning();
  return row ?? null;
}

/** Changes what is given. Returns whether it is there. */
export async function updateEndpoint(
  db: Db,
  id: string,
  change: Partial<Pick<EndpointRow, "settings" | "sealedKey" | "keyEnd" | "allowPrivate">>,
): Promise<boolean> {
  const rows = await db
    .update(endpoints)
    .set(change)
    .where(and(eq(endpoints.id, id), isNull(endpoints.removedAt)))
    .returning({ id: endpoints.id });
  return rows.length === 1;
}

/** Takes it from the lists and forgets its key. Returns whether it was there. */
export async function removeEndpoint(db: Db, id: string): Promise<boolean> {
  const rows = await db
    .update(endpoints)
    .set({ removedAt: sql`now()`, sealedKey: null, keyEnd: null })
    .where(and(eq(endpoints.id, id), isNull(endpoints.removedAt)))
    .returning({ id: endpoints.id });
  return rows.length === 1;
}

/**
 * Takes the next place in the endpoint's line and returns how long to wait for it, ms. Requests are spaced evenly, by the
 * database's clock, whichever worker sends them; `tokens` are those that the request may use.
 */
export async function reserveRequest(db: Db, endpoint: Pick<EndpointRow, "id" | "settings">, tokens: number): Promise<number> {
  const { requestsPerMinute, tokensPerMinute } = endpoint.settings;
  const requestSeconds = requestsPerMinute === null ? 0 : 60 / requestsPerMinute;
  const tokenSeconds = tokensPerMinute === null ? 0 : (60 * tokens) / tokensPerMinute;
  const [row] = await db
    .update(endpoints)
    .set({
      nextRequestAt: sql`greatest(${endpoints.nextRequestAt}, now()) + make_interval(secs => ${requestSeconds})`,
      nextTokenAt: sql`greatest(${endpoints.nextTokenAt}, now()) + make_interval(secs => ${tokenSeconds})`,
    })
    .where(eq(endpoints.id, endpoint.id))
    .returning({
      // Before what was just added: when this request may start.
      seconds: sql<number>`extract(epoch from greatest(${endpoints.nextRequestAt} - make_interval(secs => ${requestSeconds}), ${endpoints.nextTokenAt} - make_interval(secs => ${tokenSeconds})) - now())::float8`,
    });
  if (row === undefined) throw new Error(`Endpoint ${endpoint.id} does not exist`);
  return Math.max(0, row.seconds * 1000);
}

/** Gives back what a request reserved and did not use, or takes what it used beyond. */
export async function settleTokens(db: Db, endpoint: Pick<EndpointRow, "id" | "settings">, unused: number): Promise<void> {
  const { tokensPerMinute } = endpoint.settings;
  if (tokensPerMinute === null || unused === 0) return;
  await db
    .update(endpoints)
    .set({ nextTokenAt: sql`${endpoints.nextTokenAt} - make_interval(secs => ${(60 * unused) / tokensPerMinute})` })
    .where(eq(endpoints.id, endpoint.id));
}

/** No worker asks the endpoint again before `ms` have passed. */
export async function holdEndpoint(db: Db, id: string, ms: number): Promise<void> {
  await db
    .update(endpoints)
    .set({ nextRequestAt: sql`greatest(${endpoints.nextRequestAt}, now() + make_interval(secs => ${ms / 1000}))` })
    .where(eq(endpoints.id, id));
}

/** Endpoints that a project knows by this name, removed ones too. */
export function selectEndpointNames(
  db: Db,
  { projectId, name }: { projectId: string; name: string },
): Promise<Pick<EndpointRow, "id" | "model" | "removedAt">[]> {
  return db
    .select({ id: endpoints.id, model: endpoints.model, removedAt: endpoints.removedAt })
    .from(endpoints)
    .where(and(eq(endpoints.name, name), or(eq(endpoints.projectId, projectId), isNull(endpoints.projectId))));
}
