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
import { createLikelihoodScorer, encodePairs, paddedLength } from "./likelihood";
import { type Answer, type AnswerCache, requestKey } from "./result-cache";
import type { TaskSource } from "./task-source";

export type BenchmarkTask = Omit<TaskResult, "outcomes" | "overlap"> & { items: TaskItem[] };

export type LoadOptions = {
  /** Published files in the hub's layout; null for the samples. */
  source: TaskSource | null;
  /** Whether a task whose files are not there is an error, or falls back to its sample. */
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
  { source, required, shots, limit, seed }: LoadOptions,
): Promise<BenchmarkTask[]> {
  const out: BenchmarkTask[] = [];
  for (const task of tasks) {
    const wanted = task.data.fewshot === null ? 0 : (shots ?? task.shots);
    const { sample, revision, rows, fewshotRows } = await loadTaskData(task, { source, required, shots: wanted, limit });
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
    out.push({ task, sample, revision, shots: Math.min(wanted, available), limit, seed, taskHash: hashOf(task), itemsHash, items });
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

export const countRequests = (tasks: readonly BenchmarkTask[]): number =>
  tasks.reduce((sum, { items }) => sum + items.reduce((n, { continuations }) => n + Math.max(1, continuations.length), 0), 0);

type TextTask = Extract<Task, { scoring: "generate" }>;
type ChoiceRequest = { key: string; context: string; continuation: string };
type TextRequest = { key: string; context: string; until: readonly string[]; maxNewTokens: number };

/** What is asked of a model that reads `maxLength` tokens, with the keys of the answers. */
function createRequests(maxLength: number) {
  const choice = (context: string, continuation: string): ChoiceRequest => ({
    key: requestKey(["choice", maxLength, context, continuation]),
    context,
    continuation,
  });
  const text = ({ until, maxNewTokens: asked }: TextTask, context: string): TextRequest => {
    // At most half of what the model reads: something of the prompt has to be left.
    const maxNewTokens = Math.min(asked, Math.floor(maxLength / 2));
    return { key: requestKey(["text", maxLength, context, until, maxNewTokens]), context, until, maxNewTokens };
  };
  return { choice, text };
}

/** So many choices are encoded and sorted at once: enough for full batches, few enough for any benchmark's size. */
const WINDOW = 20_000;

/** Outcomes by task, or null when it was stopped; what was answered until then is in the cache. */
export async function runBenchmark(
  engine: Engine,
  { checkpoint, tasks, batchSize, cache }: BenchmarkInput,
  progress: BenchmarkProgress,
): Promise<Map<string, Outcome[]> | null> {
  const { model, tokenizer } = checkpoint;
  const maxLength = maxLengthOf(checkpoint);
  const request = createRequests(maxLength);
  const total = countRequests(tasks);
  const choices = new Map<string, ChoiceRequest>();
  const texts = new Map<string, TextRequest>();
  for (const { task, items } of tasks) {
    for (const { context, continuations } of items) {
      const own =
        task.scoring === "choice"
          ? continuations.map((continuation) => request.choice(context, continuation))
          : [request.text(task, context)];
      for (const one of own) {
        if (cache.get(one.key) !== undefined) continue;
        if ("continuation" in one) choices.set(one.key, one);
        else texts.set(one.key, one);
      }
    }
  }

  // What two items ask alike is asked once and counts twice.
  let done = total - choices.size - texts.size;
  let stopped = (await progress(done, total)) === "stop";
  const remember = async (answers: readonly (readonly [string, Answer])[]): Promise<"stop" | undefined> => {
    await cache.add(answers);
    done += answers.length;
    const asked = await progress(done, total);
    stopped ||= asked === "stop";
    return asked;
  };

  const scorer = createLikelihoodScorer(engine, model);
  const pending = [...choices.values()];
  for (let start = 0; start < pending.length && !stopped; start += WINDOW) {
    const window = pending.slice(start, start + WINDOW);
    await scorer(checkpoint.params, await encodePairs(tokenizer, model.kind, window), {
      batchSize,
      padTokenId: tokenizer.padTokenId,
      maxLength,
      onBatch: (answered) =>
        remember([...answered].map(([place, { logprob, greedy }]) => [window[place]?.key ?? "", [logprob, greedy ? 1 : 0]] as const)),
    });
  }

  for (const batch of stopped ? [] : await batchTexts(checkpoint, [...texts.values()], maxLength, batchSize)) {
    const written = await writeTexts(engine, checkpoint, batch, batchSize);
    if ((await remember(written)) === "stop") break;
  }
  if (stopped) return null;

  const answerTo = ({ key }: { key: string }): Answer => {
    const answer = cache.get(key);
    if (answer === undefined) throw new Error("A request was not answered");
    return answer;
  };
  return new Map(
    tasks.map(({ task, items }) => [
      task.name,
      items.map((item): Outcome => {
        if (task.scoring === "generate") return { item, logprobs: [], text: String(answerTo(request.text(task, item.context))) };
        return {
          item,
          logprobs: item.continuations.map((continuation) => Number(answerTo(request.choice(item.context, continuation))[0])),
          text: "",
        };
      }),
    ]),
  );
}

type TextBatch = { requests: TextRequest[]; prompts: number[][] };

/** Texts of one length limit and the same stops, longest prompts first; what is too long loses its beginning. */
async function batchTexts(
  { tokenizer }: LoadedCheckpoint,
  requests: readonly TextRequest[],
  maxLength: number,
  batchSize: number,
): Promise<TextBatch[]> {
  const groups = new Map<string, { request: TextRequest; ids: number[] }[]>();
  for (const request of requests) {
    const kind = JSON.stringify([request.maxNewTokens, request.until]);
    const group = groups.get(kind) ?? [];
    groups.set(kind, group);
    group.push({ request, ids: (await tokenizer.encodeWithSpecials(request.context)).slice(-(maxLength - request.maxNewTokens)) });
  }
  return [...groups.values()].flatMap((group) => {
    group.sort((a, b) => b.ids.length - a.ids.length);
    return Array.from({ length: Math.ceil(group.length / batchSize) }, (_, i): TextBatch => {
      const rows = group.slice(i * batchSize, (i + 1) * batchSize);
      return { requests: rows.map(({ request }) => request), prompts: rows.map(({ ids }) => ids) };
    });
  });
}

/** Greedy texts of a batch, filled up to `batchSize` rows so that the last one needs no graph of its own. */
async function writeTexts(
  engine: Engine,
  { model, tokenizer, params }: LoadedCheckpoint,
  { requests, prompts }: TextBatch,
  batchSize: number,
): Promise<[string, string][]> {
  const [first] = requests;
  if (first === undefined) return [];
  const filled = Array.from({ length: batchSize }, (_, i) => prompts[i] ?? prompts[0] ?? []);
  const written = await createGenerator(engine, model)(
    { base: params, adapter: null },
    filled,
    filled.map(() => createRandom(0)),
    {
      temperature: 0,
      topK: 0,
      topP: 1,
      maxNewTokens: first.maxNewTokens,
      eosTokenId: tokenizer.eosTokenId,
      padTokenId: tokenizer.padTokenId,
      lengthMultiple: paddedLength(Math.max(...prompts.map(({ length }) => length))),
      shouldStop: async (tokens) => {
        const text = await tokenizer.decode(tokens);
        return first.until.some((stop) => text.includes(stop));
      },
    },
  );
  return Promise.all(
    requests.map(
      async ({ key, until }, i): Promise<[string, string]> => [key, cutAt(await tokenizer.decode(written[i]?.tokens ?? []), until)],
    ),
  );
}

const cutAt = (text: string, stops: readonly string[]): string => stops.reduce((cut, stop) => cut.split(stop)[0] ?? "", text);
