/** The leaderboard: public where a project is published. */
import { z } from "zod";
import { getLeaderboard, listLeaderboards, listVotesBetween } from "../services/leaderboard";
import { publicProcedure, researcherProcedure, router } from "../trpc";

const slugSchema = z.string().min(1).max(200);

export const leaderboardRouter = router({
  projects: publicProcedure.query(({ ctx }) => listLeaderboards(ctx)),
  get: publicProcedure
    .input(z.strictObject({ slug: slugSchema, votes: z.enum(["people", "simulated", "all"]).default("people") }))
    .query(({ ctx, input }) => getLeaderboard(ctx, input)),
  votes: researcherProcedure
    .input(z.strictObject({ slug: slugSchema, a: z.uuid(), b: z.uuid() }))
    .query(({ ctx, input }) => listVotesBetween(ctx, input)),
});
