/** Two evaluation runs against each other, on the prompts that both answered. */
import { selectComparableRuns, selectEvaluationRows } from "../../db/queries/evaluation-rows";
import { selectCheckpointsOfRun } from "../../db/queries/checkpoints";
import { selectMetricEvents } from "../../db/queries/run-events";
import { selectScores } from "../../db/queries/scores";
import { selectRun } from "../../db/queries/runs";
import { compareEvaluations, duelEvaluations } from "../../domain/evaluation";
import { type DistancePoint, rewardByDistance } from "../../domain/over-optimisation";
import { buildRunSeries } from "../../domain/run-series";
import type { RunConfig } from "../../domain/run";
import { requireProject } from "../access";
import type { UserContext } from "../context";
import { AppError } from "../errors";

/** Other evaluation runs that answered prompts of this one. */
export async function listComparableRuns(ctx: UserContext, runId: string) {
  await requireProject(ctx, { run: runId }, "researcher");
  return selectComparableRuns(ctx.db, runId);
}

async function requireEvaluation(ctx: UserContext, runId: string) {
  await requireProject(ctx, { run: runId }, "researcher");
  const run = await selectRun(ctx.db, runId);
  if (run === null) throw new AppError("NOT_FOUND", "There is no such run");
  if (run.config.kind !== "evaluation") throw new AppError("BAD_INPUT", `"${run.name}" is no evaluation run`);
  return run;
}

const tasteOf = (config: RunConfig) => (config.kind === "evaluation" ? config.goldTaste : null);

/**
 * Paired differences, this run minus the baseline, with bootstrap intervals and p values. The reward counts only where one
 * reward model scored both, the gold score where one taste did. Throws NOT_FOUND, BAD_INPUT.
 */
export async function compareEvaluationRuns(ctx: UserContext, { runId, baselineId }: { runId: string; baselineId: string }) {
  if (runId === baselineId) throw new AppError("BAD_INPUT", "A run cannot be compared with itself");
  const [run, baseline] = await Promise.all([requireEvaluation(ctx, runId), requireEvaluation(ctx, baselineId)]);
  if (run.projectId !== baseline.projectId) throw new AppError("BAD_INPUT", "The runs belong to different projects");
  const [own, theirs] = await Promise.all([selectEvaluationRows(ctx.db, runId), selectEvaluationRows(ctx.db, baselineId)]);
  const byPrompt = new Map(theirs.map((row) => [row.promptId, row]));
  const pairs = own.flatMap((row) => {
    const other = byPrompt.get(row.promptId);
    return other === undefined ? [] : [{ row, other }];
  });
  if (pairs.length === 0) throw new AppError("BAD_INPUT", "The two runs have no prompt in common");
  const seed = run.config.seed;
  const sameReward = run.rewardCheckpointId === baseline.rewardCheckpointId;
  const sameTaste = tasteOf(run.config) === tasteOf(baseline.config);
  const [baselineRows, systemRows] = [pairs.map(({ other }) => other), pairs.map(({ row }) => row)];
  const comparable = (metric: string) => (metric !== "reward" || sameReward) && (metric !== "gold" || sameTaste);
  return {
    prompts: pairs.length,
    seed,
    metrics: compareEvaluations(baselineRows, systemRows, seed).filter(({ metric }) => comparable(metric)),
    duels: duelEvaluations(baselineRows, systemRows, seed).filter(({ by }) => comparable(by)),
  };
}

/** A PPO run's reward against its distance from the reference, with the gold scores of its evaluated checkpoints. Throws NOT_FOUND. */
export async function getRewardByDistance(ctx: UserContext, runId: string): Promise<DistancePoint[]> {
  await requireProject(ctx, { run: runId }, "researcher");
  const run = await selectRun(ctx.db, runId);
  if (run === null) throw new AppError("NOT_FOUND", "There is no such run");
  const [events, checkpoints, scores] = await Promise.all([
    selectMetricEvents(ctx.db, runId),
    selectCheckpointsOfRun(ctx.db, runId),
    selectScores(ctx.db, { projectId: run.projectId }),
  ]);
  // Newest first: of several evaluations of a checkpoint the last one counts.
  const evaluated = checkpoints.flatMap(({ id, step }) => {
    const gold = scores.find(({ metric, checkpointId }) => metric === "gold" && checkpointId === id);
    return gold === undefined
      ? []
      : [{ step, checkpointId: id, value: gold.value, low: gold.low ?? gold.value, high: gold.high ?? gold.value }];
  });
  return rewardByDistance(buildRunSeries(events).metrics, evaluated);
}
