/** Runs, their state, and what came of them. */
import { z } from "zod";
import { selectRunsPage } from "../../../db/queries/api-pages";
import { RUN_STATES, runConfigSchema, runKindSchema, runStateSchema } from "../../../domain/run";
import { AppError, describeFieldProblems, fieldProblems } from "../../errors";
import { createRun, createRunSchema, getRun } from "../../services/run";
import { listQuery, pageOf, toPage } from "../paging";
import { defineRoute } from "../route";

const runSchema = z
  .object({
    id: z.uuid(),
    kind: runKindSchema,
    name: z.string(),
    state: runStateSchema.describe(`One of ${RUN_STATES.join(", ")}`),
    reason: z.string().describe("Why it is in this state"),
    step: z.number().int(),
    total_steps: z.number().int().nullable(),
    config: z.record(z.string(), z.unknown()),
    base_checkpoint_id: z.uuid().nullable(),
    reward_checkpoint_id: z.uuid().nullable(),
    dataset_id: z.uuid().nullable(),
    sweep_id: z.uuid().nullable().describe("The sweep that it is a trial of"),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "Run" });

type StoredRun = Omit<Awaited<ReturnType<typeof selectRunsPage>>[number], "place">;

function toRun(row: StoredRun): z.input<typeof runSchema> {
  const { id, kind, name, state, reason, step, config } = row;
  return {
    id,
    kind,
    name,
    state,
    reason,
    step,
    total_steps: row.totalSteps,
    config: { ...config },
    base_checkpoint_id: row.baseCheckpointId,
    reward_checkpoint_id: row.rewardCheckpointId,
    dataset_id: row.datasetVersionId,
    sweep_id: row.sweepId,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
  };
}

const newRunSchema = z
  .strictObject({
    name: createRunSchema.shape.name,
    config: z
      .looseObject({ kind: runKindSchema })
      .describe("As the config of a run that is read; what is left out has its default, and an unknown field is an error"),
    base_checkpoint_id: z.uuid().nullable().default(null).describe("What it starts from, scores or samples"),
    reward_checkpoint_id: z.uuid().nullable().default(null),
    dataset_id: z.uuid().nullable().default(null),
    endpoint_id: z.uuid().optional().describe("Instead of a base checkpoint: an outside model to sample from or to ask"),
  })
  .meta({ id: "NewRun" });

/** The product's names of what a run is given, and the API's. */
const API_NAMES: Readonly<Record<string, string>> = {
  baseCheckpointId: "base_checkpoint_id",
  rewardCheckpointId: "reward_checkpoint_id",
  datasetVersionId: "dataset_id",
  endpointId: "endpoint_id",
};

/** Tells of wrong fields by the names that the program sent. */
async function namedAsHere<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError) || error.fields.length === 0) throw error;
    const fields = error.fields.map(({ field, message }) => ({ field: API_NAMES[field] ?? field, message }));
    throw new AppError(error.code, describeFieldProblems(fields), { fields, cause: error });
  }
}

const start = defineRoute({
  method: "POST",
  path: "/projects/{project}/runs",
  id: "startRun",
  tag: "Runs",
  summary: "Put a run into the queue",
  description: "A worker takes it when it is free; follow its state, or the webhooks of runs.",
  scope: "runs:write",
  query: z.strictObject({}),
  body: newRunSchema,
  answer: runSchema,
  handle: async (ctx, { project, body }) => {
    const { base_checkpoint_id, reward_checkpoint_id, dataset_id, endpoint_id, name } = body;
    const config = runConfigSchema.safeParse(body.config);
    if (!config.success) {
      const fields = fieldProblems(config.error).map(({ field, message }) => ({ field: `config.${field}`, message }));
      throw new AppError("BAD_INPUT", describeFieldProblems(fields), { fields });
    }
    const { id } = await namedAsHere(
      createRun(ctx, {
        projectId: project.id,
        name,
        config: config.data,
        baseCheckpointId: base_checkpoint_id,
        rewardCheckpointId: reward_checkpoint_id,
        datasetVersionId: dataset_id,
        ...(endpoint_id === undefined ? {} : { endpointId: endpoint_id }),
      }),
    );
    return toRun(await getRun(ctx, id));
  },
});

const list = defineRoute({
  method: "GET",
  path: "/projects/{project}/runs",
  id: "listRuns",
  tag: "Runs",
  summary: "Runs of a project with their state",
  scope: "runs:read",
  query: listQuery.extend({ kind: runKindSchema.optional(), state: runStateSchema.optional() }),
  answer: pageOf(runSchema),
  handle: async ({ db }, { project, query }) => toPage(await selectRunsPage(db, { projectId: project.id, ...query }), query, toRun),
});

const get = defineRoute({
  method: "GET",
  path: "/projects/{project}/runs/{run_id}",
  id: "getRun",
  tag: "Runs",
  summary: "A run with its checkpoints and scores",
  scope: "runs:read",
  query: z.strictObject({}),
  answer: runSchema.extend({
    checkpoints: z.array(
      z.object({ id: z.uuid(), name: z.string(), step: z.number().int(), kind: z.string(), final: z.boolean(), hash: z.string() }),
    ),
    scores: z.array(
      z.object({
        checkpoint_id: z.uuid(),
        metric: z.string(),
        value: z.number(),
        low: z.number().nullable(),
        high: z.number().nullable(),
        n: z.number().int(),
        signature: z.string(),
      }),
    ),
  }),
  handle: async (ctx, { project, params: { run_id: runId = "" } }) => {
    const run = await getRun(ctx, runId);
    if (run.projectId !== project.id) throw new AppError("NOT_FOUND", "There is no such run in this project.");
    return {
      ...toRun(run),
      checkpoints: run.checkpoints,
      scores: run.scores.map(({ checkpointId, ...score }) => ({ ...score, checkpoint_id: checkpointId })),
    };
  },
});

export const runRoutes = [start, list, get];
