/** Runs that ask endpoints: how their requests went, asking again for what failed, their budget, and what a judge found. */
import { reopenFailedRequests, selectFailedRequests, selectRequestTotals } from "../../db/queries/endpoint-requests";
import { selectEndpoint } from "../../db/queries/endpoints";
import { selectJudgedPairs, selectPairTexts, selectVotesOnPairs } from "../../db/queries/judge";
import { selectModels } from "../../db/queries/completions";
import { type RunRow, selectRun, setRunConfig, transitionRun } from "../../db/queries/runs";
import { type JudgeReport, type PairVote, reportJudge } from "../../domain/judge";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError, fieldError } from "../errors";

const SHOWN_FAILURES = 200;

async function requireEndpointRun(ctx: UserContext, runId: string): Promise<RunRow> {
  await requireProject(ctx, { run: runId }, "researcher");
  const run = await selectRun(ctx.db, runId);
  if (run === null) throw new AppError("NOT_FOUND", "There is no such run");
  if (run.endpointId === null) throw new AppError("BAD_INPUT", "This run asks no endpoint");
  return run;
}

/** Totals as stored, the endpoint, and the first failed requests with their reasons. Throws NOT_FOUND. */
export async function getRunRequests(ctx: UserContext, runId: string) {
  const run = await requireEndpointRun(ctx, runId);
  const endpoint = run.endpointId === null ? null : await selectEndpoint(ctx.db, run.endpointId);
  const [totals, failures] = await Promise.all([selectRequestTotals(ctx.db, runId), selectFailedRequests(ctx.db, runId, SHOWN_FAILURES)]);
  return {
    ...totals,
    maxCost: run.config.kind === "sample" || run.config.kind === "judge" ? run.config.maxCost : null,
    endpoint:
      endpoint === null
        ? null
        : { name: endpoint.name, model: endpoint.model, priced: endpoint.settings.inputPrice > 0 || endpoint.settings.outputPrice > 0 },
    failures: failures.map(({ key, promptId, messages, error, tries }) => ({
      key,
      promptId,
      prompt: messages.at(-1)?.content ?? "",
      error: error ?? "",
      tries,
    })),
  };
}

/** A run that has ended or is paused goes back into the queue and asks again for what failed. Throws CONFLICT when nothing did. */
export async function retryFailedRequests(ctx: UserContext, runId: string): Promise<{ reopened: number }> {
  const run = await requireEndpointRun(ctx, runId);
  return ctx.db.transaction(async (db) => {
    const reopened = await reopenFailedRequests(db, runId);
    if (reopened === 0) throw new AppError("CONFLICT", "No request of this run has failed. Nothing was changed.");
    const moved = await transitionRun(db, {
      runId,
      from: run.state,
      to: "queued",
      reason: `${ctx.user.name} asks again for ${reopened} failed ${reopened === 1 ? "request" : "requests"}`,
    });
    if (!moved.ok) throw new AppError("CONFLICT", `The run cannot go on: it is ${run.state}. Nothing was changed.`);
    await recordAction(db, ctx.user.id, { action: "run.retried", projectId: run.projectId, kind: "run", id: runId, details: { reopened } });
    return { reopened };
  });
}

/** Another budget for a run that no worker holds; null for none. */
export async function setRunBudget(
  ctx: UserContext,
  { id, maxCost }: { id: string; maxCost: number | null },
): Promise<{ maxCost: number | null }> {
  const { config, projectId } = await requireEndpointRun(ctx, id);
  if (config.kind !== "sample" && config.kind !== "judge") throw new AppError("BAD_INPUT", "This run has no budget");
  const { cost } = await selectRequestTotals(ctx.db, id);
  if (maxCost !== null && maxCost <= cost) throw fieldError("maxCost", `The run has cost $${cost.toFixed(4)} already: enter more`);
  if (!(await setRunConfig(ctx.db, id, { ...config, maxCost })))
    throw new AppError("CONFLICT", "The run is at work. Pause it, then change its budget.");
  const details = { before: { maxCost: config.maxCost }, after: { maxCost } };
  await recordAction(ctx.db, ctx.user.id, { action: "run.budget", projectId, kind: "run", id, details });
  return { maxCost };
}

const countWords = (text: string) => text.split(/\s+/).filter(Boolean).length;

/** What the judge said so far, beside what people said of the same pairs. Throws NOT_FOUND. */
export async function getJudgeReport(
  ctx: UserContext,
  runId: string,
): Promise<JudgeReport & { first: string; second: string; open: number }> {
  const { config, projectId } = await requireEndpointRun(ctx, runId);
  if (config.kind !== "judge") throw new AppError("BAD_INPUT", "This run judges nothing");
  const [stored, votes, models] = [
    await selectJudgedPairs(ctx.db, runId),
    await selectVotesOnPairs(ctx.db, runId),
    await selectModels(ctx.db, projectId),
  ];
  const texts = new Map((await selectPairTexts(ctx.db, stored)).map((pair) => [`${pair.firstId}:${pair.secondId}`, pair]));
  const votesOf = new Map<string, PairVote[]>();
  for (const { firstId, secondId, annotatorId, simulated, shownOrder, ranks } of votes) {
    const key = `${firstId}:${secondId}`;
    const [firstRank, secondRank] = [firstId, secondId].map((id) => ranks?.[shownOrder.indexOf(id)]);
    if (firstRank === undefined || secondRank === undefined) continue;
    const verdict = firstRank === secondRank ? ("tie" as const) : firstRank < secondRank ? ("first" as const) : ("second" as const);
    votesOf.set(key, [...(votesOf.get(key) ?? []), { annotatorId, simulated, verdict }]);
  }
  const pairs = stored.flatMap(({ firstId, secondId, shownFirst, shownSecond }) => {
    const key = `${firstId}:${secondId}`;
    const pair = texts.get(key);
    if (shownFirst === null || shownSecond === null || pair === undefined) return [];
    return [
      {
        shownFirst,
        shownSecond,
        lengthDifference: countWords(pair.firstText) - countWords(pair.secondText),
        votes: votesOf.get(key) ?? [],
      },
    ];
  });
  const nameOf = (id: string | null) => models.find((model) => model.id === id)?.name ?? "a removed model";
  return {
    ...reportJudge(pairs, config.seed),
    first: nameOf(config.firstModelId),
    second: nameOf(config.secondModelId),
    open: stored.length - pairs.length,
  };
}
