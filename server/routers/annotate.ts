/** Annotating: the queue, votes, undo, drafts, own history. Nothing here says who wrote a completion. */
import { z } from "zod";
import { judgementSubmissionSchema, MAX_WRITTEN } from "../../domain/judgement";
import { getOwnStatistics, listOwnJudgements, submitJudgement, undoJudgement } from "../services/judgement";
import { claimNextItem, listProjectsToAnnotate, releaseItem, renewLease, saveDraft } from "../services/queue";
import { annotatorProcedure, router } from "../trpc";

const projectSchema = z.strictObject({ projectId: z.uuid() });
const itemSchema = z.strictObject({ itemId: z.uuid() });
/** A draft is what one item's form holds, written texts among it; anything longer is no draft. */
const DRAFT_CHARACTERS = 2 * MAX_WRITTEN + 20_000;

export const annotateRouter = router({
  projects: annotatorProcedure.query(({ ctx }) => listProjectsToAnnotate(ctx)),
  next: annotatorProcedure
    .input(projectSchema.extend({ holding: z.array(z.uuid()).max(100).default([]) }))
    .mutation(({ ctx, input }) => claimNextItem(ctx, input)),
  submit: annotatorProcedure.input(judgementSubmissionSchema).mutation(({ ctx, input }) => submitJudgement(ctx, input)),
  renew: annotatorProcedure.input(itemSchema).mutation(({ ctx, input }) => renewLease(ctx, input)),
  release: annotatorProcedure.input(itemSchema).mutation(({ ctx, input }) => releaseItem(ctx, input)),
  undo: annotatorProcedure.input(projectSchema).mutation(({ ctx, input }) => undoJudgement(ctx, input)),
  saveDraft: annotatorProcedure
    .input(
      itemSchema.extend({
        value: z
          .record(z.string(), z.unknown())
          .refine((value) => JSON.stringify(value).length <= DRAFT_CHARACTERS, "This draft is too long"),
      }),
    )
    .mutation(({ ctx, input }) => saveDraft(ctx, input)),
  history: annotatorProcedure
    .input(projectSchema.extend({ limit: z.number().int().min(1).max(200).optional() }))
    .query(({ ctx, input }) => listOwnJudgements(ctx, input)),
  statistics: annotatorProcedure.input(projectSchema).query(({ ctx, input }) => getOwnStatistics(ctx, input)),
});
