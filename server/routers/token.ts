/** Tokens of programs: each person's own. */
import { z } from "zod";
import { newApiTokenSchema } from "../../domain/api-token";
import * as tokens from "../services/api-token";
import { annotatorProcedure, researcherProcedure, router } from "../trpc";

export const tokenRouter = router({
  /** For everybody: who is no researcher any more may still see and revoke what they made. */
  list: annotatorProcedure.query(({ ctx }) => tokens.listTokens(ctx)),
  create: researcherProcedure.input(newApiTokenSchema).mutation(({ ctx, input }) => tokens.createToken(ctx, input)),
  revoke: annotatorProcedure.input(z.strictObject({ tokenId: z.uuid() })).mutation(({ ctx, input }) => tokens.revokeToken(ctx, input)),
});
