/** Quality of votes and their review: for reviewers. */
import { z } from "zod";
import { reviewSchema } from "../../domain/quality/review";
import * as quality from "../services/quality";
import { projectProcedure, router } from "../trpc";

const whose = z.strictObject({ projectId: z.uuid(), simulated: z.boolean().default(false) });

export const qualityRouter = router({
  report: projectProcedure("reviewer")
    .input(whose)
    .query(({ ctx, input }) => quality.getQuality(ctx, input)),
  toReview: projectProcedure("reviewer")
    .input(whose)
    .query(({ ctx, input }) => quality.listToReview(ctx, input)),
  review: projectProcedure("reviewer")
    .input(reviewSchema)
    .mutation(({ ctx, input }) => quality.reviewJudgement(ctx, input)),
});
