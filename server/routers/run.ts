/** Runs: start, follow live, pause, resume, stop. */
import { tracked } from "@trpc/server";
import { z } from "zod";
import { runKindSchema, runStateSchema } from "../../domain/run";
import { sampleBatchSchema } from "../../domain/sample-batch";
import { getRunListener } from "../run-listener";
import { shutdownSignal } from "../shutdown";
import { getRunLineage } from "../services/checkpoint";
import { compareEvaluationRuns, getRewardByDistance, listComparableRuns } from "../services/evaluation";
import {
  cancelRun,
  createRun,
  createRunSchema,
  estimateRun,
  getRun,
  getRunSeries,
  listRuns,
  listSameData,
  listTrials,
  pauseRun,
  resumeRun,
  retryRun,
} from "../services/run";
import { getJudgeReport, getRunRequests, retryFailedRequests, setRunBudget } from "../services/run-requests";
import { listRunInputs, runInputSchema } from "../services/run-inputs";
import { startSampleBatch } from "../services/sample-batch";
import { streamRunEvents } from "../services/run-stream";
import { annotatorProcedure, projectProcedure, router } from "../trpc";

const idSchema = z.strictObject({ id: z.uuid() });

export const runRouter = router({
  /** Of one project or of all that the caller works in. */
  list: annotatorProcedure
    .input(
      z.strictObject({
        projectId: z.uuid().optional(),
        kinds: z.array(runKindSchema).min(1).optional(),
        states: z.array(runStateSchema).min(1).optional(),
        /** Trials of this sweep; null leaves trials out. */
        sweepId: z.uuid().nullable().optional(),
      }),
    )
    .query(({ ctx, input }) => listRuns(ctx, input)),
  get: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => getRun(ctx, input.id)),
  series: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => getRunSeries(ctx, input.id)),
  trials: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => listTrials(ctx, input.id)),
  sameData: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => listSameData(ctx, input.id)),
  lineage: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => getRunLineage(ctx, input.id)),
  /** Other evaluation runs on prompts of this one, and the paired comparison with one of them. */
  comparable: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => listComparableRuns(ctx, input.id)),
  compare: projectProcedure("researcher")
    .input(z.strictObject({ id: z.uuid(), baselineId: z.uuid() }))
    .query(({ ctx, input }) => compareEvaluationRuns(ctx, { runId: input.id, baselineId: input.baselineId })),
  rewardByDistance: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => getRewardByDistance(ctx, input.id)),
  inputs: annotatorProcedure
    .input(z.strictObject({ projectId: z.uuid().nullable(), include: z.array(z.uuid()).max(4).optional() }))
    .query(({ ctx, input }) => listRunInputs(ctx, input)),
  /** Changes nothing; a mutation because a config is too long for an address. */
  estimate: projectProcedure("researcher")
    .input(runInputSchema)
    .mutation(({ ctx, input }) => estimateRun(ctx, input)),
  create: projectProcedure("researcher")
    .input(createRunSchema)
    .mutation(({ ctx, input }) => createRun(ctx, input)),
  /** One sample run for each of several sources. */
  sample: projectProcedure("researcher")
    .input(sampleBatchSchema)
    .mutation(({ ctx, input }) => startSampleBatch(ctx, input)),
  pause: projectProcedure("researcher")
    .input(idSchema)
    .mutation(({ ctx, input }) => pauseRun(ctx, input.id)),
  resume: projectProcedure("researcher")
    .input(idSchema)
    .mutation(({ ctx, input }) => resumeRun(ctx, input.id)),
  cancel: projectProcedure("researcher")
    .input(idSchema)
    .mutation(({ ctx, input }) => cancelRun(ctx, input.id)),
  retry: projectProcedure("researcher")
    .input(idSchema)
    .mutation(({ ctx, input }) => retryRun(ctx, input.id)),
  /** Of a run on an endpoint: totals and failures, another try for these, another budget. */
  requests: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => getRunRequests(ctx, input.id)),
  retryFailed: projectProcedure("researcher")
    .input(idSchema)
    .mutation(({ ctx, input }) => retryFailedRequests(ctx, input.id)),
  setBudget: projectProcedure("researcher")
    .input(idSchema.extend({ maxCost: z.number().positive("Enter more than 0").nullable() }))
    .mutation(({ ctx, input }) => setRunBudget(ctx, input)),
  judgeReport: projectProcedure("researcher")
    .input(idSchema)
    .query(({ ctx, input }) => getJudgeReport(ctx, input.id)),
  /** Pages of events; a client that comes back sends the last id it saw and misses nothing. */
  events: projectProcedure("researcher")
    .input(z.strictObject({ id: z.uuid(), lastEventId: z.string().regex(/^\d+$/).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const afterSeq = Number(input.lastEventId ?? 0);
      const stop = AbortSignal.any(signal === undefined ? [shutdownSignal()] : [shutdownSignal(), signal]);
      for await (const page of streamRunEvents(ctx, { runId: input.id, afterSeq }, { listener: getRunListener(), signal: stop })) {
        yield tracked(String(page.lastSeq), page);
      }
    }),
});
