/** What each kind of run stands on, and the checks that it exists, belongs to the project and fits. */
import { z } from "zod";
import { selectCheckpoint, selectCheckpointChain, type CheckpointRow, selectUsableCheckpoints } from "../../db/queries/checkpoints";
import {
  countPromptsBySplit,
  selectDatasetWork,
  selectRunDatasets,
  selectRunProject,
  selectRunProjects,
} from "../../db/queries/run-inputs";
import type { DatasetKind } from "../../domain/dataset";
import { type RunKind, runConfigSchema, type SweepConfig } from "../../domain/run";
import type { RunWork } from "../../domain/run-estimate";
import { planTrials, SweepError } from "../../domain/sweep";
import type { UserContext } from "../context";
import { AppError, fieldError } from "../errors";
import { type ModelFolder, readModelFolder } from "../model-folder";

export const runInputSchema = z.strictObject({
  projectId: z.uuid("Choose a project"),
  config: runConfigSchema,
  baseCheckpointId: z.uuid("Choose a checkpoint"),
  rewardCheckpointId: z.uuid("Choose a reward checkpoint").nullable().default(null),
  datasetVersionId: z.uuid("Choose a dataset version").nullable().default(null),
});
export type RunInput = z.infer<typeof runInputSchema>;

type Needs = { dataset: DatasetKind | null; reward: "required" | "optional" | "none"; decoder: boolean };

/** Of a sweep, its trials' kind decides. */
export const RUN_NEEDS: Readonly<Record<Exclude<RunKind, "sweep">, Needs>> = {
  sft: { dataset: "sft", reward: "none", decoder: false },
  reward: { dataset: "preference", reward: "none", decoder: true },
  preference: { dataset: "preference", reward: "none", decoder: false },
  ppo: { dataset: null, reward: "required", decoder: true },
  evaluation: { dataset: null, reward: "optional", decoder: false },
  benchmark: { dataset: null, reward: "none", decoder: false },
  sample: { dataset: null, reward: "none", decoder: false },
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

export type CheckedRunInputs = { work: RunWork; base: CheckpointRow; model: ModelFolder | null };

/** Throws BAD_INPUT naming the field, or NOT_FOUND for the project. */
export async function checkRunInputs(ctx: UserContext, input: RunInput): Promise<CheckedRunInputs> {
  const project = await selectRunProject(ctx.db, input.projectId);
  if (project === null) throw new AppError("NOT_FOUND", "There is no such project");
  if (input.config.kind === "sweep") checkTrials(input.config);
  const config = input.config.kind === "sweep" ? input.config.trial : input.config;
  const needs = RUN_NEEDS[config.kind];

  const base = await requireCheckpoint(ctx, "baseCheckpointId", input.baseCheckpointId, project.id);
  if (base.kind === "reward") throw fieldError("baseCheckpointId", "This is a reward model; choose a base model or an adapter");
  if (base.kind === "head" && config.kind !== "evaluation")
    throw fieldError("baseCheckpointId", "This is a head, which only an evaluation reads; choose a base model or an adapter");
  const model = await wholeModelOf(ctx, base);
  if (needs.decoder && model.folder?.modelType === "t5") {
    throw fieldError("baseCheckpointId", "This kind of run needs a decoder model; the checkpoint is a T5 encoder-decoder");
  }

  if (config.kind === "sft" && config.packing && model.folder?.modelType === "t5") {
    throw fieldError("config.packing", "An encoder-decoder cannot read packed rows");
  }

  if (input.rewardCheckpointId !== null) {
    const field = "rewardCheckpointId";
    if (needs.reward === "none") throw fieldError(field, "This kind of run takes no reward checkpoint");
    const reward = await requireCheckpoint(ctx, field, input.rewardCheckpointId, project.id);
    if (reward.kind !== "reward") throw fieldError(field, "This checkpoint is no reward model");
    const rewardModel = (await wholeModelOf(ctx, reward)).folder;
    if (
      config.kind === "ppo" &&
      rewardModel !== null &&
      model.folder !== null &&
      rewardModel.shape.vocabSize !== model.folder.shape.vocabSize
    ) {
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

  if (config.kind === "ppo" || config.kind === "evaluation" || config.kind === "sample") {
    const split = config.kind === "ppo" ? "train" : config.split;
    work.prompts = (await countPromptsBySplit(ctx.db, project.id))[split];
    if (work.prompts === 0)
      throw fieldError(config.kind === "ppo" ? "projectId" : "config.split", `The project has no prompts in its ${split} split`);
  }
  if (config.kind === "evaluation" && config.goldTaste !== null && !project.demo) {
    throw fieldError("config.goldTaste", "Only the demo project has a hidden taste");
  }
  return { work, base, model: model.folder };
}

/** What the start form offers; without a project only the projects. */
export async function listRunInputs(ctx: UserContext, input: { projectId: string | null }) {
  const projects = await selectRunProjects(ctx.db);
  const project = projects.find(({ id }) => id === input.projectId) ?? projects[0] ?? null;
  if (project === null) return { projects, project: null, checkpoints: [], datasets: [], prompts: { train: 0, validation: 0, test: 0 } };
  const [checkpoints, datasets, prompts] = await Promise.all([
    selectUsableCheckpoints(ctx.db, { projectId: project.id }),
    selectRunDatasets(ctx.db, project.id),
    countPromptsBySplit(ctx.db, project.id),
  ]);
  return {
    projects,
    project,
    checkpoints: checkpoints.map(({ id, name, kind, step, runId, promoted, createdAt }) => ({
      id,
      name,
      kind,
      step,
      runId,
      promoted,
      createdAt,
    })),
    datasets,
    prompts,
  };
}
