/** Runs: start, follow, pause, resume, stop, retry, and what one will take. */
import { z } from "zod";
import { selectCheckpointsOfRun } from "../../db/queries/checkpoints";
import { selectMetricEvents } from "../../db/queries/run-events";
import { selectPastPaces } from "../../db/queries/run-inputs";
import {
  insertRun,
  type ListedRunRow,
  requestRun,
  selectListedRun,
  selectRuns,
  type TransitionResult,
  transitionRun,
} from "../../db/queries/runs";
import { selectScores } from "../../db/queries/scores";
import { selectBestValues, selectOpenTrials, selectTrials } from "../../db/queries/sweeps";
import { keyMetric } from "../../domain/metric-definitions";
import type { RunKind, RunState } from "../../domain/run";
import { estimateMemory, estimateSeconds, estimateSteps, estimateSweepSteps, sequencesPerStep } from "../../domain/run-estimate";
import { buildRunSeries, type SeriesPoint } from "../../domain/run-series";
import { plannedTrials, rankTrials } from "../../domain/sweep";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { checkRunInputs, type RunInput, runInputSchema } from "./run-inputs";

export const createRunSchema = runInputSchema.extend({
  name: z.string().trim().min(1, "Enter a name").max(120, "At most 120 characters"),
});
export type CreateRun = z.infer<typeof createRunSchema>;

/** Puts a run into the queue. Throws BAD_INPUT naming the field, NOT_FOUND for the project. */
export async function createRun(ctx: UserContext, input: CreateRun): Promise<{ id: string }> {
  await checkRunInputs(ctx, input);
  const { id } = await insertRun(ctx.db, { ...input, kind: input.config.kind, createdBy: ctx.user.id }, `Started by ${ctx.user.name}`);
  return { id };
}

/** How many past runs the time is estimated from. */
const PAST_RUNS = 10;

/** What a run will take: steps, seconds by past runs, peak bytes; each null where it cannot be known. */
export async function estimateRun(ctx: UserContext, input: RunInput) {
  const { work, base, model } = await checkRunInputs(ctx, input);
  const sweep = input.config.kind === "sweep" ? input.config : null;
  const config = sweep?.trial ?? input.config;
  const steps = sweep === null ? estimateSteps(config, work) : estimateSweepSteps(sweep, work);
  const kind = config.kind;
  const same = await selectPastPaces(ctx.db, { kind, baseCheckpointId: base.id, limit: PAST_RUNS });
  const past = same.length > 0 ? same : await selectPastPaces(ctx.db, { kind, baseCheckpointId: null, limit: PAST_RUNS });
  const paces = past.map((run) => ({ secondsPerStep: run.secondsPerStep, sequencesPerStep: sequencesPerStep(run.config, work) }));
  return {
    steps,
    trials: sweep === null ? null : plannedTrials(sweep),
    time: steps === null ? null : estimateSeconds(config, work, steps, paces),
    sameBase: same.length > 0,
    bytes: model === null ? null : estimateMemory(config, model.shape),
    parameters: model?.shape.parameters ?? null,
    work,
  };
}

/** Seconds left at the pace of the newest attempt; null when it is not running or has no pace yet. */
function etaSeconds({ state, step, totalSteps, pace }: ListedRunRow): number | null {
  if (state !== "running" || totalSteps === null || pace === null || !(pace.steps > 0)) return null;
  return Math.max(0, totalSteps - step) * (pace.seconds / pace.steps);
}

function toListed({ latestMetrics, pace, ...row }: ListedRunRow) {
  return { ...row, keyMetric: keyMetric(row.kind, latestMetrics), etaSeconds: etaSeconds({ latestMetrics, pace, ...row }) };
}

export type ListedRun = ReturnType<typeof toListed>;

/** Newest first. */
export async function listRuns(
  ctx: UserContext,
  filter: { projectId?: string; kinds?: readonly RunKind[]; states?: readonly RunState[]; sweepId?: string | null },
): Promise<ListedRun[]> {
  return (await selectRuns(ctx.db, filter)).map(toListed);
}

async function requireRun(ctx: UserContext, runId: string): Promise<ListedRunRow> {
  const row = await selectListedRun(ctx.db, runId);
  if (row === null) throw new AppError("NOT_FOUND", "There is no such run. It may have been deleted with its project.");
  return row;
}

/** A run with its checkpoints and scores. Throws NOT_FOUND. */
export async function getRun(ctx: UserContext, runId: string) {
  const row = await requireRun(ctx, runId);
  const [checkpoints, scores] = await Promise.all([selectCheckpointsOfRun(ctx.db, runId), selectScores(ctx.db, { runId })]);
  return { ...toListed(row), checkpoints, scores };
}

/** The curves of a run as stored now: for overlays. Throws NOT_FOUND. */
export async function getRunSeries(
  ctx: UserContext,
  runId: string,
): Promise<{ id: string; name: string; metrics: Record<string, SeriesPoint[]> }> {
  const { id, name } = await requireRun(ctx, runId);
  const { metrics } = buildRunSeries(await selectMetricEvents(ctx.db, runId));
  return { id, name, metrics: Object.fromEntries(metrics) };
}

/** Throws what a refused transition means for the person. */
function requireMoved(result: TransitionResult, what: string): { id: string; state: RunState; requested: "pause" | "cancel" | null } {
  if (result.ok) return { id: result.run.id, state: result.run.state, requested: result.run.requested };
  if (result.problem === "missing") throw new AppError("NOT_FOUND", "There is no such run");
  const now = result.problem === "not_allowed" ? ` It is ${result.state} now.` : "";
  throw new AppError("CONFLICT", `The run cannot be ${what}.${now} Nothing was changed.`);
}

/** At once for a queued run, after the current step for a running one; a sweep takes its open trials with it. */
export async function pauseRun(ctx: UserContext, runId: string) {
  return stopWith(ctx, runId, "pause");
}

/** Ends a run for good; its checkpoints stay. */
export async function cancelRun(ctx: UserContext, runId: string) {
  return stopWith(ctx, runId, "cancel");
}

async function stopWith(ctx: UserContext, runId: string, what: "pause" | "cancel") {
  const reason = `${what === "pause" ? "Pause" : "Stop"} asked for by ${ctx.user.name}`;
  const moved = requireMoved(await requestRun(ctx.db, { runId, what, reason }), what === "pause" ? "paused" : "stopped");
  // A trial that ended or was paused in the meantime needs nothing.
  for (const trial of await selectOpenTrials(ctx.db, runId))
    await requestRun(ctx.db, { runId: trial.id, what, reason: `${reason}, with its sweep` });
  return moved;
}

/** A paused run goes back into the queue and continues from its last checkpoint. */
export async function resumeRun(ctx: UserContext, runId: string) {
  const reason = `Resumed by ${ctx.user.name}`;
  const moved = requireMoved(await transitionRun(ctx.db, { runId, from: "paused", to: "queued", reason }), "resumed");
  for (const trial of await selectOpenTrials(ctx.db, runId))
    await transitionRun(ctx.db, { runId: trial.id, from: "paused", to: "queued", reason: `${reason}, with its sweep` });
  return moved;
}

/** The trials of a sweep with their settings and best values, best first. Throws NOT_FOUND. */
export async function listTrials(ctx: UserContext, runId: string) {
  const { config } = await requireRun(ctx, runId);
  if (config.kind !== "sweep") throw new AppError("NOT_FOUND", "This run is no sweep.");
  const trials = await selectTrials(ctx.db, { id: runId, config });
  const final = Math.max(0, ...trials.map(({ rung }) => rung));
  // The last rung had the most steps: its trials come first.
  const ranked = Array.from({ length: final + 1 }, (_, i) =>
    rankTrials(
      trials.filter(({ rung }) => rung === final - i),
      config.direction,
    ),
  ).flat();
  return ranked.map(({ id, setting, rung, value, step, run }) => ({
    id,
    setting,
    rung,
    value,
    bestStep: step,
    name: run.name,
    state: run.state,
    step: run.step,
    totalSteps: run.totalSteps,
  }));
}

/** Fine-tuning runs on the same rows, oldest first, with what they reached: what a choice of method, start or template is worth. */
export async function listSameData(ctx: UserContext, runId: string) {
  const run = await requireRun(ctx, runId);
  if (run.datasetVersionId === null) return [];
  const others = (await selectRuns(ctx.db, { projectId: run.projectId, kinds: [run.kind] }))
    .filter(({ datasetVersionId }) => datasetVersionId === run.datasetVersionId)
    .reverse();
  const best = new Map(
    (
      await selectBestValues(
        ctx.db,
        others.map(({ id }) => id),
        "loss/validation",
        "min",
      )
    ).map((row) => [row.runId, row]),
  );
  return others.map(({ id, name, state, config, baseCheckpointName, step }) => ({
    id,
    name,
    state,
    config,
    baseCheckpointName,
    step,
    best: best.get(id) ?? null,
  }));
}

/** A failed run goes back into the queue and continues from its last good checkpoint; a sweep with its failed trials. */
export async function retryRun(ctx: UserContext, runId: string) {
  const reason = `Retried by ${ctx.user.name}`;
  const moved = requireMoved(await transitionRun(ctx.db, { runId, from: "failed", to: "queued", reason }), "retried");
  for (const trial of await selectRuns(ctx.db, { sweepId: runId, states: ["failed"] }))
    await transitionRun(ctx.db, { runId: trial.id, from: "failed", to: "queued", reason: `${reason}, with its sweep` });
  return moved;
}
