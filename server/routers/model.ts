/** Models: what runs can start from, taken in, merged, deleted; for researchers. */
import { z } from "zod";
import { addModelSchema, deleteModel, mergeModel, mergeModelSchema, takeInModel } from "../services/model-changes";
import { listModels, listOfferedFolders } from "../services/model-list";
import { annotatorProcedure, projectProcedure, researcherProcedure, router } from "../trpc";

export const modelRouter = router({
  list: annotatorProcedure.query(({ ctx }) => listModels(ctx)),
  /** Folders of the server's machine that anybody may take in. */
  folders: researcherProcedure.query(({ ctx }) => listOfferedFolders(ctx)),
  /** Paths outside of the offered folders are for admins. */
  add: researcherProcedure.input(addModelSchema).mutation(({ ctx, input }) => takeInModel(ctx, input)),
  merge: projectProcedure("researcher")
    .input(mergeModelSchema)
    .mutation(({ ctx, input }) => mergeModel(ctx, input)),
  /** Of models that are there for all projects, admins only. */
  delete: projectProcedure("researcher")
    .input(z.strictObject({ checkpointId: z.uuid() }))
    .mutation(({ ctx, input }) => deleteModel(ctx, input)),
});
