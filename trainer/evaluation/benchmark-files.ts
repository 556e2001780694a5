/**
 * Reads a task's data: the published files in the hub's layout (Parquet, JSONL or CSV), from a folder or from the hub; or
 * the hand-written sample that ships with Hone, in the same layout.
 */
import { createReadStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { parse as parseCsv } from "csv-parse";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Row } from "../../domain/tasks/prepare";
import type { Task } from "../../domain/tasks/task";
import { type FoundFiles, folderSource, type TaskSource } from "./task-source";

/** Where the samples lie. */
export const SAMPLE_FOLDER = path.join(import.meta.dirname, "samples");

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

/** `file` is read, `name` is what errors call it. */
type ReadFile = { file: string; name: string };

async function* readJsonLines({ file, name }: ReadFile): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (error) {
      throw new Error(`${name}, line ${line}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw new Error(`${name}, line ${line}: a row must be an object`);
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

async function* readCsv({ file, name: fileName }: ReadFile): AsyncGenerator<Row> {
  const rows = createReadStream(file).pipe(parseCsv({ columns: true, bom: true })) as AsyncIterable<Record<string, string>>;
  try {
    for await (const row of rows) yield Object.fromEntries(Object.entries(row).map(([name, text]) => [name, cell(text)]));
  } catch (error) {
    throw new Error(`${fileName}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Read at a time. */
const PARQUET_ROWS = 1_000;

async function* readParquet({ file, name }: ReadFile): AsyncGenerator<Row> {
  const buffer = await asyncBufferFromFile(file);
  for (let start = 0; ; start += PARQUET_ROWS) {
    const rows = await parquetReadObjects({ file: buffer, compressors, rowStart: start, rowEnd: start + PARQUET_ROWS }).catch(
      (error: unknown) => {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
      },
    );
    for (const row of rows) yield plain(row) as Row;
    if (rows.length < PARQUET_ROWS) return;
  }
}

const readRows = (file: ReadFile): AsyncGenerator<Row> =>
  file.name.endsWith(".parquet") ? readParquet(file) : file.name.endsWith(".csv") ? readCsv(file) : readJsonLines(file);

/** Rows of a split, the first `limit` of them; a file is opened when its turn comes. Throws naming file and line of what cannot be read. */
async function readSplit(
  { files, shared, open }: Pick<FoundFiles, "files" | "shared" | "open">,
  { data }: Pick<Task, "data">,
  limit: number | null,
): Promise<Row[]> {
  const out: Row[] = [];
  for (const name of files) {
    if (limit !== null && out.length >= limit) return out;
    for await (const row of readRows({ file: await open(name), name })) {
      if (limit !== null && out.length >= limit) return out;
      if (shared && data.configColumn !== null && row[data.configColumn] !== data.config) continue;
      out.push(row);
    }
  }
  return out;
}

/** Random examples are drawn from the first rows of their split: some splits are gigabytes. */
const FEWSHOT_POOL = 5_000;

type TaskData = {
  sample: boolean;
  /** The hub's commit; null where files lay in a folder. */
  revision: string | null;
  rows: Row[];
  fewshotRows: Row[];
};

/**
 * A task's rows: of `source` where it has them, else of the sample. With `required`, a source without them is an error.
 * Throws where examples are asked for and the source has too few.
 */
export async function loadTaskData(
  task: Task,
  { source, required, shots, limit }: { source: TaskSource | null; required: boolean; shots: number; limit: number | null },
): Promise<TaskData> {
  const own = source === null ? null : await source.find(task, task.data.split);
  if (own === null && required)
    throw new Error(
      `${task.name}: ${source?.name} has no files of ${task.data.dataset}${task.data.config === null ? "" : `, ${task.data.config}`}, split ${task.data.split}`,
    );
  const sample = own === null;
  const samples = folderSource(SAMPLE_FOLDER);
  const from = own === null || source === null ? samples : source;
  const found = own ?? (await samples.find(task, task.data.split));
  if (found === null) throw new Error(`${task.name}: neither the data folder nor the sample has its split ${task.data.split}`);
  const examples = shots === 0 || task.data.fewshot === null ? null : await from.find(task, task.data.fewshot);
  if (shots > 0 && examples === null && !sample)
    throw new Error(
      `${task.name}: ${shots} examples are asked for, and ${from.name} has no split ${task.data.fewshot ?? "for examples"} of ${task.data.dataset}`,
    );
  const fewshotRows = examples === null ? [] : await readSplit(examples, task, task.sampler === "first" ? shots : FEWSHOT_POOL);
  return { sample, revision: found.revision, rows: await readSplit(found, task, limit), fewshotRows };
}
