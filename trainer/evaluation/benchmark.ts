/** Runs benchmark tasks on a checkpoint: one pass over the choices of all of them, one over the texts to be written. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../domain/canonical";
import { createRandom } from "../../domain/random";
import { buildItems, type TaskItem } from "../../domain/tasks/build";
import type { Outcome } from "../../domain/tasks/metrics";
import { createOverlapIndex } from "../../domain/tasks/overlap";
import type { TaskResult } from "../../domain/tasks/score";
import type { Task } from "../../domain/tasks/task";
import type { LoadedCheckpoint } from "../checkpoint/checkpoint-chain";
import type { Engine } from "../engine/engine";
import { createGenerator } from "../generation/generate";
import { loadTaskData } from "./benchmark-files";
import { createLikelihoodScorer, type EncodedPair, encodePair, paddedLength } from "./likelihood";
import { type Answer, type AnswerCache, requestKey } from "./result-cache";

export type BenchmarkTask = Omit<TaskResult, "outcomes" | "overlap"> & { items: TaskItem[] };

export type LoadOptions = {
  /** Published files in the hub's layout; null for the samples. */
  folder: string | null;
  /** Whether a task whose files are not in the folder is an error, or falls back to its sample. */
  required: boolean;
  /** Examples before each item; null for each task's own number. */
  shots: number | null;
  /** Rows of each task; null for all. */
  limit: number | null;
  seed: number;
};

const hashOf = (value: unknown) => createHash("sha256").update(canonicalJson(value)).digest("hex");

/** Reads data and builds items of every task before the first is asked, so that bad data stop a run at its start. */
export async function loadBenchmark(
  tasks: readonly Task[],
  { folder, required, shots, limit, seed }: LoadOptions,
): Promise<BenchmarkTask[]> {
  const out: BenchmarkTask[] = [];
  for (const task of tasks) {
    const wanted = task.data.fewshot === null ? 0 : (shots ?? task.shots);
    const { sample, rows, fewshotRows } = await loadTaskData(task, { folder, required, shots: wanted, limit });
    const items = buildItems(task, rows, fewshotRows, { shots: wanted, limit, seed });
    if (items.length === 0) throw new Error(`${task.name}: no row of its data can be scored`);
    const itemsHash = hashOf(
      items.map(({ context, continuations, gold, references, truths, relevance }) => [
        context,
        continuations,
        Number.isNaN(gold) ? null : gold,
        references,
        truths,
        relevance,
      ]),
    );
    // The sample has few examples; a row of a split that is scored is no example of itself.
    const available = task.data.fewshot === task.data.split ? Math.max(0, fewshotRows.length - 1) : fewshotRows.length;
    out.push({ task, sample, shots: Math.min(wanted, available), limit, seed, taskHash: hashOf(task), itemsHash, items });
  }
  return out;
}

/** Items of all tasks against training texts. `against` says in words what was looked through. */
export async function findOverlaps(
  tasks: readonly BenchmarkTask[],
  training: { texts: Iterable<string> | AsyncIterable<string>; against: string },
): Promise<Map<string, TaskResult["overlap"]>> {
  const indexes = tasks.map(({ task, items }) => ({ task, index: createOverlapIndex(items.map(({ ownText }) => ownText)) }));
  for await (const text of training.texts) for (const { index } of indexes) index.add(text);
  return new Map(indexes.map(({ task, index }) => [task.name, { report: index.report(), against: training.against }]));
}

export type BenchmarkInput = {
  checkpoint: LoadedCheckpoint;
  tasks: readonly BenchmarkTask[];
  batchSize: number;
  cache: AnswerCache;
};

/** Requests done and to do, cached ones included; "stop" ends the run after the batch. */
export type BenchmarkProgress = (done: number, total: number) => Promise<"stop" | undefined>;

/** As lm-evaluation-harness reads it. */
const DEFAULT_MAX_LENGTH = 2048;

function maxLengthOf({ config }: LoadedCheckpoint): number {
  const found = [config.n_positions, config.max_position_embeddings, config.n_ctx].find((length) => typeof length === "number");
  return typeof found === "number" ? found : DEFAULT_MAX_LENGTH;
}

type Request = { key: string; place: number };

export const countRequests = (tasks: readonly BenchmarkTask[]): number =>
  tasks.reduce((sum, { items }) => sum + items.reduce((n, { continuations }) => n + Math.max(1, continuations.length), 0), 0);

/** Outcomes by task, or null when it was stopped; what was answered until then is in the cache. */
export async function runBenchmark(
  engine: Engine,
  { checkpoint, tasks, batchSize, cache }: BenchmarkInput,
  progress: BenchmarkProgress,
): Promise<Map<string, Outcome[]> | null> {
  const { model, tokenizer } = checkpoint;
  const maxLength = maxLengthOf(checkpoint);
  const total = countRequests(tasks);
  let done = 0;

  const choiceKey = (context: string, continuation: string) => requestKey(["choice", maxLength, context, continuation]);
  const pairs = new Map<string, EncodedPair>();
  type TextTask = Extract<Task, { scoring: "generate" }>;
  /** Prompts by what they share a batch by: stops and the most new tokens, at most half of what the model reads. */
  const texts = new Map<string, { until: readonly string[]; maxNewTokens: number; prompts: { key: string; promptIds: number[] }[] }>();
  const newTokens = (task: TextTask) => Math.min(task.maxNewTokens, Math.floor(maxLength / 2));
  const textKey = (task: TextTask, context: string) => requestKey(["text", maxLength, context, task.until, newTokens(task)]);
  const known = new Set<string>();
  for (const { task, items } of tasks) {
    for (const { context, continuations } of items) {
      if (task.scoring === "choice") {
        for (const continuation of continuations) {
          const key = choiceKey(context, continuation);
          if (cache.get(key) !== undefined) done++;
          else if (pairs.has(key)) done++;
          else pairs.set(key, await encodePair(tokenizer, model.family, context, continuation));
        }
      } else {
        const key = textKey(task, context);
        if (cache.get(key) !== undefined || known.has(key)) done++;
        else {
          known.add(key);
          const maxNewTokens = newTokens(task);
          const kind = JSON.stringify([task.until, maxNewTokens]);
          const group = texts.get(kind) ?? { until: task.until, maxNewTokens, prompts: [] };
          texts.set(kind, group);
          group.prompts.push({ key, promptIds: (await tokenizer.encodeWithSpecials(context)).slice(-(maxLength - maxNewTokens)) });
        }
      }
    }
  }
  if ((await progress(done, total)) === "stop") return null;

  let stopped = false;
  const remember = async (answers: readonly (readonly [string, Answer])[]): Promise<"stop" | undefined> => {
    await cache.add(answers);
    done += answers.length;
    const asked = await progress(done, total);
    stopped ||= asked === "stop";
    return asked;
  };
  const choices = [...pairs].map(([key, pair], place): Request & { pair: EncodedPair } => ({ key, place, pair }));
  await createLikelihoodScorer(engine, model)(
    checkpoint.params,
    choices.map(({ pair }) => pair),
    {
      batchSize,
      padTokenId: tokenizer.padTokenId,
      maxLength,
      onBatch: (answered) =>
        remember([...answered].map(([place, { logprob, greedy }]) => [choices[place]?.key ?? "", [logprob, greedy ? 1 : 0]] as const)),
    },
  );
  if (stopped) return null;

  const generate = createGenerator(engine, model);
  for (const { until, maxNewTokens, prompts } of texts.values()) {
    prompts.sort((a, b) => b.promptIds.length - a.promptIds.length);
    for (let start = 0; start < prompts.length; start += batchSize) {
      const batch = prompts.slice(start, start + batchSize);
      const filled = Array.from({ length: batchSize }, (_, i) => (batch[i] ?? batch[0])?.promptIds ?? []);
      const written = await generate(
        { base: checkpoint.params, adapter: null },
        filled,
        filled.map(() => createRandom(0)),
        {
          temperature: 0,
          topK: 0,
          topP: 1,
          maxNewTokens,
          eosTokenId: tokenizer.eosTokenId,
          padTokenId: tokenizer.padTokenId,
          lengthMultiple: paddedLength(batch[0]?.promptIds.length ?? 1),
          shouldStop: async (tokens) => {
            const text = await tokenizer.decode(tokens);
            return until.some((stop) => text.includes(stop));
          },
        },
      );
      const answers = await Promise.all(
        batch.map(async ({ key }, i) => [key, cutAt(await tokenizer.decode(written[i]?.tokens ?? []), until)] as const),
      );
      if ((await remember(answers)) === "stop") return null;
    }
  }

  const logprobOf = (context: string, continuation: string): number => {
    const answer = cache.get(choiceKey(context, continuation));
    if (!Array.isArray(answer)) throw new Error("A choice was not scored");
    return answer[0];
  };
  return new Map(
    tasks.map(({ task, items }) => [
      task.name,
      items.map((item): Outcome => {
        if (task.scoring === "choice")
          return { item, logprobs: item.continuations.map((continuation) => logprobOf(item.context, continuation)), text: "" };
        const answer = cache.get(textKey(task, item.context));
        if (typeof answer !== "string") throw new Error("A text was not written");
        return { item, logprobs: [], text: answer };
      }),
    ]),
  );
}

const cutAt = (text: string, stops: readonly string[]): string => stops.reduce((cut, stop) => cut.split(stop)[0] ?? "", text);
