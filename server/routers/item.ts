/** Items: what is judged together. */
import { comparisonSchema } from "../../domain/comparison";
import { compareModels } from "../services/comparison";
import { researcherProcedure, router } from "../trpc";

export const itemRouter = router({
  compare: researcherProcedure.input(comparisonSchema).mutation(({ ctx, input }) => compareModels(ctx, input)),
});
