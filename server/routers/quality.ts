/** Quality of votes and their review: for researchers. */
import { z } from "zod";
import { reviewSchema } from "../../domain/quality/review";
import * as quality from "../services/quality";
import { researcherProcedure, router } from "../trpc";

const whose = z.strictObject({ projectId: z.uuid(), simulated: z.boolean().default(false) });

export const qualityRouter = router({
  report: researcherProcedure.input(whose).query(({ ctx, input }) => quality.getQuality(ctx, input)),
  toReview: researcherProcedure.input(whose).query(({ ctx, input }) => quality.listToReview(ctx, input)),
  review: researcherProcedure.input(reviewSchema).mutation(({ ctx, input }) => quality.reviewJudgement(ctx, input)),
});
