/** Human evaluations: for researchers. People rate in the annotators' room, and the public reads means on the leaderboard. */
import { z } from "zod";
import { newHumanEvaluationSchema } from "../../domain/human-evaluation";
import { closeHumanEvaluation, createHumanEvaluation, listEvaluationInputs, listHumanEvaluations } from "../services/human-evaluation";
import { getHumanEvaluation, listEvaluationVotes } from "../services/human-evaluation-results";
import { projectProcedure, router } from "../trpc";

const project = z.strictObject({ projectId: z.uuid() });
const whose = z.strictObject({ id: z.uuid(), simulated: z.boolean().default(false) });

export const humanEvaluationRouter = router({
  list: projectProcedure("researcher")
    .input(project)
    .query(({ ctx, input }) => listHumanEvaluations(ctx, input)),
  inputs: projectProcedure("researcher")
    .input(project)
    .query(({ ctx, input }) => listEvaluationInputs(ctx, input)),
  create: projectProcedure("researcher")
    .input(newHumanEvaluationSchema)
    .mutation(({ ctx, input }) => createHumanEvaluation(ctx, input)),
  get: projectProcedure("researcher")
    .input(whose)
    .query(({ ctx, input }) => getHumanEvaluation(ctx, input)),
  votes: projectProcedure("researcher")
    .input(
      whose.extend({
        modelId: z.uuid().nullable().default(null),
        scale: z.string().nullable().default(null),
        score: z.number().int().nullable().default(null),
      }),
    )
    .query(({ ctx, input }) => listEvaluationVotes(ctx, input)),
  close: projectProcedure("researcher")
    .input(z.strictObject({ id: z.uuid(), closed: z.boolean() }))
    .mutation(({ ctx, input }) => closeHumanEvaluation(ctx, input)),
});
