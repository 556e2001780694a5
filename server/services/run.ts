/** Runs: start, follow, pause, resume, stop, retry, and what one will take. */
import { z } from "zod";
import type { Db } from "../../db/client";
import { selectCheckpointsOfRun } from "../../db/queries/checkpoints";
import { selectEndpoint } from "../../db/queries/endpoints";
import { selectMetricEvents } from "../../db/queries/run-events";
import { selectCompletionShare, selectPastPaces } from "../../db/queries/run-inputs";
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
import { selectPromptsOfSplit } from "../../db/queries/training-data";
import { selectBestValues, selectOpenTrials, selectTrials } from "../../db/queries/sweeps";
import { costOf, reserveUsage } from "../../domain/endpoint";
import { selectLargestWorker } from "../../db/queries/workers";
import { keyMetric } from "../../domain/metric-definitions";
import type { RunKind, RunState } from "../../domain/run";
import { estimateSeconds, estimateSteps, estimateSweepSteps, sequencesPerStep } from "../../domain/run-estimate";
import { estimateMemory } from "../../domain/memory-estimate";
import { buildRunSeries, type SeriesPoint } from "../../domain/run-series";
import { plannedTrials, rankTrials } from "../../domain/sweep";
import type { AuditAction } from "../../domain/audit";
import { listProjectsWith, requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { WORKER_SILENT_SECONDS } from "./worker";
import { checkRunInputs, type RunInput, runInputSchema } from "./run-inputs";

export const createRunSchema = runInputSchema.extend({
  name: z.string().trim().min(1, "Enter a name").max(120, "At most 120 characters"),
});
export type CreateRun = z.infer<typeof createRunSchema>;

/** Puts a run into the queue. Throws BAD_INPUT naming the field, NOT_FOUND for the project. */
export async function createRun(ctx: UserContext, input: CreateRun): Promise<{ id: string }> {
  await checkRunInputs(ctx, input);
  return ctx.db.transaction(async (tx) => {
    const { id } = await insertRun(tx, { ...input, kind: input.config.kind, createdBy: ctx.user.id }, `Started by ${ctx.user.name}`);
    await recordAction(tx, ctx.user.id, {
      action: "run.started",
      projectId: input.projectId,
      kind: "run",
      id,
      details: { kind: input.config.kind },
    });
    return { id };
  });
}

/** How many past runs the time is estimated from. */
const PAST_RUNS = 10;

/**
 * What a run will take: steps, seconds by past runs, memory at the peak; each null where it cannot be known. `room` is the
 * memory of the living worker that has most, null without one.
 */
export async function estimateRun(ctx: UserContext, input: RunInput) {
  const { work, base, model } = await checkRunInputs(ctx, input);
  const sweep = input.config.kind === "sweep" ? input.config : null;
  const config = sweep?.trial ?? input.config;
  const steps = sweep === null ? estimateSteps(config, work) : estimateSweepSteps(sweep, work);
  const kind = config.kind;
  // How long an endpoint takes, no other run says.
  const same = base === null ? [] : await selectPastPaces(ctx.db, { kind, baseCheckpointId: base.id, limit: PAST_RUNS });
  const past = same.length > 0 || base === null ? same : await selectPastPaces(ctx.db, { kind, baseCheckpointId: null, limit: PAST_RUNS });
  const completionShare = input.datasetVersionId === null ? null : await selectCompletionShare(ctx.db, input.datasetVersionId);
  const paces = past.map((run) => ({ secondsPerStep: run.secondsPerStep, sequencesPerStep: sequencesPerStep(run.config, work) }));
  return {
    steps,
    trials: sweep === null ? null : plannedTrials(sweep),
    time: steps === null ? null : estimateSeconds(config, work, steps, paces),
    sameBase: same.length > 0,
    /** Of an endpoint's run: what it costs at most, US dollars. */
    cost: await estimateCost(ctx, input, steps),
    memory: model === null ? null : estimateMemory(config, model.shape, completionShare === null ? undefined : { completionShare }),
    room: await selectLargestWorker(ctx.db, WORKER_SILENT_SECONDS),
    parameters: model?.shape.parameters ?? null,
    work,
  };
}

const LONGEST_PROMPTS = 200;

/** What the completions cost at most, each as long as allowed, by the lengths of the first prompts; null without an endpoint. */
async function estimateCost(
  ctx: UserContext,
  { projectId, endpointId = null, config }: RunInput,
  steps: number | null,
): Promise<number | null> {
  if (endpointId === null || config.kind !== "sample" || steps === null) return null;
  const endpoint = await selectEndpoint(ctx.db, endpointId);
  const prompts = await selectPromptsOfSplit(ctx.db, projectId, config.split, LONGEST_PROMPTS);
  if (endpoint === null || prompts.length === 0) return null;
  const costs = prompts.map(({ messages }) => costOf(endpoint.settings, reserveUsage({ messages, sampling: config.sampling })));
  return (steps * costs.reduce((sum, cost) => sum + cost, 0)) / costs.length;
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
  const projectIds = await listProjectsWith(ctx, "researcher");
  return (await selectRuns(ctx.db, { ...filter, projectIds })).map(toListed);
}

async function requireRun(ctx: UserContext, runId: string): Promise<ListedRunRow> {
  await requireProject(ctx, { run: runId }, "researcher");
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

/** Does `move` to a run and notes who asked for it. Its trials move with it, those that ended or were paused meanwhile excepted. */
async function moveRun(ctx: UserContext, runId: string, action: AuditAction, what: string, move: (tx: Db) => Promise<TransitionResult>) {
  const { projectId } = await requireProject(ctx, { run: runId }, "researcher");
  return ctx.db.transaction(async (tx) => {
    const moved = requireMoved(await move(tx), what);
    await recordAction(tx, ctx.user.id, { action, projectId, kind: "run", id: runId });
    return moved;
  });
}

async function stopWith(ctx: UserContext, runId: string, what: "pause" | "cancel") {
  const reason = `${what === "pause" ? "Pause" : "Stop"} asked for by ${ctx.user.name}`;
  const [action, done] = what === "pause" ? (["run.paused", "paused"] as const) : (["run.stopped", "stopped"] as const);
  return moveRun(ctx, runId, action, done, async (tx) => {
    const moved = await requestRun(tx, { runId, what, reason });
    if (moved.ok)
      for (const trial of await selectOpenTrials(tx, runId))
        await requestRun(tx, { runId: trial.id, what, reason: `${reason}, with its sweep` });
    return moved;
  });
}

/** A paused run goes back into the queue and continues from its last checkpoint. */
export async function resumeRun(ctx: UserContext, runId: string) {
  const reason = `Resumed by ${ctx.user.name}`;
  return moveRun(ctx, runId, "run.resumed", "resumed", async (tx) => {
    const moved = await transitionRun(tx, { runId, from: "paused", to: "queued", reason });
    if (moved.ok)
      for (const trial of await selectOpenTrials(tx, runId))
        await transitionRun(tx, { runId: trial.id, from: "paused", to: "queued", reason: `${reason}, with its sweep` });
    return moved;
  });
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
  return moveRun(ctx, runId, "run.retried", "retried", async (tx) => {
    const moved = await transitionRun(tx, { runId, from: "failed", to: "queued", reason });
    if (moved.ok)
      for (const trial of await selectRuns(tx, { sweepId: runId, states: ["failed"] }))
        await transitionRun(tx, { runId: trial.id, from: "failed", to: "queued", reason: `${reason}, with its sweep` });
    return moved;
  });
}
