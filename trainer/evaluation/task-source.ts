/**
 * Where the files of a task's data are: a folder, or the Hugging Face hub. Both are searched by one rule: for
 * <owner>/<name> and <name>; in it for <config> and data/<config>, or without a config for data, the dataset's own folder
 * and each folder in it; there for <split>* (in the order of their names) and <split>/*.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Task } from "../../domain/tasks/task";

export type FoundFiles = {
  /** By the names that errors give them. */
  files: string[];
  /** The files hold all configs: rows are to be chosen by the config column. */
  shared: boolean;
  /** Path of one of the files on this machine; it is fetched when it is first read. */
  open(file: string): Promise<string>;
  /** The hub's commit that they are of; null in a folder. */
  revision: string | null;
};

export type TaskSource = {
  /** For errors. */
  name: string;
  find(task: Pick<Task, "name" | "data">, split: string): Promise<FoundFiles | null>;
};

/** Names in one folder, sorted; of a folder that is not there nothing. Paths have slashes and no end. */
export type Listing = (folder: string) => { files: string[]; folders: string[] };

const EXTENSIONS = [".parquet", ".jsonl", ".csv"];
export const isDataFile = (name: string): boolean => EXTENSIONS.some((extension) => name.endsWith(extension));

const join = (...parts: string[]) => parts.filter((part) => part !== "").join("/");

/** Files of one format that `belongs`, of the first format that has any. */
function filesOfFormat(list: Listing, folder: string, belongs: (name: string, extension: string) => boolean): string[] {
  const names = list(folder).files;
  for (const extension of EXTENSIONS) {
    const found = names.filter((name) => name.endsWith(extension) && belongs(name, extension));
    if (found.length > 0) return found.map((name) => join(folder, name));
  }
  return [];
}

/** "<split>.jsonl", "<split>-00000-of-00002.parquet" and the like. */
const splitFiles = (list: Listing, folder: string, split: string) =>
  filesOfFormat(
    list,
    folder,
    (name, extension) => name === split + extension || name.startsWith(`${split}-`) || name.startsWith(`${split}.`),
  );

/** The files of a split of a task's data; null when there are none. */
export function findTaskFiles(list: Listing, { data }: Pick<Task, "data">, split: string): Pick<FoundFiles, "files" | "shared"> | null {
  const name = data.dataset.split("/")[1] ?? "";
  const { config, configColumn } = data;
  for (const base of [data.dataset, name]) {
    // A dataset of one config may have a folder for it, whatever its name.
    const folders = config === null ? ["data", "", ...list(base).folders] : [config, `data/${config}`];
    for (const folder of folders) {
      // A folder that is a split is the hub's converted Parquet: <config>/<split>/0000.parquet.
      for (const files of [splitFiles(list, join(base, folder), split), filesOfFormat(list, join(base, folder, split), () => true)]) {
        if (files.length > 0) return { files, shared: false };
      }
    }
    if (configColumn !== null) {
      const files = splitFiles(list, join(base, "all"), split);
      if (files.length > 0) return { files, shared: true };
    }
  }
  return null;
}

/** Published files in the hub's layout, as its download makes them. */
export function folderSource(root: string): TaskSource {
  const list: Listing = (folder) => {
    const place = path.join(root, folder);
    if (!existsSync(place) || !statSync(place).isDirectory()) return { files: [], folders: [] };
    const names = readdirSync(place).sort();
    const isFolder = (name: string) => statSync(path.join(place, name)).isDirectory();
    return { files: names.filter((name) => !isFolder(name)), folders: names.filter(isFolder) };
  };
  return {
    name: root,
    find: async (task, split) => {
      const found = findTaskFiles(list, task, split);
      return (
        found && { ...found, files: found.files.map((file) => path.join(root, file)), open: async (file: string) => file, revision: null }
      );
    },
  };
}

/** The first of the sources that has a task's files. */
export const firstSource = (sources: readonly TaskSource[]): TaskSource => ({
  name: sources.map(({ name }) => name).join(" and "),
  find: async (task, split) => {
    for (const source of sources) {
      const found = await source.find(task, split);
      if (found !== null) return found;
    }
    return null;
  },
});
