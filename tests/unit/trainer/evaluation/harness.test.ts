/** Prompts, choices, log-likelihoods, texts and scores against lm-evaluation-harness on the random-weight golden models. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metricStatistic, type Outcome } from "../../../../domain/tasks/metrics";
import { expandTasks } from "../../../../domain/tasks/registry";
import type { TaskMetric } from "../../../../domain/tasks/task";
import { disposeCheckpoints, type LoadedCheckpoint, loadCheckpoint } from "../../../../trainer/checkpoint/checkpoint-chain";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { type BenchmarkTask, countRequests, loadBenchmark, runBenchmark } from "../../../../trainer/evaluation/benchmark";
import { createLikelihoodScorer, encodePairs, type Likelihood } from "../../../../trainer/evaluation/likelihood";
import { openAnswerCache } from "../../../../trainer/evaluation/result-cache";
import { goldenPath, readGolden } from "../../../helpers/golden";

type GoldenItem = { context: string; continuations?: string[]; logprobs?: number[]; greedy?: boolean[]; text?: string };
type Golden = { shots: number; tasks: Record<string, { items: GoldenItem[]; scores: Record<string, number> }> };

/** The harness's names of our metrics, by task where they differ. */
const METRICS: Record<string, [ours: TaskMetric, theirs: string][]> = {
  cola: [["mcc", "mcc"]],
  mrpc: [
    ["acc", "acc"],
    ["f1", "f1"],
  ],
  qqp: [
    ["acc", "acc"],
    ["f1", "f1"],
  ],
  cb: [
    ["acc", "acc"],
    ["f1_macro", "f1"],
  ],
  record: [
    ["f1_text", "f1"],
    ["exact_match", "em"],
  ],
  // Its gold of MultiRC is the other way round: see the task's note.
  multirc: [],
  hellaswag: [
    ["acc", "acc"],
    ["acc_norm", "acc_norm"],
  ],
  openbookqa: [
    ["acc", "acc"],
    ["acc_norm", "acc_norm"],
  ],
  truthfulqa_mc2: [["mc2", "acc"]],
  nq_open: [["exact_match", "exact_match"]],
};

const value = (metric: TaskMetric, outcomes: readonly Outcome[]) => {
  const { rows, of } = metricStatistic(metric, outcomes);
  return of(rows as never[]);
};

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

describe.each([
  { file: "tiny-llama", model: "tiny-llama", tolerance: 1e-4 },
  { file: "tiny-llama.mmlu", model: "tiny-llama", tolerance: 1e-4 },
  { file: "tiny-t5", model: "tiny-t5", tolerance: 5e-4 },
])("$file", ({ file, model, tolerance }) => {
  const golden = readGolden<Golden>("tasks", `${file}.json`);
  const names = Object.keys(golden.tasks);
  let checkpoint: LoadedCheckpoint;
  let tasks: BenchmarkTask[];
  let outcomes: Map<string, Outcome[]>;
  beforeAll(async () => {
    checkpoint = await loadCheckpoint([{ kind: "base", folder: goldenPath("models", model) }]);
    tasks = await loadBenchmark(expandTasks(names), { source: null, required: false, shots: golden.shots, limit: null, seed: 1 });
    const ran = await runBenchmark(engine, { checkpoint, tasks, batchSize: 4, cache: await openAnswerCache(null) }, async () => undefined);
    if (ran === null) throw new Error("stopped");
    outcomes = ran;
  }, 300_000);
  afterAll(() => disposeCheckpoints(checkpoint));

  it.each(names)("%s: prompts and choices are the harness's to the letter", (name) => {
    const own = tasks.find(({ task }) => task.name === name)?.items ?? [];
    const wanted = golden.tasks[name]?.items ?? [];
    expect(own.map(({ context }) => context)).toEqual(wanted.map(({ context }) => context));
    expect(own.map(({ continuations }) => continuations)).toEqual(wanted.map(({ continuations }) => continuations ?? []));
  });

  it.each(names)("%s: log-likelihoods and texts agree", async (name) => {
    const own = outcomes.get(name) ?? [];
    const wanted = golden.tasks[name]?.items ?? [];
    expect(own).toHaveLength(wanted.length);
    for (const [i, { logprobs, text }] of own.entries()) {
      const item = wanted[i];
      if (item?.text !== undefined) {
        // For an encoder-decoder the harness adds the prompt's length to the limit of new tokens: its text may go on.
        const limit =
          checkpoint.model.family === "t5" && item.text.trim().length > text.trim().length ? text.trim().length : Number.POSITIVE_INFINITY;
        expect(text.trim()).toBe(item.text.trim().slice(0, limit));
        if (limit < Number.POSITIVE_INFINITY) expect((await checkpoint.tokenizer.encode(text)).length).toBeGreaterThan(200);
      }
      for (const [j, logprob] of logprobs.entries())
        expect(Math.abs(logprob - (item?.logprobs?.[j] ?? Number.NaN)), `${name} ${i} ${j}`).toBeLessThan(
          tolerance * Math.max(1, Math.abs(logprob)),
        );
    }
  });

  it.each(names)("%s: scores agree", (name) => {
    const wanted = golden.tasks[name]?.scores ?? {};
    for (const [ours, theirs] of METRICS[name] ?? [["acc", "acc"] as [TaskMetric, string]]) {
      expect(wanted[theirs], theirs).toBeTypeOf("number");
      expect(value(ours, outcomes.get(name) ?? []), ours).toBeCloseTo(wanted[theirs] ?? Number.NaN, 4);
    }
  });

  it("says which choices greedy decoding would write", async () => {
    const pairs = names.flatMap((name) =>
      (golden.tasks[name]?.items ?? []).flatMap(({ context, continuations = [], greedy = [] }) =>
        continuations.map((continuation, i) => ({ context, continuation, greedy: greedy[i] })),
      ),
    );
    const encoded = await encodePairs(checkpoint.tokenizer, checkpoint.model.kind, pairs);
    const found: Likelihood[] = [];
    await createLikelihoodScorer(engine, checkpoint.model)(checkpoint.params, encoded, {
      batchSize: 4,
      padTokenId: checkpoint.tokenizer.padTokenId,
      maxLength: 512,
      onBatch: async (done) => {
        for (const [place, likelihood] of done) found[place] = likelihood;
        return undefined;
      },
    });
    expect(found.map(({ greedy }) => greedy)).toEqual(pairs.map(({ greedy }) => greedy));
  }, 120_000);
});

describe("answers are kept", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hone-answers-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("a stopped run asks only what is missing when it goes on, and ends with the same outcomes", async () => {
    const checkpoint = await loadCheckpoint([{ kind: "base", folder: goldenPath("models", "tiny-llama") }]);
    const tasks = await loadBenchmark(expandTasks(["cola", "rte", "nq_open"]), {
      source: null,
      required: false,
      shots: 0,
      limit: 3,
      seed: 1,
    });
    const run = async (file: string | null, stopAfter: number) => {
      const seen: number[] = [];
      const cache = await openAnswerCache(file);
      const outcomes = await runBenchmark(engine, { checkpoint, tasks, batchSize: 2, cache }, async (done) => {
        seen.push(done);
        return done >= stopAfter ? "stop" : undefined;
      });
      return { outcomes, seen };
    };
    const total = countRequests(tasks);
    expect(total).toBe(3 * 2 + 3 * 2 + 3);
    const whole = await run(null, Number.POSITIVE_INFINITY);
    const file = path.join(folder, "answers.jsonl");
    const first = await run(file, 5);
    expect(first.outcomes).toBeNull();
    const answered = first.seen.at(-1) ?? 0;
    const second = await run(file, Number.POSITIVE_INFINITY);
    expect(second.seen[0]).toBe(answered);
    expect(second.seen.at(-1)).toBe(total);
    // The batches differ, so the last digits may.
    const flat = (outcomes: Map<string, Outcome[]> | null) =>
      [...(outcomes ?? new Map<string, Outcome[]>())].flatMap(([, rows]) =>
        rows.flatMap(({ logprobs, text }) => [...logprobs.map((logprob) => logprob.toFixed(3)), text]),
      );
    expect(flat(second.outcomes)).toEqual(flat(whole.outcomes));
    const third = await run(file, Number.POSITIVE_INFINITY);
    expect(third.seen).toEqual([total]);
    disposeCheckpoints(checkpoint);
  }, 120_000);
});
