/**
 * SQL on sweeps: their trials with what they reached, and the step that starts the next of them. Any worker may take
 * that step, one at a time under the sweep's lock; the trials themselves are ordinary runs in the queue.
 */
import { and, asc, eq, inArray, notInArray, sql } from "drizzle-orm";
import { describeSetting, nextRung, plannedTrials, rungSteps, settingOf, type Trial, trialConfig } from "../../domain/sweep";
import { type RunState, type SweepConfig, trialConfigSchema } from "../../domain/run";
import type { Db } from "../client";
import { runEvents, runs } from "../schema";
import { appendLockedEvents } from "./run-events";
import { insertRun, moveRun, type RunRow } from "./runs";

const FINISHED: RunState[] = ["succeeded", "failed", "cancelled"];

/** Best value of a metric of each of some runs, and the step it was at; runs that never reported it are left out. */
export function selectBestValues(
  db: Db,
  runIds: readonly string[],
  metric: string,
  direction: "min" | "max",
): Promise<{ runId: string; value: number; step: number }[]> {
  if (runIds.length === 0) return Promise.resolve([]);
  const value = sql<number>`(${runEvents.event}->'values'->>${metric})::float8`;
  return db
    .selectDistinctOn([runEvents.runId], { runId: runEvents.runId, value, step: sql<number>`(${runEvents.event}->>'step')::int` })
    .from(runEvents)
    .where(
      and(
        inArray(runEvents.runId, [...runIds]),
        sql`${runEvents.event}->>'kind' = 'metric'`,
        sql`${runEvents.event}->'values' ? ${metric}`,
      ),
    )
    .orderBy(asc(runEvents.runId), direction === "min" ? sql`2 asc` : sql`2 desc`, asc(runEvents.seq));
}

/** Runs of a sweep in the order they were made, with their settings and best values. */
export async function selectTrials(
  db: Db,
  sweep: { id: string; config: SweepConfig },
): Promise<(Trial & { run: RunRow; step: number | null })[]> {
  const rows = await db.select().from(runs).where(eq(runs.sweepId, sweep.id)).orderBy(asc(runs.createdAt), asc(runs.name));
  const best = new Map(
    (
      await selectBestValues(
        db,
        rows.map(({ id }) => id),
        sweep.config.metric,
        sweep.config.direction,
      )
    ).map((row) => [row.runId, row]),
  );
  return rows.flatMap((run) => {
    const { config } = run;
    const trial = trialConfigSchema.safeParse(config);
    if (!trial.success) return [];
    return [
      {
        id: run.id,
        ...settingOf(sweep.config, trial.data),
        value: best.get(run.id)?.value ?? null,
        step: best.get(run.id)?.step ?? null,
        run,
      },
    ];
  });
}

/** Takes every sweep whose trials have all ended one step further: more trials, or its end. */
export async function advanceSweeps(db: Db): Promise<void> {
  const open = await db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.kind, "sweep"), inArray(runs.state, ["queued", "running"])));
  for (const { id } of open) await db.transaction((tx) => advanceSweep(tx, id));
}

async function advanceSweep(tx: Db, id: string): Promise<void> {
  const [locked] = await tx
    .select()
    .from(runs)
    .where(and(eq(runs.id, id), inArray(runs.state, ["queued", "running"])))
    .for("update", { skipLocked: true });
  if (locked === undefined || locked.config.kind !== "sweep") return;
  const { config } = locked;
  const trials = await selectTrials(tx, { id, config });
  const ended = trials.filter(({ run }) => FINISHED.includes(run.state)).length;
  let sweep = locked;
  if (sweep.step !== ended || sweep.totalSteps === null) {
    [sweep = locked] = await tx
      .update(runs)
      .set({ step: ended, totalSteps: plannedTrials(config), startedAt: sweep.startedAt ?? sql`now()` })
      .where(eq(runs.id, id))
      .returning();
  }
  if (sweep.state === "queued")
    sweep = await moveRun(tx, sweep, "running", trials.length === 0 ? "Its trials are in the queue" : "Its trials go on");
  if (ended < trials.length) return;
  const next = nextRung(config, trials);
  if (next.kind === "done") {
    if (next.best === null) await moveRun(tx, sweep, "failed", `No trial reported ${config.metric}`);
    else
      await moveRun(
        tx,
        sweep,
        "succeeded",
        `Best: ${describeSetting(next.best.setting)}, with ${config.metric} ${next.best.value?.toPrecision(4)}`,
      );
    return;
  }
  const { rung, settings } = next;
  for (const [i, setting] of settings.entries()) {
    const name = `${sweep.name} ${trials.length + i + 1}: ${describeSetting(setting)}`.slice(0, 120);
    const { projectId, baseCheckpointId, rewardCheckpointId, datasetVersionId, createdBy } = sweep;
    await insertRun(
      tx,
      {
        projectId,
        baseCheckpointId,
        rewardCheckpointId,
        datasetVersionId,
        createdBy,
        sweepId: id,
        kind: config.trial.kind,
        name,
        config: trialConfig(config, setting, rung),
      },
      `Trial of ${sweep.name}`,
    );
  }
  const message =
    config.strategy === "halving"
      ? `Rung ${rung + 1}: ${settings.length} trials of ${rungSteps(config, rung)} steps`
      : `${settings.length} trials`;
  await appendLockedEvents(tx, sweep, [{ kind: "log", level: "info", message }]);
}

/** Trials of a sweep that have not ended. */
export function selectOpenTrials(db: Db, sweepId: string): Promise<{ id: string; state: RunState }[]> {
  return db
    .select({ id: runs.id, state: runs.state })
    .from(runs)
    .where(and(eq(runs.sweepId, sweepId), notInArray(runs.state, FINISHED)));
}
