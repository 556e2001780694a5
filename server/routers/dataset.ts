/** Dataset versions: for researchers. The export is a download, see app/api/datasets. */
import { z } from "zod";
import { preferenceFilterSchema, sftFilterSchema } from "../../domain/dataset-filter";
import { splitSchema } from "../../domain/prompt";
import * as datasets from "../services/dataset";
import { projectProcedure, router } from "../trpc";

const projectId = z.uuid();
const datasetId = z.uuid();

const choiceInput = z.discriminatedUnion("kind", [
  z.strictObject({ projectId, kind: z.literal("preference"), filter: preferenceFilterSchema }),
  z.strictObject({ projectId, kind: z.literal("sft"), filter: sftFilterSchema }),
]);

export const datasetRouter = router({
  list: projectProcedure("researcher")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => datasets.listDatasets(ctx, input)),
  get: projectProcedure("researcher")
    .input(z.strictObject({ datasetId }))
    .query(({ ctx, input }) => datasets.getDataset(ctx, input)),
  rows: projectProcedure("researcher")
    .input(
      z.strictObject({
        datasetId,
        splits: z.array(splitSchema).min(1).optional(),
        /** The last ordinal that was read; named as the client library pages. */
        cursor: z.number().int().min(-1).default(-1),
        limit: z.number().int().min(1).max(100).default(25),
        /** Sent by the client library with each page; there is only one way to read on. */
        direction: z.literal("forward").optional(),
      }),
    )
    .query(({ ctx, input: { cursor, direction: _, ...input } }) => datasets.listDatasetRows(ctx, { ...input, afterOrdinal: cursor })),
  preview: projectProcedure("researcher")
    .input(choiceInput)
    .query(({ ctx, input }) => datasets.previewDataset(ctx, input)),
  freeze: projectProcedure("researcher")
    .input(choiceInput)
    .mutation(({ ctx, input }) => datasets.freezeDataset(ctx, input)),
});
