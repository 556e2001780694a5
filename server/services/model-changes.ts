/** Taking models in from the web, merging adapters into models, and deleting what nothing needs. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { selectCheckpointChain } from "../../db/queries/checkpoints";
import { countCheckpointUses, deleteCheckpoint } from "../../db/queries/models";
import { selectRun } from "../../db/queries/runs";
import { roleAtLeast } from "../../domain/user";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { env } from "../env";
import { AppError, fieldError } from "../errors";
import { checkpointFolder } from "../model-folder";
import { uploadFolder } from "../model-uploads";
import { askTrainer } from "../trainer-command";
import { requireCheckpoint } from "./checkpoint";
import { type AddedModel, addModel, isModelName } from "./model";
import { offeredFolder } from "./model-list";

const modelName = z.string().trim().refine(isModelName, "Letters, digits, dots, dashes and underscores, at most 100");

export const addModelSchema = z.strictObject({
  name: modelName,
  source: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("upload"), uploadId: z.uuid() }),
    /** Below models/ of the data folder, or an absolute path for admins. */
    z.strictObject({ kind: z.literal("path"), path: z.string().trim().min(1, "Choose a folder").max(1000) }),
  ]),
});

export const mergeModelSchema = z.strictObject({ checkpointId: z.uuid(), name: modelName, dtype: z.enum(["f32", "bf16"]).default("f32") });

const storeFolder = () => resolve(env().dataFolder, "store");

/** The folder that a path means. Throws FORBIDDEN where it is not this person's to name, BAD_INPUT where there is none. */
function resolvePath(ctx: UserContext, path: string): string {
  const outside = isAbsolute(path) || path.split(/[\\/]/).includes("..");
  // Whether a folder exists is nobody's business who may not use it.
  if (outside && !roleAtLeast(ctx.user.role, "admin"))
    throw new AppError("FORBIDDEN", `Only admins may name folders outside of ${offeredFolder()}`);
  const folder = resolve(offeredFolder(), path);
  if (!existsSync(folder)) throw fieldError("path", `There is no folder ${path} on the server's machine`);
  return folder;
}

/** Checks a folder as the trainer reads it and takes it in. Throws BAD_INPUT naming the tensor, file or field that is wrong. */
export async function takeInModel(
  ctx: UserContext,
  { name, source }: z.infer<typeof addModelSchema>,
): Promise<AddedModel & { family: string; parameters: number }> {
  const folder = source.kind === "upload" ? uploadFolder(ctx.user, source.uploadId) : resolvePath(ctx, source.path);
  if (!existsSync(folder)) throw new AppError("GONE", "The uploaded files are not there any more. Choose them again.");
  const facts = await askTrainer<{ family: string; parameters: number }>(["check-model", folder]).catch((error: unknown) => {
    // The uploader named no folder: the message is about files.
    if (error instanceof AppError)
      throw new AppError(
        error.code,
        error.message.replaceAll(`${folder}/`, "").replaceAll(`${folder}: `, "").replaceAll(folder, "The folder"),
        { cause: error },
      );
    throw error;
  });
  const added = await addModel(ctx.db, { folder, name, storeFolder: storeFolder() });
  await recordAction(ctx.db, ctx.user.id, { action: "model.added", projectId: null, kind: "checkpoint", id: added.id, details: { name } });
  if (source.kind === "upload") await rm(folder, { recursive: true, force: true });
  return { ...added, ...facts };
}

/** Merges an adapter and its ancestors' into a whole model of its own. Throws BAD_INPUT for anything but an adapter. */
export async function mergeModel(ctx: UserContext, { checkpointId, name, dtype }: z.infer<typeof mergeModelSchema>): Promise<AddedModel> {
  const checkpoint = await requireCheckpoint(ctx, checkpointId);
  if (checkpoint.kind !== "adapter") throw new AppError("BAD_INPUT", `${checkpoint.name} is no adapter: there is nothing to merge`);
  const folders = (await selectCheckpointChain(ctx.db, checkpointId)).map(({ path }) => checkpointFolder(path)).reverse();
  const out = resolve(env().dataFolder, "uploads", `merge.${crypto.randomUUID()}`);
  try {
    await askTrainer(["merge", ...folders, "--out", out, "--dtype", dtype, "--json"]);
    const { projectId } = checkpoint;
    const origin = { projectId, parentId: checkpoint.id };
    const added = await addModel(ctx.db, { folder: out, name, storeFolder: storeFolder(), origin });
    await recordAction(ctx.db, ctx.user.id, { action: "model.merged", projectId, kind: "checkpoint", id: added.id, details: { name } });
    return added;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

const some = (n: number, one: string, many = `${one}s`) => (n === 0 ? [] : [n === 1 ? `1 ${one}` : `${n} ${many}`]);

/** Removes a checkpoint and its files. Throws CONFLICT saying what needs it, FORBIDDEN for models of everybody unless an admin asks. */
export async function deleteModel(ctx: UserContext, { checkpointId }: { checkpointId: string }): Promise<{ id: string }> {
  const checkpoint = await requireCheckpoint(ctx, checkpointId);
  if (checkpoint.path.startsWith("shipped:")) throw new AppError("CONFLICT", `${checkpoint.name} ships with the product and stays`);
  if (checkpoint.projectId === null && !roleAtLeast(ctx.user.role, "admin"))
    throw new AppError("FORBIDDEN", `${checkpoint.name} is there for all projects; only an admin may delete it`);
  await ctx.db.transaction(async (tx) => {
    const uses = await countCheckpointUses(tx, checkpointId);
    const reasons = [
      ...some(uses.runs, "run started from it or was rewarded by it", "runs started from it or were rewarded by it"),
      ...some(uses.scores, "score was measured on it", "scores were measured on it"),
      ...some(uses.children, "checkpoint stands on it", "checkpoints stand on it"),
      ...some(uses.models, "project has completions that it wrote", "projects have completions that it wrote"),
    ];
    if (reasons.length > 0) throw new AppError("CONFLICT", `${checkpoint.name} is needed: ${reasons.join(", ")}`);
    const run = checkpoint.runId === null || checkpoint.final ? null : await selectRun(tx, checkpoint.runId);
    if (run !== null && run.finishedAt === null)
      throw new AppError("CONFLICT", `${checkpoint.name} is needed: its run has not ended and may go on from it`);
    await deleteCheckpoint(tx, checkpointId);
    const { projectId, name } = checkpoint;
    await recordAction(tx, ctx.user.id, { action: "model.deleted", projectId, kind: "checkpoint", id: checkpointId, details: { name } });
  });
  await rm(checkpointFolder(checkpoint.path), { recursive: true, force: true });
  return { id: checkpointId };
}
