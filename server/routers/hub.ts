/** The Hugging Face hub, with the server's token: for researchers. Reading a file is an import, see app/api/import. */
import { z } from "zod";
import { env } from "../env";
import { hubRepoSchema, listHubFiles, pushDataset } from "../services/hub";
import { projectProcedure, researcherProcedure, router } from "../trpc";

export const hubRouter = router({
  files: researcherProcedure.input(z.strictObject({ repo: hubRepoSchema })).query(({ ctx, input }) => listHubFiles(ctx, input)),
  /** Whether the server may write: it has a token. */
  ready: researcherProcedure.query(() => ({ token: env().hub.token !== null })),
  push: projectProcedure("researcher")
    .input(z.strictObject({ datasetId: z.uuid(), repo: hubRepoSchema, visibility: z.enum(["private", "public"]) }))
    .mutation(({ ctx, input }) => pushDataset(ctx, { ...input, format: "hone" })),
});
