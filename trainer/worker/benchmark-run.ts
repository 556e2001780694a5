/** A benchmark run on the database: the checkpoint's answers, its training data for the overlap, and the scores. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Db } from "../../db/client";
import { type CheckpointRow, lineageOf, selectCheckpointChain } from "../../db/queries/checkpoints";
import { pinRunRevisions, type RunRow } from "../../db/queries/runs";
import { upsertScores } from "../../db/queries/scores";
import { readTrainingContents, selectPromptsOfSplit } from "../../db/queries/training-data";
import type { DatasetRow } from "../../domain/dataset";
import type { BenchmarkConfig, SampleRow } from "../../domain/run";
import { expandTasks } from "../../domain/tasks/registry";
import { predict } from "../../domain/tasks/metrics";
import { scoreBenchmark, type TaskResult } from "../../domain/tasks/score";
import { FencedError, type Outcome, type TrainContext } from "../algorithms/train-context";
import { type ChainLink, disposeCheckpoints, loadCheckpoint } from "../checkpoint/checkpoint-chain";
import { type BenchmarkTask, countRequests, findOverlaps, loadBenchmark, runBenchmark } from "../evaluation/benchmark";
import { FetchStopped, type HubPlace, hubSource } from "../evaluation/hub-source";
import { openAnswerCache } from "../evaluation/result-cache";
import { firstSource, folderSource, type TaskSource } from "../evaluation/task-source";
import { chainOf, createContext, type RunWork, tellStep } from "./run-work";

export type BenchmarkRunInput = {
  db: Db;
  run: RunRow;
  config: BenchmarkConfig;
  chain: ChainLink[];
  storeFolder: string;
  benchmarksFolder: string | null;
  hub: HubPlace | null;
  /** Records how many requests are done. */
  tell(step: number): Promise<void>;
};

/** What the run reads: its folder, and then the hub where it asks for that. Commits become part of the run before anything is read. */
function openSource(context: TrainContext, { db, run, config, benchmarksFolder, storeFolder, hub }: BenchmarkRunInput): TaskSource | null {
  const folder = dataFolderOf(config, benchmarksFolder);
  const sources = folder === null ? [] : [folderSource(folder)];
  if (config.files === "hub") {
    if (hub === null) throw new Error("This worker does not know the hub");
    const revisions = new Map(config.revisions.map((pin): [string, string] => [pin.split("@")[0] ?? "", pin.split("@")[1] ?? ""]));
    sources.push(
      hubSource({
        hub,
        folder: path.join(storeFolder, "hub-files"),
        revisions,
        onPin: async (dataset, revision) => {
          const pins = [...revisions].map(([name, commit]) => `${name}@${commit}`);
          if (!(await pinRunRevisions(db, { runId: run.id, attempt: run.attempt, revisions: pins }))) throw new FencedError();
          await context.emit([{ kind: "log", level: "info", message: `${dataset} from the hub, commit ${revision}` }]);
        },
        stopped: () => context.requested() !== null,
      }),
    );
  }
  return sources.length === 0 ? null : firstSource(sources);
}

/** The folder that a run reads from. Throws when it names one that is not there. */
function dataFolderOf(config: BenchmarkConfig, benchmarksFolder: string | null): string | null {
  if (config.dataFolder === null) return benchmarksFolder !== null && existsSync(benchmarksFolder) ? benchmarksFolder : null;
  if (benchmarksFolder === null) throw new Error("This worker has no folder of benchmarks");
  const folder = path.join(benchmarksFolder, config.dataFolder);
  if (!existsSync(folder)) throw new Error(`The worker has no folder benchmarks/${config.dataFolder}`);
  return folder;
}

const textsOf = (content: DatasetRow["content"]): string[] => {
  const asked = content.messages.map((message) => message.content).join("\n");
  return "completions" in content
    ? content.completions.map((completion) => `${asked}\n${completion}`)
    : [`${asked}\n${content.completion}`];
};

/** Everything that the checkpoint learnt from here: training rows of its lineage's dataset versions, and prompts of PPO. */
async function trainingDataOf(db: Db, checkpointId: string): Promise<{ texts: AsyncIterable<string>; against: string } | null> {
  const { datasets, runs, checkpoints } = await lineageOf(db, checkpointId);
  const ppoProjects = [
    ...new Set(
      runs.flatMap(({ kind, id }) =>
        kind === "ppo" ? checkpoints.flatMap(({ runId, projectId }) => (runId === id && projectId !== null ? [projectId] : [])) : [],
      ),
    ),
  ];
  if (datasets.length === 0 && ppoProjects.length === 0) return null;
  const bases = checkpoints.filter(({ runId }) => runId === null).map(({ name }) => name);
  async function* texts(): AsyncGenerator<string> {
    for (const { id } of datasets) for await (const content of readTrainingContents(db, id)) yield* textsOf(content);
    for (const projectId of ppoProjects)
      for (const { messages } of await selectPromptsOfSplit(db, projectId, "train"))
        yield messages.map(({ content }) => content).join("\n");
  }
  const looked = [
    ...datasets.map(({ kind, version, hash }) => `${kind} v${version} ${hash.slice(0, 12)}`),
    ...(ppoProjects.length > 0 ? ["prompts of PPO"] : []),
  ];
  return { texts: texts(), against: `${looked.join(", ")}${bases.length > 0 ? `; pretraining of ${bases.join(", ")} not known` : ""}` };
}

const hashOf = (checkpoints: readonly CheckpointRow[]) =>
  createHash("sha256")
    .update(checkpoints.map(({ hash }) => hash).join("\n"))
    .digest("hex");

/** A few answers for people to look at. */
function showRows(results: readonly TaskResult[], count: number): SampleRow[] {
  const perTask = Math.max(1, Math.floor(count / results.length));
  return results
    .flatMap(({ outcomes }) => outcomes.slice(0, perTask))
    .slice(0, count)
    .map((outcome) => {
      const { item, logprobs, text } = outcome;
      const chosen = predict(outcome);
      return {
        prompt: item.context,
        completion: logprobs.length === 0 ? text : (item.choices[chosen] ?? ""),
        reference: item.references[0] ?? item.choices[item.gold] ?? null,
        score: logprobs[chosen] ?? null,
        kl: null,
      };
    });
}

const SHOWN = 20;

function describeTasks(tasks: readonly BenchmarkTask[]): string {
  const items = tasks.reduce((sum, task) => sum + task.items.length, 0);
  const samples = tasks.filter(({ sample }) => sample);
  const said = `${items} items of ${tasks.length} ${tasks.length === 1 ? "task" : "tasks"}`;
  if (samples.length === 0) return said;
  return `${said}. ${samples.length === tasks.length ? "All" : samples.map(({ task }) => task.name).join(", ")} on Hone's hand-written sample: these scores are not the benchmark's`;
}

export async function runBenchmarkOf(context: TrainContext, input: BenchmarkRunInput): Promise<Outcome> {
  const { db, run, config, chain, storeFolder, tell } = input;
  const stopped = () => (context.requested() === "cancel" ? "cancelled" : "paused");
  const checkpointId = run.baseCheckpointId;
  if (checkpointId === null) throw new Error("The run has no checkpoint to score");
  const tasks = await loadBenchmark(expandTasks(config.tasks), {
    source: openSource(context, input),
    required: config.dataFolder !== null || config.files === "hub",
    shots: config.shots,
    limit: config.limit,
    seed: config.seed,
  }).catch((error: unknown) => {
    if (error instanceof FetchStopped) return null;
    throw error;
  });
  if (tasks === null) return stopped();
  await context.start(countRequests(tasks));
  await context.emit([{ kind: "log", level: tasks.some(({ sample }) => sample) ? "warning" : "info", message: describeTasks(tasks) }]);
  const training = await trainingDataOf(db, checkpointId);
  const overlaps = training === null ? null : await findOverlaps(tasks, training);
  const file = path.join(
    storeFolder,
    "benchmark-answers",
    `${hashOf(await selectCheckpointChain(db, checkpointId))}.${context.engine.name}.jsonl`,
  );
  const checkpoint = await loadCheckpoint(chain);
  let outcomes: Awaited<ReturnType<typeof runBenchmark>>;
  try {
    outcomes = await runBenchmark(
      context.engine,
      { checkpoint, tasks, batchSize: config.batchSize, cache: await openAnswerCache(file) },
      async (done) => {
        await tell(done);
        return context.requested() ? "stop" : undefined;
      },
    );
  } finally {
    disposeCheckpoints(checkpoint);
  }
  if (outcomes === null) return stopped();
  const results = tasks.map(
    ({ items: _items, ...task }): TaskResult => ({
      ...task,
      outcomes: outcomes.get(task.task.name) ?? [],
      overlap: overlaps?.get(task.task.name) ?? null,
    }),
  );
  // The heartbeat goes on meanwhile.
  const scores = await scoreBenchmark(results, config.seed, setImmediate);
  await upsertScores(
    db,
    scores.map((score) => ({ ...score, projectId: run.projectId, checkpointId, runId: run.id })),
  );
  const step = countRequests(tasks);
  await context.emit([
    { kind: "metric", step, values: Object.fromEntries(scores.map(({ metric, value }) => [`eval/${metric}`, value])) },
    { kind: "sample", step, rows: showRows(results, SHOWN) },
  ]);
  return "succeeded";
}

export async function benchmarkRun(work: RunWork, config: BenchmarkConfig): Promise<Outcome> {
  const { db, run, storeFolder, benchmarksFolder = null, hub = null } = work;
  const context = await createContext(work, "adapter", null);
  return runBenchmarkOf(context, {
    db,
    run,
    config,
    chain: await chainOf(work, run.baseCheckpointId, "checkpoint"),
    storeFolder,
    benchmarksFolder,
    hub,
    tell: (step) => tellStep(work, step),
  });
}
