/**
 * Finds and reads a task's data: the published files in the hub's layout, as its download makes them, from a folder; or
 * the hand-written sample that ships with Hone, in the same layout.
 *
 * A folder is searched for <owner>/<name> and <name>; in it for <config> and data/<config>, or without a config for data,
 * the dataset's own folder and each folder in it; there for <split>* (in the order of their names) and <split>/*.
 * Parquet, JSONL and CSV are read.
 */
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { parse as parseCsv } from "csv-parse";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Row } from "../../domain/tasks/prepare";
import type { Task } from "../../domain/tasks/task";

/** Where the samples lie. */
export const SAMPLE_FOLDER = path.join(import.meta.dirname, "samples");

const EXTENSIONS = [".parquet", ".jsonl", ".csv"];

const isFolder = (folder: string) => existsSync(folder) && statSync(folder).isDirectory();

const subfolders = (folder: string): string[] =>
  isFolder(folder)
    ? readdirSync(folder)
        .sort()
        .filter((name) => isFolder(path.join(folder, name)))
    : [];

/** Files of `split` in one folder: "<split>.jsonl", "<split>-00000-of-00002.parquet" and the like, of one format. */
function splitFiles(folder: string, split: string): string[] {
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).sort();
  for (const extension of EXTENSIONS) {
    const found = names.filter(
      (name) => name.endsWith(extension) && (name === split + extension || name.startsWith(`${split}-`) || name.startsWith(`${split}.`)),
    );
    if (found.length > 0) return found.map((name) => path.join(folder, name));
  }
  return [];
}

export type FoundFiles = {
  files: string[] /** The files hold all configs: rows are to be chosen by the config column. */;
  shared: boolean;
};

/** The files of a split of a task's data in `root`; null when there are none. */
export function findTaskFiles(root: string, { data }: Pick<Task, "data">, split: string): FoundFiles | null {
  const name = data.dataset.split("/")[1] ?? "";
  const { config, configColumn } = data;
  for (const base of [path.join(root, data.dataset), path.join(root, name)]) {
    // A dataset of one config may have a folder for it, whatever its name.
    const folders = config === null ? ["data", "", ...subfolders(base)] : [config, `data/${config}`];
    for (const folder of folders) {
      for (const files of [splitFiles(path.join(base, folder), split), allFiles(path.join(base, folder, split))]) {
        if (files.length > 0) return { files, shared: false };
      }
    }
    if (configColumn !== null) {
      const files = splitFiles(path.join(base, "all"), split);
      if (files.length > 0) return { files, shared: true };
    }
  }
  return null;
}

/** Every data file of a folder that is a split (the hub's converted Parquet: <config>/<split>/0000.parquet). */
function allFiles(folder: string): string[] {
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).sort();
  for (const extension of EXTENSIONS) {
    const found = names.filter((name) => name.endsWith(extension));
    if (found.length > 0) return found.map((name) => path.join(folder, name));
  }
  return [];
}

/** Parquet's 64-bit integers and dates as JSON has them. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}

async function* readJsonLines(file: string): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (error) {
      throw new Error(`${file}, line ${line}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw new Error(`${file}, line ${line}: a row must be an object`);
    yield row as Row;
  }
}

/** A CSV cell: lists and objects are JSON in it, numbers are numbers. */
function cell(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A text that only begins like JSON.
    return text;
  }
}

async function* readCsv(file: string): AsyncGenerator<Row> {
  const rows = createReadStream(file).pipe(parseCsv({ columns: true, bom: true })) as AsyncIterable<Record<string, string>>;
  try {
    for await (const row of rows) yield Object.fromEntries(Object.entries(row).map(([name, text]) => [name, cell(text)]));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Read at a time. */
const PARQUET_ROWS = 1_000;

async function* readParquet(file: string): AsyncGenerator<Row> {
  const buffer = await asyncBufferFromFile(file);
  for (let start = 0; ; start += PARQUET_ROWS) {
    const rows = await parquetReadObjects({ file: buffer, compressors, rowStart: start, rowEnd: start + PARQUET_ROWS });
    for (const row of rows) yield plain(row) as Row;
    if (rows.length < PARQUET_ROWS) return;
  }
}

const readRows = (file: string): AsyncGenerator<Row> =>
  file.endsWith(".parquet") ? readParquet(file) : file.endsWith(".csv") ? readCsv(file) : readJsonLines(file);

/** Rows of a split, the first `limit` of them. Throws naming file and line of what cannot be read. */
export async function readSplit({ files, shared }: FoundFiles, { data }: Pick<Task, "data">, limit: number | null): Promise<Row[]> {
  const out: Row[] = [];
  for (const file of files) {
    for await (const row of readRows(file)) {
      if (limit !== null && out.length >= limit) return out;
      if (shared && data.configColumn !== null && row[data.configColumn] !== data.config) continue;
      out.push(row);
    }
  }
  return out;
}

/** Random examples are drawn from the first rows of their split: some splits are gigabytes. */
const FEWSHOT_POOL = 5_000;

export type TaskData = { sample: boolean; rows: Row[]; fewshotRows: Row[] };

/**
 * A task's rows: of `folder` where it has them, else of the sample. With `required`, a folder without them is an error.
 * Throws where examples are asked for and the folder has too few.
 */
export async function loadTaskData(
  task: Task,
  { folder, required, shots, limit }: { folder: string | null; required: boolean; shots: number; limit: number | null },
): Promise<TaskData> {
  const own = folder === null ? null : findTaskFiles(folder, task, task.data.split);
  if (own === null && required)
    throw new Error(
      `${task.name}: ${folder} has no files of ${task.data.dataset}${task.data.config === null ? "" : `, ${task.data.config}`}, split ${task.data.split}`,
    );
  const sample = own === null;
  const root = own === null || folder === null ? SAMPLE_FOLDER : folder;
  const found = own ?? findTaskFiles(SAMPLE_FOLDER, task, task.data.split);
  if (found === null) throw new Error(`${task.name}: neither the data folder nor the sample has its split ${task.data.split}`);
  const examples = shots === 0 || task.data.fewshot === null ? null : findTaskFiles(root, task, task.data.fewshot);
  if (shots > 0 && examples === null && !sample)
    throw new Error(
      `${task.name}: ${shots} examples are asked for, and ${root} has no split ${task.data.fewshot ?? "for examples"} of ${task.data.dataset}`,
    );
  const fewshotRows = examples === null ? [] : await readSplit(examples, task, task.sampler === "first" ? shots : FEWSHOT_POOL);
  return { sample, rows: await readSplit(found, task, limit), fewshotRows };
}
