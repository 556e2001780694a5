/** Base models from outside: a Hugging Face folder becomes a checkpoint that runs can start from. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Db } from "../../db/client";
import { insertCheckpoint, selectCheckpointByPath } from "../../db/queries/checkpoints";

/** What a model folder may hold that the trainer reads. */
const MODEL_FILES =
  /^(config\.json|generation_config\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|chat_template\.jinja|model.*\.safetensors|model\.safetensors\.index\.json)$/;

/** sha256 of the weight files in order of their names, as the trainer takes it; null for a folder without weights. */
export async function hashModelFolder(folder: string): Promise<string | null> {
  const names = await readdir(folder);
  const weights = names.filter((name) => name.endsWith(".safetensors") && MODEL_FILES.test(name)).sort();
  if (weights.length === 0 || !names.includes("config.json")) return null;
  const hash = createHash("sha256");
  for (const name of weights) for await (const chunk of createReadStream(path.join(folder, name))) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

export type AddedModel = { id: string; name: string; path: string; created: boolean };

/**
 * Copies the model's files into the file store and records them; the same weights under the same name are one
 * checkpoint. The caller has seen that the trainer can read the folder. Throws on a folder without weights and a name
 * that is no folder name.
 */
export async function addModel(db: Db, input: { folder: string; name: string; storeFolder: string }): Promise<AddedModel> {
  const { folder, name, storeFolder } = input;
  if (!/^[\w][\w.-]*$/.test(name)) throw new Error(`name: "${name}" is not letters, digits, dots, dashes and underscores`);
  const hash = await hashModelFolder(folder);
  if (hash === null) throw new Error(`${folder} has no config.json beside *.safetensors`);
  const relative = path.join("models", `${name}-${hash.slice(0, 12)}`);
  const known = await selectCheckpointByPath(db, relative);
  if (known) return { id: known.id, name, path: relative, created: false };
  const target = path.join(storeFolder, relative);
  const temporary = `${target}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  for (const file of (await readdir(folder)).filter((file) => MODEL_FILES.test(file)))
    await cp(path.join(folder, file), path.join(temporary, file), { dereference: true });
  await rm(target, { recursive: true, force: true });
  await rename(temporary, target);
  const { id } = await insertCheckpoint(db, { kind: "base", name, path: relative, hash, final: true });
  return { id, name, path: relative, created: true };
}
