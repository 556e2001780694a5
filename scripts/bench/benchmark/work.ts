/** What both sides of `npm run bench -- benchmark` are given: a golden model, and rows of Hone's samples, repeated with a number before each. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { findTask } from "../../../domain/tasks/registry";
import { loadTaskData } from "../../../trainer/evaluation/benchmark-files";
import { ROOT } from "../../lib/root";

export type BenchmarkWork = { model: string; data: string; task: string; shots: number; batchSize: number };

/** The column that tells rows apart, which the sample's rows are too few to be. */
const TEXT_COLUMNS: Record<string, string> = { hellaswag: "ctx_a", rte: "sentence1", mmlu_anatomy: "question", nq_open: "question" };

/** Writes `rows` rows of `name` in the hub's layout into `folder`, and work.json. Returns its path. */
export async function prepareBenchmark(folder: string, name: string, options: { rows: number; shots: number }): Promise<string> {
  const task = findTask(name);
  const column = TEXT_COLUMNS[name];
  if (task === undefined || column === undefined) throw new Error(`There are no rows to repeat for ${name}`);
  const { rows, fewshotRows } = await loadTaskData(task, { source: null, required: false, shots: options.shots, limit: null });
  const many = Array.from({ length: options.rows }, (_, i) => {
    const row = rows[i % rows.length] ?? {};
    return { ...row, [column]: `Number ${i}: ${String(row[column])}`, idx: i, ind: i };
  });
  const { dataset, config, split, fewshot } = task.data;
  const place = path.join(folder, "data", dataset, config ?? "");
  await mkdir(place, { recursive: true });
  const lines = (all: readonly object[]) => all.map((row) => `${JSON.stringify(row)}\n`).join("");
  await writeFile(path.join(place, `${split}.jsonl`), lines(many));
  if (fewshot !== null && options.shots > 0) await writeFile(path.join(place, `${fewshot}.jsonl`), lines(fewshotRows));
  const work: BenchmarkWork = {
    model: path.join(ROOT, "tests/golden/models/tiny-llama"),
    data: path.join(folder, "data"),
    task: name,
    shots: options.shots,
    batchSize: 16,
  };
  const file = path.join(folder, "work.json");
  await writeFile(file, JSON.stringify(work));
  return file;
}
