/** SQL on the requests of runs to endpoints: what is done, what failed and why, what it cost. */
import { and, asc, eq, isNotNull, sql } from "drizzle-orm";
import type { Message } from "../../domain/prompt";
import type { Db } from "../client";
import { endpointRequests, prompts, runs } from "../schema";

export type EndpointRequestRow = typeof endpointRequests.$inferSelect;
export type NewEndpointRequest = Omit<typeof endpointRequests.$inferInsert, "runId" | "createdAt">;

const isFailed = and(isNotNull(endpointRequests.error), eq(endpointRequests.reopened, false));

/**
 * Records a finished request of the holder of `attempt`, with what `store` keeps of its answer, all or nothing; moves the
 * run's step, never back: requests that end together may be recorded in either order. False when another worker has taken
 * the run: the caller must stop.
 */
export async function recordRequest(
  db: Db,
  input: { runId: string; attempt: number; step: number; request: NewEndpointRequest },
  store: (tx: Db) => Promise<Pick<NewEndpointRequest, "completionId">> = async () => ({}),
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [run] = await tx.select({ attempt: runs.attempt, state: runs.state }).from(runs).where(eq(runs.id, input.runId)).for("update");
    if (run === undefined || run.attempt !== input.attempt || run.state !== "running") return false;
    const kept = await store(tx);
    const added = (column: "tries" | "input_tokens" | "output_tokens" | "cost") =>
      sql.raw(`endpoint_requests.${column} + excluded.${column}`);
    await tx
      .insert(endpointRequests)
      .values({ ...input.request, ...kept, runId: input.runId })
      .onConflictDoUpdate({
        target: [endpointRequests.runId, endpointRequests.key],
        set: {
          error: sql`excluded.error`,
          completionId: sql`excluded.completion_id`,
          reopened: false,
          createdAt: sql`now()`,
          tries: added("tries"),
          inputTokens: added("input_tokens"),
          outputTokens: added("output_tokens"),
          cost: added("cost"),
        },
      });
    await tx
      .update(runs)
      .set({ heartbeatAt: sql`now()`, step: sql`greatest(${runs.step}, ${input.step})` })
      .where(eq(runs.id, input.runId));
    return true;
  });
}

/** Keys of the requests that are done, failed ones too. */
export async function selectRequestKeys(db: Db, runId: string): Promise<Set<string>> {
  const rows = await db
    .select({ key: endpointRequests.key })
    .from(endpointRequests)
    .where(and(eq(endpointRequests.runId, runId), eq(endpointRequests.reopened, false)));
  return new Set(rows.map(({ key }) => key));
}

export type RequestTotals = { answered: number; failed: number; inputTokens: number; outputTokens: number; cost: number };

export async function selectRequestTotals(db: Db, runId: string): Promise<RequestTotals> {
  const sum = (column: typeof endpointRequests.inputTokens | typeof endpointRequests.outputTokens | typeof endpointRequests.cost) =>
    sql<number>`coalesce(sum(${column}), 0)::float8`;
  const [row] = await db
    .select({
      answered: sql<number>`(count(*) filter (where ${endpointRequests.error} is null))::int`,
      failed: sql<number>`(count(*) filter (where ${isFailed}))::int`,
      inputTokens: sum(endpointRequests.inputTokens),
      outputTokens: sum(endpointRequests.outputTokens),
      cost: sum(endpointRequests.cost),
    })
    .from(endpointRequests)
    .where(eq(endpointRequests.runId, runId));
  return row ?? { answered: 0, failed: 0, inputTokens: 0, outputTokens: 0, cost: 0 };
}

/** Requests without an answer, oldest first. */
export function selectFailedRequests(
  db: Db,
  runId: string,
  limit: number,
): Promise<{ key: string; promptId: string; messages: Message[]; error: string | null; tries: number; createdAt: Date }[]> {
  return db
    .select({
      key: endpointRequests.key,
      promptId: endpointRequests.promptId,
      messages: prompts.messages,
      error: endpointRequests.error,
      tries: endpointRequests.tries,
      createdAt: endpointRequests.createdAt,
    })
    .from(endpointRequests)
    .innerJoin(prompts, eq(prompts.id, endpointRequests.promptId))
    .where(and(eq(endpointRequests.runId, runId), isFailed))
    .orderBy(asc(endpointRequests.createdAt), asc(endpointRequests.key))
    .limit(limit);
}

/** Has failed requests asked again when the run goes on; what they cost stays counted. Returns how many. */
export async function reopenFailedRequests(db: Db, runId: string): Promise<number> {
  const rows = await db
    .update(endpointRequests)
    .set({ reopened: true })
    .where(and(eq(endpointRequests.runId, runId), isFailed))
    .returning({ key: endpointRequests.key });
  return rows.length;
}
