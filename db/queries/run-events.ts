/**
 * SQL on the events of runs. Sequence numbers are given under the run row's lock, so that their order
 * is the order of commits: a reader that has seen number n will never be shown a smaller one later.
 */
import { and, asc, eq, gt, lte, sql } from "drizzle-orm";
import type { RunEvent } from "../../domain/run";
import type { Db } from "../client";
import { runEvents, runs } from "../schema";

/** The channel of pg_notify; the payload is JSON `{runId, seq}`, seq the last one appended. */
export const RUN_EVENTS_CHANNEL = "run_events";

export type RunEventRow = typeof runEvents.$inferSelect;

/** Without what PostgreSQL cannot hold in text and jsonb: NUL and halves of surrogate pairs, which byte-level samples may have. */
export function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** A copy of `event` in which every string can be stored. */
function storableEvent(event: RunEvent): RunEvent {
  return JSON.parse(JSON.stringify(event, (_key, value: unknown) => (typeof value === "string" ? storableText(value) : value)));
}

/**
 * Appends to a run whose row the caller has locked in this transaction, and tells the listeners at commit.
 * Returns the last sequence number.
 */
export async function appendLockedEvents(
  tx: Db,
  run: { id: string; attempt: number; eventSeq: number },
  events: readonly RunEvent[],
): Promise<number> {
  const seq = run.eventSeq + events.length;
  if (events.length === 0) return seq;
  await tx
    .insert(runEvents)
    .values(events.map((event, i) => ({ runId: run.id, seq: run.eventSeq + i + 1, attempt: run.attempt, event: storableEvent(event) })));
  await tx.update(runs).set({ eventSeq: seq }).where(eq(runs.id, run.id));
  await tx.execute(sql`select pg_notify(${RUN_EVENTS_CHANNEL}, ${JSON.stringify({ runId: run.id, seq })})`);
  return seq;
}

/**
 * Appends what the holder of `attempt` has to tell, and moves the run's step and total where given.
 * Returns the last sequence number, or null when another worker has taken the run: the caller must stop.
 */
export async function appendRunEvents(
  db: Db,
  input: { runId: string; attempt: number; events: readonly RunEvent[]; step?: number; totalSteps?: number },
): Promise<{ seq: number } | null> {
  return db.transaction(async (tx) => {
    const [run] = await tx
      .select({ id: runs.id, attempt: runs.attempt, eventSeq: runs.eventSeq, state: runs.state })
      .from(runs)
      .where(eq(runs.id, input.runId))
      .for("update");
    if (run === undefined || run.attempt !== input.attempt || run.state !== "running") return null;
    await tx.update(runs).set({ heartbeatAt: sql`now()`, step: input.step, totalSteps: input.totalSteps }).where(eq(runs.id, run.id));
    return { seq: await appendLockedEvents(tx, run, input.events) };
  });
}

/** Events with a sequence number above `afterSeq`, in order, at most `limit`. */
export function readRunEvents(db: Db, runId: string, afterSeq: number, limit: number): Promise<RunEventRow[]> {
  return db
    .select()
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), gt(runEvents.seq, afterSeq)))
    .orderBy(asc(runEvents.seq))
    .limit(limit);
}

/** Metric events of a run up to `throughSeq`, in order: what an overlay of another run draws. */
export function selectMetricEvents(db: Db, runId: string, throughSeq = 2 ** 31 - 1): Promise<RunEventRow[]> {
  return db
    .select()
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), lte(runEvents.seq, throughSeq), sql`${runEvents.event}->>'kind' = 'metric'`))
    .orderBy(asc(runEvents.seq));
}
