/** What each kind of run stands on, and the checks that it exists, belongs to the project and fits. */
import { z } from "zod";
import {
  selectCheckpoint,
  selectCheckpointChain,
  type CheckpointRow,
  selectRootNames,
  selectUsableCheckpoints,
} from "../../db/queries/checkpoints";
import { selectModels } from "../../db/queries/completions";
import { selectEndpoints } from "../../db/queries/endpoints";
import {
  countPromptsBySplit,
  selectDatasetWork,
  selectRunDatasets,
  selectRunProject,
  selectRunProjects,
} from "../../db/queries/run-inputs";
import type { DatasetKind } from "../../domain/dataset";
import { type JudgeConfig, type RunConfig, type RunKind, runConfigSchema, type SweepConfig } from "../../domain/run";
import type { RunWork } from "../../domain/run-estimate";
import { algorithmOf } from "../../domain/run-label";
import { planTrials, SweepError } from "../../domain/sweep";
import { listProjectsWith, requireProject } from "../access";
import type { UserContext } from "../context";
import { AppError, fieldError } from "../errors";
import { type ModelFolder, readModelFolder } from "../model-folder";

export const runInputSchema = z.strictObject({
  projectId: z.uuid("Choose a project"),
  config: runConfigSchema,
  /** Null where an endpoint writes or judges instead. */
  baseCheckpointId: z.uuid("Choose a checkpoint").nullable(),
  endpointId: z.uuid("Choose an endpoint").nullable().optional(),
  rewardCheckpointId: z.uuid("Choose a reward checkpoint").nullable().default(null),
  datasetVersionId: z.uuid("Choose a dataset version").nullable().default(null),
});
export type RunInput = z.infer<typeof runInputSchema>;

type Needs = {
  dataset: DatasetKind | null;
  reward: "required" | "optional" | "none";
  decoder: boolean;
  /** What it works with: a checkpoint of ours, an outside endpoint, or either of them. */
  source: "checkpoint" | "endpoint" | "either";
};

/** Of a sweep, its trials' kind decides. */
export const RUN_NEEDS: Readonly<Record<Exclude<RunKind, "sweep">, Needs>> = {
  sft: { dataset: "sft", reward: "none", decoder: false, source: "checkpoint" },
  reward: { dataset: "preference", reward: "none", decoder: true, source: "checkpoint" },
  preference: { dataset: "preference", reward: "none", decoder: false, source: "checkpoint" },
  ppo: { dataset: null, reward: "required", decoder: true, source: "checkpoint" },
  evaluation: { dataset: null, reward: "optional", decoder: false, source: "checkpoint" },
  benchmark: { dataset: null, reward: "none", decoder: false, source: "checkpoint" },
  sample: { dataset: null, reward: "none", decoder: false, source: "either" },
  judge: { dataset: null, reward: "none", decoder: false, source: "endpoint" },
  score: { dataset: null, reward: "none", decoder: true, source: "checkpoint" },
};

/** The checkpoint, when a run of this project may use it. */
async function requireCheckpoint(ctx: UserContext, field: string, id: string, projectId: string): Promise<CheckpointRow> {
  const checkpoint = await selectCheckpoint(ctx.db, id);
  if (checkpoint === null) throw fieldError(field, "This checkpoint does not exist");
  if (checkpoint.projectId !== null && checkpoint.projectId !== projectId)
    throw fieldError(field, "This checkpoint belongs to another project");
  return checkpoint;
}

/** The whole model below a checkpoint. */
async function wholeModelOf(ctx: UserContext, checkpoint: CheckpointRow): Promise<{ id: string; folder: ModelFolder | null }> {
  const base = (await selectCheckpointChain(ctx.db, checkpoint.id)).at(-1);
  if (base?.kind !== "base") throw fieldError("baseCheckpointId", `No whole model lies below ${checkpoint.name}`);
  return { id: base.id, folder: await readModelFolder(base.path) };
}

async function requireDataset(ctx: UserContext, input: RunInput, kind: DatasetKind) {
  const field = "datasetVersionId";
  if (input.datasetVersionId === null) throw fieldError(field, `Choose a ${kind} dataset version`);
  const dataset = await selectDatasetWork(ctx.db, input.datasetVersionId);
  if (dataset === null) throw fieldError(field, "This dataset version does not exist");
  if (dataset.projectId !== input.projectId) throw fieldError(field, "This dataset version belongs to another project");
  if (dataset.kind !== kind) throw fieldError(field, `This run learns from ${kind} rows; the version holds ${dataset.kind} rows`);
  if (dataset.trainRows === 0) throw fieldError(field, `Version ${dataset.version} has no rows in its training split`);
  return dataset;
}

/** Every setting of a sweep must be a valid config. */
function checkTrials(config: SweepConfig): void {
  try {
    planTrials(config);
  } catch (error) {
    if (error instanceof SweepError) throw fieldError("config.parameters", error.message);
    throw error;
  }
}

/** The model that a run starts from; null where an endpoint stands in for it. */
async function requireBase(
  ctx: UserContext,
  input: RunInput,
  config: Exclude<RunConfig, SweepConfig>,
  needs: Needs,
): Promise<{ base: CheckpointRow; model: { id: string; folder: ModelFolder | null } } | null> {
  const { projectId, baseCheckpointId, endpointId = null } = input;
  if (endpointId !== null) {
    if (needs.source === "checkpoint") throw fieldError("endpointId", "This kind of run needs a checkpoint");
    if (baseCheckpointId !== null) throw fieldError("endpointId", "Choose a checkpoint or an endpoint, not both");
    if (!(await selectEndpoints(ctx.db, projectId)).some(({ id }) => id === endpointId))
      throw fieldError("endpointId", "The project has no such endpoint");
    return null;
  }
  if (needs.source === "endpoint") throw fieldError("endpointId", "Choose an endpoint");
  if (baseCheckpointId === null) throw fieldError("baseCheckpointId", "Choose a checkpoint");
  const base = await requireCheckpoint(ctx, "baseCheckpointId", baseCheckpointId, projectId);
  if (config.kind === "score" && base.kind !== "reward")
    throw fieldError("baseCheckpointId", "Only a reward model scores completions; choose a reward checkpoint");
  if (base.kind === "reward" && config.kind !== "score")
    throw fieldError("baseCheckpointId", "This is a reward model; choose a base model or an adapter");
  if (base.kind === "head" && config.kind !== "evaluation")
    throw fieldError("baseCheckpointId", "This is a head, which only an evaluation reads; choose a base model or an adapter");
  return { base, model: await wholeModelOf(ctx, base) };
}

async function checkJudge(ctx: UserContext, projectId: string, { firstModelId, secondModelId }: JudgeConfig): Promise<void> {
  const known = new Set((await selectModels(ctx.db, projectId)).map(({ id }) => id));
  for (const [field, id] of [
    ["config.firstModelId", firstModelId],
    ["config.secondModelId", secondModelId],
  ] as const) {
    if (id === null) throw fieldError(field, "Choose a model");
    if (!known.has(id)) throw fieldError(field, "The project has no such model");
  }
  if (firstModelId === secondModelId) throw fieldError("config.secondModelId", "Choose another model than the first");
}

export type CheckedRunInputs = { work: RunWork; base: CheckpointRow | null; model: ModelFolder | null };

/** Throws BAD_INPUT naming the field, or NOT_FOUND for the project. */
export async function checkRunInputs(ctx: UserContext, input: RunInput): Promise<CheckedRunInputs> {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const project = await selectRunProject(ctx.db, input.projectId);
  if (project === null) throw new AppError("NOT_FOUND", "There is no such project");
  if (input.config.kind === "sweep") checkTrials(input.config);
  const config = input.config.kind === "sweep" ? input.config.trial : input.config;
  const needs = RUN_NEEDS[config.kind];

  const started = await requireBase(ctx, input, config, needs);
  const folder = started?.model.folder ?? null;
  if (config.kind === "judge") await checkJudge(ctx, project.id, config);
  if (needs.decoder && folder?.modelType === "t5") {
    throw fieldError("baseCheckpointId", "This kind of run needs a decoder model; the checkpoint is a T5 encoder-decoder");
  }

  if (config.kind === "sft" && config.packing && folder?.modelType === "t5") {
    throw fieldError("config.packing", "An encoder-decoder cannot read packed rows");
  }

  if (input.rewardCheckpointId !== null) {
    const field = "rewardCheckpointId";
    if (needs.reward === "none") throw fieldError(field, "This kind of run takes no reward checkpoint");
    const reward = await requireCheckpoint(ctx, field, input.rewardCheckpointId, project.id);
    if (reward.kind !== "reward") throw fieldError(field, "This checkpoint is no reward model");
    const rewardModel = (await wholeModelOf(ctx, reward)).folder;
    if (config.kind === "ppo" && rewardModel !== null && folder !== null && rewardModel.shape.vocabSize !== folder.shape.vocabSize) {
      throw fieldError(field, "Policy and reward model must share a vocabulary; these have different ones");
    }
  } else if (needs.reward === "required") {
    throw fieldError("rewardCheckpointId", "Choose a reward checkpoint");
  }

  const work: RunWork = { trainRows: 0, prompts: 0, completionsPerRow: 2 };
  if (needs.dataset !== null) {
    const dataset = await requireDataset(ctx, input, needs.dataset);
    work.trainRows = dataset.trainRows;
    if (needs.dataset === "preference") work.completionsPerRow = dataset.completionsPerRow;
  } else if (input.datasetVersionId !== null) {
    throw fieldError("datasetVersionId", "This kind of run takes no dataset version");
  }

  const named = config.kind === "sample" && config.promptIds !== undefined;
  if (!named && (config.kind === "ppo" || config.kind === "evaluation" || config.kind === "sample")) {
    const split = config.kind === "ppo" ? "train" : config.split;
    work.prompts = (await countPromptsBySplit(ctx.db, project.id))[split];
    if (work.prompts === 0)
      throw fieldError(config.kind === "ppo" ? "projectId" : "config.split", `The project has no prompts in its ${split} split`);
  }
  if (config.kind === "evaluation" && config.goldTaste !== null && !project.demo) {
    throw fieldError("config.goldTaste", "Only the demo project has a hidden taste");
  }
  return { work, base: started?.base ?? null, model: folder };
}

/** What the start form offers; without a project only the projects. `include` are trials of sweeps that it shall offer too. */
export async function listRunInputs(ctx: UserContext, input: { projectId: string | null; include?: readonly string[] }) {
  const mine = new Set(await listProjectsWith(ctx, "researcher"));
  const projects = (await selectRunProjects(ctx.db)).filter(({ id }) => mine.has(id));
  if (input.projectId !== null) await requireProject(ctx, { project: input.projectId }, "researcher");
  const project = projects.find(({ id }) => id === input.projectId) ?? projects[0] ?? null;
  if (project === null)
    return {
      projects,
      project: null,
      checkpoints: [],
      endpoints: [],
      models: [],
      datasets: [],
      prompts: { train: 0, validation: 0, test: 0 },
    };
  const [checkpoints, endpoints, models, datasets, prompts] = await Promise.all([
    selectUsableCheckpoints(ctx.db, { projectId: project.id, include: input.include }),
    selectEndpoints(ctx.db, project.id),
    selectModels(ctx.db, project.id),
    selectRunDatasets(ctx.db, project.id),
    countPromptsBySplit(ctx.db, project.id),
  ]);
  const roots = await selectRootNames(
    ctx.db,
    checkpoints.map(({ id }) => id),
  );
  return {
    projects,
    project,
    checkpoints: checkpoints.map(({ id, name, kind, step, runId, promoted, createdAt, runConfig }) => ({
      id,
      name,
      kind,
      step,
      runId,
      promoted,
      createdAt,
      /** The model that its line of parents begins with. */
      modelName: roots.get(id) ?? name,
      /** What made it: "SFT"; null for models from outside. */
      madeBy: runConfig === null ? null : (algorithmOf(runConfig) ?? runConfig.kind),
    })),
    endpoints: endpoints.map(({ id, name, model }) => ({ id, name, model })),
    models: models.filter(({ completions }) => completions > 0).map(({ id, name, completions }) => ({ id, name, completions })),
    datasets,
    prompts,
  };
}
