/** The models page: what runs can start from, and which folders wait to be taken in. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { selectModelCheckpoints } from "../../db/queries/models";
import { roleAtLeast } from "../../domain/user";
import { listProjectsWith } from "../access";
import { checkpointFacts } from "../checkpoint-facts";
import type { UserContext } from "../context";
import { env } from "../env";
import { checkpointFolder } from "../model-folder";

/** Base models and results of runs that the caller works with, newest first, with what their files say. */
export async function listModels(ctx: UserContext) {
  const mine = new Set(await listProjectsWith(ctx, "researcher"));
  const works = mine.size > 0 || roleAtLeast(ctx.user.role, "researcher");
  const rows = (await selectModelCheckpoints(ctx.db)).filter(({ projectId }) => (projectId === null ? works : mine.has(projectId)));
  return Promise.all(
    rows.map(async ({ path, hash, ...row }) => ({
      ...row,
      shipped: path.startsWith("shipped:"),
      folder: checkpointFolder(path),
      facts: await checkpointFacts({ path, hash }),
    })),
  );
}

export type ListedModel = Awaited<ReturnType<typeof listModels>>[number];

/** Where folders are looked for that anybody may take in. */
export const offeredFolder = () => resolve(env().dataFolder, "models");

async function foldersIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name);
}

/** Model folders below `models/` of the data folder, as `name` or `owner/name`, in order. */
export async function listOfferedFolders(_ctx: UserContext): Promise<{ root: string; folders: string[] }> {
  const root = offeredFolder();
  const folders: string[] = [];
  for (const name of await foldersIn(root)) {
    if (existsSync(join(root, name, "config.json"))) folders.push(name);
    else
      for (const inner of await foldersIn(join(root, name)))
        if (existsSync(join(root, name, inner, "config.json"))) folders.push(`${name}/${inner}`);
  }
  return { root, folders: folders.sort() };
}
