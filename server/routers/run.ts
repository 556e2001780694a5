/** Runs: start, follow live, pause, resume, stop. */
import { tracked } from "@trpc/server";
import { z } from "zod";
import { runKindSchema, runStateSchema } from "../../domain/run";
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
import { listRunInputs, runInputSchema } from "../services/run-inputs";
import { streamRunEvents } from "../services/run-stream";
import { researcherProcedure, router } from "../trpc";

const idSchema = z.strictObject({ id: z.uuid() });

export const runRouter = router({
  list: researcherProcedure
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
  get: researcherProcedure.input(idSchema).query(({ ctx, input }) => getRun(ctx, input.id)),
  series: researcherProcedure.input(idSchema).query(({ ctx, input }) => getRunSeries(ctx, input.id)),
  trials: researcherProcedure.input(idSchema).query(({ ctx, input }) => listTrials(ctx, input.id)),
  sameData: researcherProcedure.input(idSchema).query(({ ctx, input }) => listSameData(ctx, input.id)),
  lineage: researcherProcedure.input(idSchema).query(({ ctx, input }) => getRunLineage(ctx, input.id)),
  /** Other evaluation runs on prompts of this one, and the paired comparison with one of them. */
  comparable: researcherProcedure.input(idSchema).query(({ ctx, input }) => listComparableRuns(ctx, input.id)),
  compare: researcherProcedure
    .input(z.strictObject({ id: z.uuid(), baselineId: z.uuid() }))
    .query(({ ctx, input }) => compareEvaluationRuns(ctx, { runId: input.id, baselineId: input.baselineId })),
  rewardByDistance: researcherProcedure.input(idSchema).query(({ ctx, input }) => getRewardByDistance(ctx, input.id)),
  inputs: researcherProcedure
    .input(z.strictObject({ projectId: z.uuid().nullable() }))
    .query(({ ctx, input }) => listRunInputs(ctx, input)),
  /** Changes nothing; a mutation because a config is too long for an address. */
  estimate: researcherProcedure.input(runInputSchema).mutation(({ ctx, input }) => estimateRun(ctx, input)),
  create: researcherProcedure.input(createRunSchema).mutation(({ ctx, input }) => createRun(ctx, input)),
  pause: researcherProcedure.input(idSchema).mutation(({ ctx, input }) => pauseRun(ctx, input.id)),
  resume: researcherProcedure.input(idSchema).mutation(({ ctx, input }) => resumeRun(ctx, input.id)),
  cancel: researcherProcedure.input(idSchema).mutation(({ ctx, input }) => cancelRun(ctx, input.id)),
  retry: researcherProcedure.input(idSchema).mutation(({ ctx, input }) => retryRun(ctx, input.id)),
  /** Pages of events; a client that comes back sends the last id it saw and misses nothing. */
  events: researcherProcedure
    .input(z.strictObject({ id: z.uuid(), lastEventId: z.string().regex(/^\d+$/).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const afterSeq = Number(input.lastEventId ?? 0);
      const stop = AbortSignal.any(signal === undefined ? [shutdownSignal()] : [shutdownSignal(), signal]);
      for await (const page of streamRunEvents(ctx, { runId: input.id, afterSeq }, { listener: getRunListener(), signal: stop })) {
        yield tracked(String(page.lastSeq), page);
      }
    }),
});
