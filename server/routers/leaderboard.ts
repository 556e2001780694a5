/** The leaderboard: public where a project is published. */
import { z } from "zod";
import { boardSchema } from "../../domain/board";
import { getLeaderboard, getModelLineage, listLeaderboards, listVotesBetween } from "../services/leaderboard";
import { getHistory, getScrutiny } from "../services/leaderboard-scrutiny";
import { publicProcedure, researcherProcedure, router } from "../trpc";

const slugSchema = boardSchema.shape.slug;

export const leaderboardRouter = router({
  projects: publicProcedure.query(({ ctx }) => listLeaderboards(ctx)),
  get: publicProcedure.input(boardSchema).query(({ ctx, input }) => getLeaderboard(ctx, input)),
  scrutiny: publicProcedure
    .input(boardSchema.extend({ difference: z.number().min(1, "At least 1 Elo point").max(1000, "At most 1000 Elo points").default(30) }))
    .query(({ ctx, input }) => getScrutiny(ctx, input)),
  history: publicProcedure.input(boardSchema).query(({ ctx, input }) => getHistory(ctx, input)),
  lineage: publicProcedure
    .input(z.strictObject({ slug: slugSchema, modelId: z.uuid() }))
    .query(({ ctx, input }) => getModelLineage(ctx, input)),
  votes: researcherProcedure
    .input(z.strictObject({ slug: slugSchema, a: z.uuid(), b: z.uuid() }))
    .query(({ ctx, input }) => listVotesBetween(ctx, input)),
});
