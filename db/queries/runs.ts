/**
 * SQL on runs: the queue that workers take from, heartbeats, and the states. All clocks are the
 * database's. Every claim raises `attempt`; whoever holds an older attempt is refused from then on.
 */
import { and, asc, desc, eq, getTableColumns, inArray, isNull, ne, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { RUN_TRANSITIONS, type RunConfig, type RunEvent, type RunKind, type RunState } from "../../domain/run";
import type { Db } from "../client";
import { checkpoints, endpoints, projects, runEvents, runs, workers } from "../schema";
import { appendLockedEvents } from "./run-events";
import { insertEvent } from "./webhooks";

export type RunRow = typeof runs.$inferSelect;
export type NewRun = Pick<
  typeof runs.$inferInsert,
  | "projectId"
  | "kind"
  | "name"
  | "config"
  | "baseCheckpointId"
  | "endpointId"
  | "rewardCheckpointId"
  | "datasetVersionId"
  | "roundId"
  | "sweepId"
  | "batchId"
  | "createdBy"
  | "totalSteps"
>;

/** Deaths of workers without a checkpoint in between after which a run counts as failed. */
const MAX_DEATHS = 3;

/** How the reason of such a state event ends; a worker that was stopped in good order is no death. */
const DIED = " died";

const FINISHED: readonly RunState[] = ["succeeded", "failed", "cancelled"];

/** A queued run with its first state event. */
export async function insertRun(db: Db, run: NewRun, reason = "Created"): Promise<RunRow> {
  return db.transaction(async (tx) => {
    const [row] = await tx
      .insert(runs)
      .values({ ...run, reason })
      .returning();
    if (row === undefined) throw new Error("The run was not inserted");
    const eventSeq = await appendLockedEvents(tx, row, [{ kind: "state", from: null, to: "queued", reason }]);
    return { ...row, eventSeq };
  });
}

async function lockRun(tx: Db, runId: string): Promise<RunRow | null> {
  const [row] = await tx.select().from(runs).where(eq(runs.id, runId)).for("update");
  return row ?? null;
}

/** Moves a locked run and records why. */
export async function moveRun(tx: Db, run: RunRow, to: RunState, reason: string): Promise<RunRow> {
  const finished = FINISHED.includes(to);
  const [moved] = await tx
    .update(runs)
    .set({
      state: to,
      reason,
      requested: null,
      heartbeatAt: to === "running" ? sql`now()` : null,
      finishedAt: finished ? sql`now()` : null,
    })
    .where(eq(runs.id, run.id))
    .returning();
  if (moved === undefined) throw new Error(`Run ${run.id} vanished under its lock`);
  const eventSeq = await appendLockedEvents(tx, moved, [{ kind: "state", from: run.state, to, reason }]);
  if (finished)
    await insertEvent(tx, { projectId: run.projectId, event: "run.finished", data: { run_id: run.id, kind: run.kind, state: to, reason } });
  return { ...moved, eventSeq };
}

/** Deaths since the newest checkpoint event. */
async function countDeaths(tx: Db, runId: string): Promise<number> {
  const [row] = await tx
    .select({ n: sql<number>`count(*)::int` })
    .from(runEvents)
    .where(
      and(
        eq(runEvents.runId, runId),
        sql`${runEvents.event}->>'kind' = 'state' and ${runEvents.event}->>'from' = 'running' and ${runEvents.event}->>'reason' like ${`%${DIED}`}`,
        sql`${runEvents.seq} > coalesce((select max(e.seq) from run_events e where e.run_id = ${runId} and e.event->>'kind' = 'checkpoint'), 0)`,
      ),
    );
  return row?.n ?? 0;
}

/** Puts a run whose worker went silent back into the queue, or ends it where that was asked for or is no use. */
async function releaseDeadRun(tx: Db, run: RunRow): Promise<RunRow> {
  const [worker] = run.workerId === null ? [] : await tx.select().from(workers).where(eq(workers.id, run.workerId));
  const died = `worker ${worker?.name ?? "unknown"}${DIED}`;
  if (run.requested === "cancel") return moveRun(tx, run, "cancelled", `Stopped as asked; ${died} before it could`);
  if (run.requested === "pause") return moveRun(tx, run, "paused", `Paused as asked; ${died} before it could`);
  const queued = await moveRun(tx, run, "queued", died);
  const deaths = await countDeaths(tx, run.id);
  if (deaths < MAX_DEATHS) return queued;
  return moveRun(
    tx,
    queued,
    "failed",
    `${deaths} workers in a row died on it without a checkpoint in between; the last was ${worker?.name ?? "unknown"}`,
  );
}

/**
 * Takes the oldest queued run, or one whose worker has been silent for `staleAfterMs`, for `workerId`.
 * Two workers never get the same one. Null when there is nothing to do.
 */
export async function claimRun(db: Db, input: { workerId: string; staleAfterMs: number }): Promise<RunRow | null> {
  return db.transaction(async (tx) => {
    const [worker] = await tx.select().from(workers).where(eq(workers.id, input.workerId));
    if (worker === undefined) throw new Error(`Worker ${input.workerId} is not registered`);
    const stale = sql`${runs.heartbeatAt} < now() - make_interval(secs => ${input.staleAfterMs / 1000})`;
    while (true) {
      const [found] = await tx
        .select()
        .from(runs)
        // A sweep is no work for a worker: its trials are.
        .where(and(ne(runs.kind, "sweep"), or(eq(runs.state, "queued"), and(eq(runs.state, "running"), stale))))
        .orderBy(asc(runs.createdAt), asc(runs.id))
        .limit(1)
        .for("update", { skipLocked: true });
      if (found === undefined) return null;
      const run = found.state === "running" ? await releaseDeadRun(tx, found) : found;
      if (run.state !== "queued") continue;
      const [saved] = await tx
        .select({ step: sql<number>`coalesce(max(${checkpoints.step}), 0)::int` })
        .from(checkpoints)
        .where(eq(checkpoints.runId, run.id));
      const step = saved?.step ?? 0;
      const [taken] = await tx
        .update(runs)
        .set({ attempt: run.attempt + 1, workerId: worker.id, step, startedAt: run.startedAt ?? sql`now()` })
        .where(eq(runs.id, run.id))
        .returning();
      if (taken === undefined) throw new Error(`Run ${run.id} vanished under its lock`);
      const reason =
        found.state === "running"
          ? `${run.reason}; worker ${worker.name} took over from step ${step}`
          : `Worker ${worker.name} took it${step > 0 ? `, from step ${step}` : ""}`;
      return moveRun(tx, { ...taken, state: "queued" }, "running", reason);
    }
  });
}

/**
 * Says that the holder of `attempt` is alive, and hears what was asked of it.
 * Null when the run is no longer its own: it must stop at once and write nothing more.
 */
export async function heartbeatRun(
  db: Db,
  input: { runId: string; attempt: number },
): Promise<{ requested: "pause" | "cancel" | null } | null> {
  const [row] = await db
    .update(runs)
    .set({ heartbeatAt: sql`now()` })
    .where(and(eq(runs.id, input.runId), eq(runs.attempt, input.attempt), eq(runs.state, "running")))
    .returning({ requested: runs.requested });
  return row ?? null;
}

export type TransitionResult =
  | { ok: true; run: RunRow }
  | { ok: false; problem: "missing" | "fenced" }
  | { ok: false; problem: "not_allowed"; state: RunState };

/**
 * Moves a run along RUN_TRANSITIONS and records the reason. With `attempt`, only for its holder; with
 * `from`, only out of that state. `events` are appended before the state event, in the same transaction.
 */
export async function transitionRun(
  db: Db,
  input: { runId: string; attempt?: number; from?: RunState; to: RunState; reason: string; events?: readonly RunEvent[] },
): Promise<TransitionResult> {
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, input.runId);
    if (run === null) return { ok: false, problem: "missing" };
    if (input.attempt !== undefined && input.attempt !== run.attempt) return { ok: false, problem: "fenced" };
    const allowed = RUN_TRANSITIONS[run.state].includes(input.to) && (input.from === undefined || input.from === run.state);
    if (!allowed) return { ok: false, problem: "not_allowed", state: run.state };
    const eventSeq = await appendLockedEvents(tx, run, input.events ?? []);
    return { ok: true, run: await moveRun(tx, { ...run, eventSeq }, input.to, input.reason) };
  });
}

/**
 * Asks for a pause or a cancel: at once where no worker holds the run, else at the worker's next step.
 * A cancel overrides a pause that was asked before.
 */
export async function requestRun(db: Db, input: { runId: string; what: "pause" | "cancel"; reason: string }): Promise<TransitionResult> {
  return db.transaction(async (tx) => {
    const run = await lockRun(tx, input.runId);
    if (run === null) return { ok: false, problem: "missing" };
    const to: RunState = input.what === "pause" ? "paused" : "cancelled";
    if (!RUN_TRANSITIONS[run.state].includes(to)) return { ok: false, problem: "not_allowed", state: run.state };
    if (run.state !== "running" || run.kind === "sweep") return { ok: true, run: await moveRun(tx, run, to, input.reason) };
    if (run.requested === input.what || run.requested === "cancel") return { ok: true, run };
    const [asked] = await tx.update(runs).set({ requested: input.what }).where(eq(runs.id, run.id)).returning();
    if (asked === undefined) throw new Error(`Run ${run.id} vanished under its lock`);
    const eventSeq = await appendLockedEvents(tx, asked, [
      { kind: "log", level: "info", message: `${input.reason}; the worker will do so after its step` },
    ]);
    return { ok: true, run: { ...asked, eventSeq } };
  });
}

export async function selectRun(db: Db, runId: string): Promise<RunRow | null> {
  const [row] = await db.select().from(runs).where(eq(runs.id, runId));
  return row ?? null;
}

const baseCheckpoint = alias(checkpoints, "base_checkpoint");
const rewardCheckpoint = alias(checkpoints, "reward_checkpoint");

const listColumns = {
  ...getTableColumns(runs),
  projectName: projects.name,
  workerName: workers.name,
  baseCheckpointName: baseCheckpoint.name,
  endpointName: endpoints.name,
  rewardCheckpointName: rewardCheckpoint.name,
  /** The newest value of each metric among the last 60 metric events. */
  latestMetrics: sql<Record<string, number> | null>`(
    select jsonb_object_agg(kv.key, kv.value order by e.seq)
    from (select seq, event from run_events where run_id = ${runs.id} and event->>'kind' = 'metric' order by seq desc limit 60) e,
      jsonb_each(e.event->'values') kv)`,
  /** Seconds since the start by the database's clock. */
  runningSeconds: sql<number | null>`extract(epoch from coalesce(${runs.finishedAt}, now()) - ${runs.startedAt})::float8`,
  /** Steps and seconds between the first and the last metric event of the newest attempt. */
  pace: sql<{ steps: number; seconds: number } | null>`(
    select json_build_object(
      'steps', max((e.event->>'step')::int) - min((e.event->>'step')::int),
      'seconds', extract(epoch from max(e.created_at) - min(e.created_at)))
    from run_events e where e.run_id = ${runs.id} and e.attempt = ${runs.attempt} and e.event->>'kind' = 'metric')`,
};

function selectListed(db: Db) {
  return db
    .select(listColumns)
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .leftJoin(workers, eq(workers.id, runs.workerId))
    .leftJoin(endpoints, eq(endpoints.id, runs.endpointId))
    .leftJoin(baseCheckpoint, eq(baseCheckpoint.id, runs.baseCheckpointId))
    .leftJoin(rewardCheckpoint, eq(rewardCheckpoint.id, runs.rewardCheckpointId));
}

export type ListedRunRow = Awaited<ReturnType<typeof selectListed>>[number];

/** Newest first; each filter narrows; `sweepId` null leaves trials of sweeps out. */
export function selectRuns(
  db: Db,
  filter: {
    projectId?: string;
    projectIds?: readonly string[];
    kinds?: readonly RunKind[];
    states?: readonly RunState[];
    roundId?: string;
    sweepId?: string | null;
    limit?: number;
  } = {},
): Promise<ListedRunRow[]> {
  return selectListed(db)
    .where(
      and(
        filter.projectId === undefined ? undefined : eq(runs.projectId, filter.projectId),
        filter.projectIds === undefined ? undefined : inArray(runs.projectId, [...filter.projectIds]),
        filter.roundId === undefined ? undefined : eq(runs.roundId, filter.roundId),
        filter.sweepId === undefined ? undefined : filter.sweepId === null ? isNull(runs.sweepId) : eq(runs.sweepId, filter.sweepId),
        filter.kinds === undefined ? undefined : inArray(runs.kind, [...filter.kinds]),
        filter.states === undefined ? undefined : inArray(runs.state, [...filter.states]),
      ),
    )
    .orderBy(desc(runs.createdAt), desc(runs.id))
    .limit(filter.limit ?? 200);
}

export async function selectListedRun(db: Db, runId: string): Promise<ListedRunRow | null> {
  const [row] = await selectListed(db).where(eq(runs.id, runId));
  return row ?? null;
}

/** Replaces the config of a run that no worker holds. Returns whether it did. */
export async function setRunConfig(db: Db, runId: string, config: RunConfig): Promise<boolean> {
  const rows = await db
    .update(runs)
    .set({ config })
    .where(and(eq(runs.id, runId), ne(runs.state, "running")))
    .returning({ id: runs.id });
  return rows.length === 1;
}

/** Puts the hub's commits that a benchmark run reads into its config. Returns false where another worker has the run. */
export async function pinRunRevisions(db: Db, input: { runId: string; attempt: number; revisions: string[] }): Promise<boolean> {
  const rows = await db
    .update(runs)
    .set({ config: sql`jsonb_set(${runs.config}, '{revisions}', ${JSON.stringify(input.revisions)}::jsonb)` })
    .where(and(eq(runs.id, input.runId), eq(runs.attempt, input.attempt)))
    .returning({ id: runs.id });
  return rows.length === 1;
}

/** The sample runs of a batch with what each samples from, oldest first. */
export function selectBatchRuns(db: Db, batchId: string) {
  return db
    .select({
      id: runs.id,
      state: runs.state,
      step: runs.step,
      totalSteps: runs.totalSteps,
      checkpointId: runs.baseCheckpointId,
      checkpointName: baseCheckpoint.name,
      endpointName: endpoints.name,
    })
    .from(runs)
    .leftJoin(endpoints, eq(endpoints.id, runs.endpointId))
    .leftJoin(baseCheckpoint, eq(baseCheckpoint.id, runs.baseCheckpointId))
    .where(eq(runs.batchId, batchId))
    .orderBy(asc(runs.createdAt), asc(runs.id));
}

/** Name and state of runs, in no order. */
export function selectRunStates(db: Db, ids: readonly string[]) {
  return ids.length === 0
    ? Promise.resolve([])
    : db
        .select({ id: runs.id, name: runs.name, state: runs.state, step: runs.step, totalSteps: runs.totalSteps })
        .from(runs)
        .where(inArray(runs.id, [...ids]));
}
