/** Human evaluations: asking people to rate several models' answers side by side and blind. */
import {
  type HumanEvaluationRow,
  insertHumanEvaluation,
  openHumanEvaluations,
  selectHumanEvaluations,
  selectMissingAnswers,
  selectModelsByIds,
  setEvaluationClosed,
  setEvaluationRuns,
} from "../../db/queries/human-evaluations";
import { selectModels } from "../../db/queries/completions";
import { selectCheckpoint, selectUsableCheckpoints } from "../../db/queries/checkpoints";
import { countPromptsBySplit } from "../../db/queries/run-inputs";
import { selectRunStates } from "../../db/queries/runs";
import { ensureModel, selectPromptsOfSplit } from "../../db/queries/training-data";
import { drawPrompts, type NewHumanEvaluation, stateOfHumanEvaluation } from "../../domain/human-evaluation";
import { sampleConfigSchema } from "../../domain/run";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError, fieldError } from "../errors";
import { getProject } from "./project";
import { addPrompts } from "./prompt";
import { createRun } from "./run";

/** The models that are compared, in their order; a checkpoint that has answered nothing becomes one. */
async function requireModels(ctx: UserContext, { projectId, models }: NewHumanEvaluation) {
  const ids: string[] = [];
  for (const [i, wanted] of models.entries()) {
    if ("modelId" in wanted) {
      ids.push(wanted.modelId);
      continue;
    }
    const checkpoint = await selectCheckpoint(ctx.db, wanted.checkpointId);
    if (checkpoint === null || (checkpoint.projectId !== null && checkpoint.projectId !== projectId))
      throw fieldError(`models.${i}`, "This checkpoint is not in the project");
    if (checkpoint.kind !== "base" && checkpoint.kind !== "adapter")
      throw fieldError(`models.${i}`, `${checkpoint.name} writes nothing: it is a ${checkpoint.kind} checkpoint`);
    ids.push(await ensureModel(ctx.db, { projectId, checkpointId: checkpoint.id, name: checkpoint.name }));
  }
  const known = new Map((await selectModelsByIds(ctx.db, ids)).map((model) => [model.id, model]));
  const found = ids.map((id, i) => {
    const model = known.get(id);
    if (model?.projectId !== projectId) throw fieldError(`models.${i}`, "This model is not in the project");
    return model;
  });
  if (new Set(ids).size < ids.length) throw fieldError("models", "The same model is chosen twice");
  return found;
}

async function requirePrompts(ctx: UserContext, { projectId, prompts, seed }: NewHumanEvaluation): Promise<string[]> {
  if (prompts.from === "typed") {
    const typed = prompts.texts.map((content) => ({
      messages: [{ role: "user" as const, content }],
      split: "test" as const,
      meta: { typedFor: "human evaluation" },
    }));
    const { ids, problems } = await addPrompts(ctx.db, { projectId, prompts: typed });
    const [problem] = problems;
    if (problem !== undefined) throw fieldError(`prompts.texts.${problem.index}`, problem.reason);
    return [...new Set(ids.flatMap((id) => id ?? []))];
  }
  const there = await selectPromptsOfSplit(ctx.db, projectId, prompts.split);
  if (there.length < prompts.count) throw fieldError("prompts.count", `The ${prompts.split} split has ${there.length} prompts`);
  return drawPrompts(there, { count: prompts.count, seed }).map(({ id }) => id);
}

/**
 * Makes a human evaluation. Where every answer is there, people are asked at once; otherwise a run is started for each
 * checkpoint that lacks some, and people are asked when the last one has ended.
 * Throws BAD_INPUT naming the field, CONFLICT for a name that is taken.
 */
export function createHumanEvaluation(ctx: UserContext, input: NewHumanEvaluation): Promise<{ id: string; runIds: string[] }> {
  return ctx.db.transaction(async (tx) => {
    const own = { ...ctx, db: tx };
    const { projectId, name, scales, overlap, seed } = input;
    await requireProject(own, { project: projectId }, "researcher");
    const models = await requireModels(own, input);
    const promptIds = await requirePrompts(own, input);
    const split = input.prompts.from === "split" ? input.prompts.split : null;
    const made = await insertHumanEvaluation(
      tx,
      { projectId, name, scales, overlap, seed, split, modelIds: models.map(({ id }) => id), createdBy: ctx.user.id },
      promptIds,
    );
    if (made === null)
      throw new AppError("CONFLICT", `The project has a human evaluation called "${name}" already.`, {
        fields: [{ field: "name", message: "This name is taken" }],
      });
    await openHumanEvaluations(tx, projectId);
    const runIds = await sampleMissing(own, made, models, input);
    await setEvaluationRuns(tx, { id: made.id, runIds });
    const details = { humanEvaluation: made.id, name };
    await recordAction(tx, ctx.user.id, { action: "evaluation.made", projectId, kind: "project", id: projectId, details });
    return { id: made.id, runIds };
  });
}

async function sampleMissing(
  ctx: UserContext,
  evaluation: HumanEvaluationRow,
  models: { id: string; name: string; checkpointId: string | null }[],
  input: NewHumanEvaluation,
): Promise<string[]> {
  const { projectId, name, temperature, maxNewTokens, seed } = { ...input, name: evaluation.name };
  const runIds: string[] = [];
  for (const { modelId, promptIds } of await selectMissingAnswers(ctx.db, evaluation.id)) {
    const place = models.findIndex(({ id }) => id === modelId);
    const model = models[place];
    if (model === undefined || model.checkpointId === null) {
      throw fieldError(
        `models.${place}`,
        `${model?.name} has not answered ${promptIds.length} of the prompts, and is no checkpoint that could be asked. Import its answers, or leave it out`,
      );
    }
    const config = sampleConfigSchema.parse({
      kind: "sample",
      seed,
      promptIds,
      completionsPerPrompt: 1,
      createItems: false,
      sampling: { temperature, maxNewTokens },
    });
    const run = await createRun(ctx, {
      projectId,
      name: `${name}: answers of ${model.name}`.slice(0, 120),
      config,
      baseCheckpointId: model.checkpointId,
      rewardCheckpointId: null,
      datasetVersionId: null,
    });
    runIds.push(run.id);
  }
  return runIds;
}

/** Newest first. Answers that came since are taken up. */
export async function listHumanEvaluations(ctx: UserContext, filter: { projectId: string; id?: string }) {
  await requireProject(ctx, { project: filter.projectId }, "researcher");
  await openHumanEvaluations(ctx.db, filter.projectId);
  const rows = await selectHumanEvaluations(ctx.db, filter);
  const names = new Map(
    (await selectModelsByIds(ctx.db, [...new Set(rows.flatMap(({ modelIds }) => modelIds))])).map((model) => [model.id, model]),
  );
  return Promise.all(
    rows.map(async ({ modelIds, runIds, ...row }) => ({
      ...row,
      state: stateOfHumanEvaluation(row),
      models: modelIds.map((id) => ({ id, name: names.get(id)?.name ?? "?", checkpointId: names.get(id)?.checkpointId ?? null })),
      runs: await selectRunStates(ctx.db, runIds),
    })),
  );
}

export type ListedHumanEvaluation = Awaited<ReturnType<typeof listHumanEvaluations>>[number];

/** What a new one can be made of: models with their answers, checkpoints without any, prompts by split, the project's scales. */
export async function listEvaluationInputs(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const project = await getProject(ctx, input);
  const models = await selectModels(ctx.db, input.projectId);
  const named = new Set(models.flatMap(({ checkpointId }) => checkpointId ?? []));
  const usable = await selectUsableCheckpoints(ctx.db, { projectId: input.projectId });
  const checkpoints = usable.filter(({ kind }) => kind === "base" || kind === "adapter");
  return {
    models,
    checkpoints: checkpoints.filter(({ id }) => !named.has(id)).map(({ id, name, kind }) => ({ id, name, kind })),
    prompts: await countPromptsBySplit(ctx.db, input.projectId),
    scales: project.annotation.scales,
    overlap: project.overlap,
  };
}

/** Stops asking people, or asks them again. Throws NOT_FOUND. */
export async function closeHumanEvaluation(ctx: UserContext, input: { id: string; closed: boolean }): Promise<{ closed: boolean }> {
  const { projectId } = await requireProject(ctx, { humanEvaluation: input.id }, "researcher");
  await ctx.db.transaction(async (tx) => {
    await setEvaluationClosed(tx, input);
    const details = { humanEvaluation: input.id, closed: input.closed };
    await recordAction(tx, ctx.user.id, { action: "evaluation.closed", projectId, kind: "project", id: projectId, details });
  });
  return { closed: input.closed };
}
