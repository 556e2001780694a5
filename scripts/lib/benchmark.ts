/** `npm run hone -- benchmark`: tasks on a model folder, without a database. */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { loadCheckpoint } from "../../trainer/checkpoint/checkpoint-chain";
import { loadChosenEngine } from "./chosen-engine";
import { countRequests, loadBenchmark, runBenchmark } from "../../trainer/evaluation/benchmark";
import { hubSource } from "../../trainer/evaluation/hub-source";
import { openAnswerCache } from "../../trainer/evaluation/result-cache";
import { firstSource, folderSource } from "../../trainer/evaluation/task-source";
import { benchmarkConfigSchema } from "../../domain/run";
import { expandTasks } from "../../domain/tasks/registry";
import { scoreBenchmark } from "../../domain/tasks/score";
import { readScoreName } from "../../domain/tasks/score-names";
import { dataFolder, loadEnvFile } from "./environment";

export type BenchmarkOptions = {
  checkpoint: string;
  tasks: string;
  data?: string;
  hub: boolean;
  shots?: string;
  limit?: string;
  batchSize: string;
  seed: string;
  json: boolean;
};

const number = (text: string | undefined) => (text === undefined ? null : Number(text));

/** The newest commits; which they are is said as they are opened, and stands in the signatures. */
const openHub = () =>
  hubSource({
    hub: { url: process.env.HF_ENDPOINT || "https://huggingface.co", token: process.env.HF_TOKEN || null },
    folder: path.join(dataFolder(), "store", "hub-files"),
    revisions: new Map(),
    onPin: async (dataset, revision) => console.error(`${dataset} from the hub, commit ${revision}`),
    stopped: () => false,
  });

export async function benchmark({ checkpoint: folder, tasks: names, data, hub, json, ...numbers }: BenchmarkOptions): Promise<void> {
  const parsed = benchmarkConfigSchema.safeParse({
    kind: "benchmark",
    tasks: names.split(",").map((name) => name.trim()),
    shots: number(numbers.shots),
    limit: number(numbers.limit),
    batchSize: Number(numbers.batchSize),
    seed: Number(numbers.seed),
  });
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { tasks: wanted, shots, limit, batchSize, seed } = parsed.data;
  loadEnvFile();
  const usual = path.join(dataFolder(), "benchmarks");
  const files = data ?? (existsSync(usual) ? usual : null);
  const sources = files === null ? [] : [folderSource(files)];
  if (hub) sources.push(openHub());
  const source = sources.length === 0 ? null : firstSource(sources);
  const tasks = await loadBenchmark(expandTasks(wanted), { source, required: data !== undefined || hub, shots, limit, seed });
  const engine = await loadChosenEngine();
  const total = countRequests(tasks);
  console.error(`${total} requests on ${engine.description}`);
  const checkpoint = await loadCheckpoint([{ kind: "base", folder }]);
  const started = performance.now();
  const outcomes = await runBenchmark(engine, { checkpoint, tasks, batchSize, cache: await openAnswerCache(null) }, async (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total}`);
    return undefined;
  });
  const seconds = (performance.now() - started) / 1000;
  const scores = await scoreBenchmark(
    tasks.map(({ items: _items, ...task }) => ({ ...task, outcomes: outcomes?.get(task.task.name) ?? [], overlap: null })),
    seed,
  );
  if (json)
    return console.log(JSON.stringify({ checkpoint: folder, engine: engine.description, requests: total, seconds, scores }, null, 2));
  console.error(`\n${seconds.toFixed(1)} s`);
  for (const { metric, value, low, high, n } of scores) {
    const name = readScoreName(metric);
    const shown = (x: number | null) => (x === null ? "" : name?.percent ? (100 * x).toFixed(1) : x.toFixed(3));
    console.log(`${metric.padEnd(44)} ${shown(value).padStart(7)}  ${shown(low)} to ${shown(high)}, n = ${n}`);
  }
  if (tasks.some(({ sample }) => sample))
    console.log("\nNames that begin with sample/ are scores on Hone's hand-written rows: they are not the benchmark's.");
}
