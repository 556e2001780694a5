/** Dataset versions and their rows. */
import { z } from "zod";
import { type DatasetVersionRow, selectDatasetVersion } from "../../../db/queries/datasets";
import { selectDatasetsPage } from "../../../db/queries/api-pages";
import { datasetKindSchema } from "../../../domain/dataset";
import { splitSchema } from "../../../domain/prompt";
import { AppError } from "../../errors";
import { exportDataset, type ExportFormat, freezeDataset, listDatasetRows, toExportRows } from "../../services/dataset";
import { limitSchema, listQuery, pageOf, toPage } from "../paging";
import { type ApiContext, type ApiProject, defineRoute, type RouteInput } from "../route";

const datasetSchema = z
  .object({
    id: z.uuid(),
    kind: datasetKindSchema,
    version: z.number().int(),
    hash: z.string().describe("sha256 over the rows: the same votes on the same texts have the same hash in every installation"),
    counts: z.object({ train: z.number().int(), validation: z.number().int(), test: z.number().int() }),
    simulated: z.boolean().describe("Some rows come from simulated annotators"),
    filter: z.record(z.string(), z.unknown()).describe("How the rows were chosen"),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Dataset" });

const toDataset = ({ createdAt, ...version }: DatasetVersionRow): z.input<typeof datasetSchema> => ({
  ...version,
  created_at: createdAt.toISOString(),
});

const list = defineRoute({
  method: "GET",
  path: "/projects/{project}/datasets",
  id: "listDatasets",
  tag: "Datasets",
  summary: "Dataset versions of a project",
  scope: "datasets:read",
  query: listQuery.extend({ kind: datasetKindSchema.optional() }),
  answer: pageOf(datasetSchema),
  handle: async ({ db }, { project, query }) =>
    toPage(await selectDatasetsPage(db, { projectId: project.id, ...query }), query, ({ place: _, ...version }) => toDataset(version)),
});

const freeze = defineRoute({
  method: "POST",
  path: "/projects/{project}/datasets",
  id: "freezeDataset",
  tag: "Datasets",
  summary: "Freeze a dataset version of the judgements that there are now",
  description: "The same rows are one version: freezing again gives the version that has them already.",
  scope: "datasets:write",
  query: z.strictObject({}),
  body: z
    .strictObject({
      kind: datasetKindSchema,
      filter: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("How rows are chosen, as the filter of a version that is read; {} as the page begins"),
    })
    .meta({ id: "NewDataset" }),
  answer: datasetSchema.extend({ created: z.boolean().describe("false: this version had the same rows already") }),
  handle: async (ctx, { project, body }) => {
    const { created, ...version } = await freezeDataset(ctx, { projectId: project.id, ...body });
    return { ...toDataset(version), created };
  },
});

async function requireDataset(ctx: ApiContext, project: ApiProject, datasetId = ""): Promise<DatasetVersionRow> {
  const version = await selectDatasetVersion(ctx.db, datasetId);
  if (version === null || version.projectId !== project.id)
    throw new AppError("NOT_FOUND", "There is no such dataset version in this project.");
  return version;
}

const get = defineRoute({
  method: "GET",
  path: "/projects/{project}/datasets/{dataset_id}",
  id: "getDataset",
  tag: "Datasets",
  summary: "A dataset version",
  scope: "datasets:read",
  query: z.strictObject({}),
  answer: datasetSchema,
  handle: async (ctx, { project, params }) => toDataset(await requireDataset(ctx, project, params.dataset_id)),
});

const rowSchema = z
  .record(z.string(), z.unknown())
  .describe(
    "As the format says: hone has messages, completions and ranks (or completion); TRL's have prompt, chosen and rejected (or messages); all have split, group and judgement_id",
  );

const rowsQuery = z.strictObject({
  limit: limitSchema(1000, 100).describe("Most frozen rows of one answer; a ranking is several rows of TRL's"),
  cursor: z.coerce.number().int().min(0).optional().describe("next_cursor of the answer before"),
  split: splitSchema.optional(),
  format: z.enum(["hone", "trl"]).default("hone").describe("trl: messages as TRL's trainers read them, with an explicit prompt"),
});

function toFormat(format: "hone" | "trl", { kind }: DatasetVersionRow): ExportFormat {
  if (format === "hone") return { format };
  return kind === "preference"
    ? { format: "trl-preference", prompt: "explicit", shape: "messages" }
    : { format: "trl-sft", layout: "messages", shape: "messages" };
}

async function choose(ctx: ApiContext, { project, params, query }: RouteInput<z.infer<typeof rowsQuery>>) {
  const version = await requireDataset(ctx, project, params.dataset_id);
  return { datasetId: version.id, splits: query.split === undefined ? undefined : [query.split], format: toFormat(query.format, version) };
}

const rows = defineRoute({
  method: "GET",
  path: "/projects/{project}/datasets/{dataset_id}/rows",
  id: "listDatasetRows",
  tag: "Datasets",
  summary: "Rows of a dataset version, in their frozen order",
  description: "With Accept: application/x-ndjson all of them come as one stream, one a line.",
  scope: "datasets:read",
  query: rowsQuery,
  answer: pageOf(rowSchema),
  handle: async (ctx, input) => {
    const { format, ...choice } = await choose(ctx, input);
    const { limit, cursor } = input.query;
    const found = await listDatasetRows(ctx, { ...choice, afterOrdinal: cursor ?? -1, limit: limit + 1 });
    const shown = found.slice(0, limit);
    const next = shown.at(-1)?.ordinal ?? cursor;
    return {
      data: shown.flatMap((row) => toExportRows(row, format)),
      has_more: found.length > limit,
      next_cursor: next === undefined ? null : String(next),
    };
  },
  lines: {
    line: rowSchema,
    async *stream(ctx, input) {
      const { format, ...choice } = await choose(ctx, input);
      yield* exportDataset(ctx, { ...choice, ...format });
    },
  },
});

export const datasetRoutes = [freeze, list, get, rows];
