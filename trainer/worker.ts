/**
 * The trainer's worker: takes runs from the queue in PostgreSQL, one at a time, and works on them until they end,
 * are paused or cancelled. Any number of workers may run; a run whose worker went silent is taken over from its last
 * checkpoint. The only file of the trainer that knows the database.
 */
import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Db } from "../db/client";
import {
  type CheckpointRow,
  insertCheckpoint,
  latestCheckpoint,
  selectCheckpoint,
  selectCheckpointChain,
  selectCheckpointsOfRun,
  setPromotion,
} from "../db/queries/checkpoints";
import { insertItems } from "../db/queries/items";
import { appendRunEvents, storableText } from "../db/queries/run-events";
import { claimRun, heartbeatRun, type RunRow, transitionRun } from "../db/queries/runs";
import { upsertEvaluationRows } from "../db/queries/evaluation-rows";
import { selectScores, upsertScores } from "../db/queries/scores";
import { advanceSweeps } from "../db/queries/sweeps";
import {
  ensureModel,
  insertSampledCompletions,
  type PromptRow,
  selectPromptsOfSplit,
  selectTrainingRows,
} from "../db/queries/training-data";
import { heartbeatWorker, registerWorker } from "../db/queries/workers";
import { chooseServable } from "../domain/annotation/serving";
import type { CheckpointKind } from "../domain/checkpoint";
import type { PreferenceRow, SftRow } from "../domain/dataset";
import { demoFacts } from "../domain/demo/prompts";
import { tasteScore } from "../domain/demo/taste";
import { estimateMetrics, type EvaluationRow, measureEvaluation, type Score } from "../domain/evaluation";
import { measureHelm } from "../domain/helm";
import { promptLabels } from "../domain/prompt";
import { decidePromotion } from "../domain/promotion";
import {
  type BenchmarkConfig,
  type EvaluationConfig,
  type PpoConfig,
  type PreferenceConfig,
  type RewardConfig,
  type RunEvent,
  runConfigSchema,
  type SampleConfig,
  type SftConfig,
} from "../domain/run";
import { NotFiniteError, type Outcome, type SaveRequest, type TrainContext } from "./algorithms/train-context";
import { type ChainLink, disposeCheckpoints, type LoadedCheckpoint, loadCheckpoint } from "./checkpoint/checkpoint-chain";
import { dropResumeState, hashWeights, readSnapshot, writeSnapshot } from "./checkpoint/snapshot";
import type { Engine } from "./engine/engine";
import { summariseHead } from "./evaluation/head-scores";
import { summariseAccuracy } from "./evaluation/reward-accuracy";
import { answerPerturbed, measurePromptReferences } from "./jobs/evaluate-jobs";
import { predictLabels, runHead } from "./jobs/head-jobs";
import { sampleCompletions, scoreCompletions } from "./jobs/generate-jobs";
import { measureRewardAccuracy, runPpo, runPreference, runReward, runSft } from "./jobs/train-jobs";
import { runBenchmarkOf } from "./worker-benchmark";

export type WorkerOptions = {
  db: Db;
  engine: Engine;
  /** The file store: checkpoints' paths are relative to it. */
  storeFolder: string;
  /** The base models that ship with the product: "shipped:<name>". */
  modelsFolder: string;
  /** Published benchmark files in the hub's layout; without one the hand-written samples stand in. */
  benchmarksFolder?: string;
  name: string;
  /** A run whose worker has been silent for this long is taken over. */
  staleAfterMs?: number;
};

export type Worker = {
  id: string;
  /** Takes one run and works on it; null when there is none. */
  workOnce(): Promise<RunRow | null>;
  /** Works until the signal; the run at hand is saved and given back to the queue. */
  work(signal: AbortSignal): Promise<void>;
};

const HEARTBEAT_MS = 3_000;
const IDLE_MS = 500;
const SHOWCASE_PROMPTS = 6;
/** Completions of one prompt that differ in text only by white space are one. */
const hashText = (text: string) => createHash("sha256").update(text.trim()).digest("hex");

/** Thrown when another worker has taken the run: nothing more may be written. */
class FencedError extends Error {
  constructor() {
    super("Another worker has taken this run");
    this.name = "FencedError";
  }
}

export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const { db, engine, storeFolder, modelsFolder } = options;
  const { id } = await registerWorker(db, { name: options.name, engine: engine.description });
  let stopping = false;

  const folderOf = (checkpoint: CheckpointRow): string =>
    checkpoint.path.startsWith("shipped:")
      ? path.join(modelsFolder, checkpoint.path.slice("shipped:".length))
      : path.join(storeFolder, checkpoint.path);

  /** Folders that make a checkpoint, oldest first, from the nearest whole model on. */
  const chainOf = async (checkpointId: string | null, field: string): Promise<ChainLink[]> => {
    if (checkpointId === null) throw new Error(`The run has no ${field}`);
    const links: ChainLink[] = [];
    for (const checkpoint of await selectCheckpointChain(db, checkpointId)) {
      links.unshift({ kind: checkpoint.kind, folder: folderOf(checkpoint) });
      if (checkpoint.kind === "base") break;
    }
    return links;
  };

  /** What a loop is given, tied to this attempt of the run. */
  const createContext = async (
    run: RunRow,
    kind: CheckpointKind,
    parentId: string | null,
    asked: () => "pause" | "cancel" | null,
  ): Promise<TrainContext> => {
    const resumePoint = await latestCheckpoint(db, run.id);
    const resume = resumePoint ? await readSnapshot(folderOf(resumePoint)) : null;
    const emit = async (events: RunEvent[], extra: { step?: number; totalSteps?: number } = {}) => {
      const steps = events.flatMap((event) => (event.kind === "metric" ? [event.step] : []));
      const step = extra.step ?? (steps.length > 0 ? Math.max(...steps) : undefined);
      if (!(await appendRunEvents(db, { runId: run.id, attempt: run.attempt, events, step, totalSteps: extra.totalSteps })))
        throw new FencedError();
    };
    const save = async (request: SaveRequest): Promise<void> => {
      const previous = await latestCheckpoint(db, run.id);
      const relative = path.join("runs", run.id, `step-${request.step}`);
      const folder = path.join(storeFolder, relative);
      await writeSnapshot(folder, request);
      // A worker that was taken over while it wrote must not be heard any more.
      await emit([], { step: request.step });
      const checkpoint = await insertCheckpoint(db, {
        projectId: run.projectId,
        runId: run.id,
        parentId,
        kind,
        step: request.step,
        path: relative,
        hash: await hashWeights(folder),
        final: request.final,
        name: request.final ? run.name : `${run.name}, step ${request.step}`,
      });
      await emit([{ kind: "checkpoint", step: request.step, checkpointId: checkpoint.id, final: request.final }]);
      if (previous && previous.path !== relative) await dropResumeState(folderOf(previous));
      if (request.final) await dropResumeState(folder);
    };
    return { engine, resume, emit, save, requested: asked, start: (totalSteps) => emit([], { totalSteps }) };
  };

  const trainSftRun = async (run: RunRow, config: SftConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    if (run.datasetVersionId === null) throw new Error("An SFT run needs a dataset version");
    const rows = await selectTrainingRows<SftRow>(db, run.datasetVersionId, "sft");
    const showcase = await selectPromptsOfSplit(db, run.projectId, "validation", SHOWCASE_PROMPTS);
    if (config.method === "head") {
      const context = await createContext(run, "head", run.baseCheckpointId, asked);
      return runHead(context, {
        config,
        chain: await chainOf(run.baseCheckpointId, "base checkpoint"),
        train: rows.train,
        validation: rows.validation,
      });
    }
    const context = await createContext(run, config.method === "full" ? "base" : "adapter", run.baseCheckpointId, asked);
    return runSft(context, {
      config,
      chain: await chainOf(run.baseCheckpointId, "base checkpoint"),
      train: rows.train,
      validation: rows.validation,
      test: rows.test,
      showcase,
    });
  };

  const trainRewardRun = async (run: RunRow, config: RewardConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    if (run.datasetVersionId === null) throw new Error("A reward run needs a dataset version");
    const rows = await selectTrainingRows<PreferenceRow>(db, run.datasetVersionId, "preference");
    const context = await createContext(run, "reward", run.baseCheckpointId, asked);
    const outcome = await runReward(context, {
      config,
      chain: await chainOf(run.baseCheckpointId, "base checkpoint"),
      train: rows.train,
      validation: rows.validation,
    });
    if (outcome !== "succeeded") return outcome;
    // How far the votes that it never saw agree with it: what decides whether a policy trained on it is promoted.
    const checkpoint = await latestCheckpoint(db, run.id);
    if (checkpoint && rows.test.length > 0) {
      const items = await measureRewardAccuracy(context, {
        chain: await chainOf(checkpoint.id, "reward checkpoint"),
        rows: rows.test,
        maxLength: config.maxLength,
      });
      await storeAccuracy(run, context, checkpoint, items, config.seed);
    }
    return outcome;
  };

  const storeAccuracy = async (
    run: RunRow,
    context: TrainContext,
    checkpoint: CheckpointRow,
    items: { margin: number | null; counts: [number, number] }[],
    seed: number,
  ) => {
    const score = summariseAccuracy(
      items.map(({ counts }) => counts),
      seed,
    );
    if (!score) return null;
    const byMargin = [1, 2, 3].flatMap(
      (margin) =>
        summariseAccuracy(
          items.filter((item) => item.margin === margin).map(({ counts }) => counts),
          seed,
          `accuracy/margin_${margin}`,
        ) ?? [],
    );
    await upsertScores(
      db,
      [score, ...byMargin].map((measured) => ({ ...measured, projectId: run.projectId, checkpointId: checkpoint.id, runId: run.id })),
    );
    await context.emit([
      {
        kind: "log",
        level: "info",
        message: `Agrees with ${(100 * score.value).toFixed(1)} % of ${score.n} held-out comparisons (95 % interval ${(100 * score.low).toFixed(1)} to ${(100 * score.high).toFixed(1)} %)`,
      },
    ]);
    return score;
  };

  const storePromotion = async (context: TrainContext, policy: CheckpointRow, decision: { promoted: boolean; reason: string }) => {
    await setPromotion(db, { checkpointId: policy.id, ...decision });
    await context.emit([{ kind: "log", level: decision.promoted ? "info" : "warning", message: decision.reason }]);
  };

  const trainPreferenceRun = async (run: RunRow, config: PreferenceConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    if (run.datasetVersionId === null) throw new Error("A preference run needs a dataset version");
    const rows = await selectTrainingRows<PreferenceRow>(db, run.datasetVersionId, "preference");
    const showcase = await selectPromptsOfSplit(db, run.projectId, "validation", SHOWCASE_PROMPTS);
    const context = await createContext(run, "adapter", run.baseCheckpointId, asked);
    const { outcome, heldOut } = await runPreference(context, {
      config,
      chain: await chainOf(run.baseCheckpointId, "base checkpoint"),
      ...rows,
      showcase,
    });
    const policy = outcome === "succeeded" ? await latestCheckpoint(db, run.id) : null;
    if (policy)
      await storePromotion(
        context,
        policy,
        decidePromotion(
          "implicit reward",
          await storeAccuracy(
            run,
            context,
            policy,
            heldOut.map((counts) => ({ margin: null, counts })),
            config.seed,
          ),
        ),
      );
    return outcome;
  };

  const trainPpoRun = async (run: RunRow, config: PpoConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    const prompts = await selectPromptsOfSplit(db, run.projectId, "train");
    const context = await createContext(run, "adapter", run.baseCheckpointId, asked);
    const outcome = await runPpo(context, {
      config,
      prompts,
      chain: await chainOf(run.baseCheckpointId, "base checkpoint"),
      rewardChain: await chainOf(run.rewardCheckpointId, "reward checkpoint"),
    });
    if (outcome !== "succeeded" || run.rewardCheckpointId === null) return outcome;
    const policy = await latestCheckpoint(db, run.id);
    const scores = await selectScores(db, { checkpointId: run.rewardCheckpointId });
    const accuracy = scores.find(({ metric }) => metric === "accuracy");
    if (policy) {
      await storePromotion(
        context,
        policy,
        decidePromotion("reward model", accuracy ? { value: accuracy.value, low: accuracy.low ?? 0, n: accuracy.n } : null),
      );
    }
    return outcome;
  };

  /** Samples `prompts` from the run's checkpoint and stores the completions; null when it was stopped. */
  const sampleAndStore = async (
    run: RunRow,
    context: TrainContext,
    prompts: PromptRow[],
    config: SampleConfig | EvaluationConfig,
    perPrompt: number,
    asked: () => "pause" | "cancel" | null,
    loaded?: LoadedCheckpoint,
  ) => {
    const checkpoint = run.baseCheckpointId === null ? null : await selectCheckpoint(db, run.baseCheckpointId);
    if (!checkpoint) throw new Error("The run has no checkpoint to sample from");
    await context.start(prompts.length * perPrompt);
    const sampling = { ...config.sampling, seed: config.seed };
    const started = performance.now();
    const sampled = await sampleCompletions(
      engine,
      {
        chain: await chainOf(checkpoint.id, "checkpoint"),
        prompts: prompts.map(({ id, contentHash, messages }) => ({ id, key: contentHash, messages })),
        sampling,
        completionsPerPrompt: perPrompt,
        batchSize: config.batchSize,
      },
      async (done) => {
        await tellStep(run, done);
        return asked() ? "stop" : undefined;
      },
      loaded,
    );
    const seconds = (performance.now() - started) / 1000;
    const requested = asked();
    if (requested && sampled.length < prompts.length * perPrompt)
      return { outcome: requested === "pause" ? ("paused" as const) : ("cancelled" as const) };
    const modelId = await ensureModel(db, { projectId: run.projectId, checkpointId: checkpoint.id, name: checkpoint.name });
    const stored = await insertSampledCompletions(
      db,
      run.id,
      sampled.map(({ promptId, ordinal, text }) => ({
        projectId: run.projectId,
        promptId,
        modelId,
        text: storableText(text),
        source: "checkpoint" as const,
        sampling,
        ordinal,
        contentHash: hashText(text),
        runId: run.id,
      })),
    );
    return { outcome: "succeeded" as const, sampled, stored, checkpoint, seconds };
  };

  const sampleRun = async (run: RunRow, config: SampleConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    const context = await createContext(run, "adapter", null, asked);
    const prompts = await selectPromptsOfSplit(db, run.projectId, config.split, config.maxPrompts);
    if (prompts.length === 0) throw new Error(`The project has no prompts in its ${config.split} split`);
    const result = await sampleAndStore(run, context, prompts, config, config.completionsPerPrompt, asked);
    if (result.outcome !== "succeeded") return result.outcome;
    await context.emit([
      {
        kind: "sample",
        step: result.sampled.length,
        rows: result.sampled.slice(0, 8).map(({ promptId, text }) => {
          const prompt = prompts.find(({ id }) => id === promptId);
          return {
            prompt: prompt?.messages.at(-1)?.content ?? "",
            completion: text,
            reference: prompt?.reference ?? null,
            score: null,
            kl: null,
          };
        }),
      },
    ]);
    if (config.createItems) {
      const byPrompt = new Map<string, (typeof result.stored)[number][]>();
      for (const row of result.stored) byPrompt.set(row.promptId, [...(byPrompt.get(row.promptId) ?? []), row]);
      const items = [...byPrompt].flatMap(([promptId, stored]) => {
        const { chosen } = chooseServable(stored.map(({ id, text }) => ({ id, text, model: result.checkpoint.name })));
        const completionIds = chosen.map(({ id }) => id);
        return chosen.length < 2
          ? []
          : [{ promptId, completionIds, mode: chosen.length === 2 ? ("pairwise" as const) : ("ranking" as const), roundId: run.roundId }];
      });
      const made = await insertItems(db, { projectId: run.projectId, items });
      await context.emit([
        {
          kind: "log",
          level: "info",
          message: `${made.inserted} items for the annotators; ${byPrompt.size - items.length} prompts gave only one text to show`,
        },
      ]);
    }
    return "succeeded";
  };

  /** A head writes nothing: its predictions are held against the prompts' labels. */
  const evaluateHead = async (run: RunRow, context: TrainContext, prompts: PromptRow[], config: EvaluationConfig): Promise<Outcome> => {
    const rows = prompts.flatMap(({ messages, meta }) => {
      const { label } = promptLabels(meta);
      return label === undefined ? [] : [{ messages, label }];
    });
    if (rows.length === 0 || run.baseCheckpointId === null) throw new Error(`No prompt of the ${config.split} split has a label`);
    await context.start(rows.length);
    const { problem, predictions } = await predictLabels(engine, {
      chain: await chainOf(run.baseCheckpointId, "checkpoint"),
      rows,
      batchSize: config.batchSize,
    });
    const scores = summariseHead(
      problem,
      predictions.map(({ predicted, truth }) => [predicted, truth]),
      config.seed,
    );
    await upsertScores(
      db,
      scores.map((score) => ({ ...score, projectId: run.projectId, checkpointId: run.baseCheckpointId ?? "", runId: run.id })),
    );
    await context.emit([
      { kind: "metric", step: rows.length, values: Object.fromEntries(scores.map(({ metric, value }) => [`eval/${metric}`, value])) },
      {
        kind: "sample",
        step: rows.length,
        rows: rows.slice(0, 20).map(({ messages, label }, i) => ({
          prompt: messages.at(-1)?.content ?? "",
          completion: String(predictions[i]?.predicted),
          reference: String(label),
          score: null,
          kl: null,
        })),
      },
    ]);
    return "succeeded";
  };

  const evaluateRun = async (run: RunRow, config: EvaluationConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    const context = await createContext(run, "adapter", null, asked);
    const prompts = await selectPromptsOfSplit(db, run.projectId, config.split, config.maxPrompts);
    if (prompts.length === 0) throw new Error(`The project has no prompts in its ${config.split} split`);
    const measured = run.baseCheckpointId === null ? null : await selectCheckpoint(db, run.baseCheckpointId);
    if (measured?.kind === "head") return evaluateHead(run, context, prompts, config);
    const chain = await chainOf(run.baseCheckpointId, "checkpoint");
    const loaded = await loadCheckpoint(chain);
    try {
      // 1. Answers, and how likely the model finds the references.
      const result = await sampleAndStore(run, context, prompts, config, 1, asked, loaded);
      if (result.outcome !== "succeeded") return result.outcome;
      const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
      const rows = result.sampled.map((sampled) => ({ ...sampled, prompt: byId.get(sampled.promptId) as PromptRow }));
      const likelihoods = await measurePromptReferences(
        engine,
        loaded,
        rows.map(({ prompt }) => prompt),
        config.batchSize,
      );

      // 2. Answers to changed prompts, where they are asked for.
      const answers = rows.map(({ prompt, text }) => ({ text, reference: prompt.reference }));
      let helm: Score[] = [];
      if (config.holistic) {
        const sampling = { ...config.sampling, seed: config.seed };
        const perturbed = await answerPerturbed(
          engine,
          { chain, loaded, prompts: rows.map(({ prompt }) => prompt), sampling, batchSize: config.batchSize, seed: config.seed },
          async (done, total) => {
            if (
              !(await appendRunEvents(db, {
                runId: run.id,
                attempt: run.attempt,
                events: [],
                step: rows.length + done,
                totalSteps: rows.length + total,
              }))
            )
              throw new FencedError();
            return asked() ? "stop" : undefined;
          },
        );
        const requested = asked();
        if (perturbed === null) return requested === "cancel" ? "cancelled" : "paused";
        helm = measureHelm(
          { answers, perturbed, guesses: likelihoods.flatMap((known) => known ?? []), seconds: result.seconds },
          config.seed,
        );
      }

      // 3. Scores over all prompts, and what they rest on prompt by prompt.
      const rewards =
        run.rewardCheckpointId === null
          ? null
          : await scoreCompletions(engine, {
              rewardChain: await chainOf(run.rewardCheckpointId, "reward checkpoint"),
              rows: rows.map(({ prompt, text }) => ({ messages: prompt.messages, text })),
              batchSize: config.batchSize,
            });
      const { goldTaste } = config;
      const evaluated = rows.map(({ prompt, text }, i): EvaluationRow => {
        const facts = demoFacts(prompt.meta);
        const known = likelihoods[i];
        const reward = rewards?.[i];
        return {
          text,
          reference: prompt.reference,
          values: {
            ...(reward === undefined ? {} : { reward }),
            ...(goldTaste && facts ? { gold: tasteScore(goldTaste, text, facts) } : {}),
            ...(known ? { referenceNats: known.nats, referenceTokens: known.tokens } : {}),
          },
        };
      });
      const scores: Score[] = [...estimateMetrics(measureEvaluation(evaluated, `taste:${goldTaste}`), { seed: config.seed }), ...helm];
      await upsertScores(
        db,
        scores.map((score) => ({ ...score, projectId: run.projectId, checkpointId: result.checkpoint.id, runId: run.id })),
      );
      const completionIds = new Map(result.stored.map(({ id, promptId, contentHash }) => [`${promptId}:${contentHash}`, id]));
      await upsertEvaluationRows(
        db,
        rows.map(({ promptId, text }, i) => ({
          runId: run.id,
          promptId,
          completionId: completionIds.get(`${promptId}:${hashText(text)}`) as string,
          values: (evaluated[i] as EvaluationRow).values,
        })),
      );
      await context.emit([
        { kind: "metric", step: rows.length, values: Object.fromEntries(scores.map(({ metric, value }) => [`eval/${metric}`, value])) },
        {
          kind: "sample",
          step: rows.length,
          rows: rows.slice(0, 20).map(({ prompt, text }, i) => ({
            prompt: prompt.messages.at(-1)?.content ?? "",
            completion: text,
            reference: prompt.reference,
            score: rewards?.[i] ?? null,
            kl: null,
          })),
        },
      ]);
      return "succeeded";
    } finally {
      disposeCheckpoints(loaded);
    }
  };

  const benchmarkRun = async (run: RunRow, config: BenchmarkConfig, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    const context = await createContext(run, "adapter", null, asked);
    return runBenchmarkOf(context, {
      db,
      run,
      config,
      chain: await chainOf(run.baseCheckpointId, "checkpoint"),
      storeFolder,
      benchmarksFolder: options.benchmarksFolder ?? null,
      tell: (step) => tellStep(run, step),
    });
  };

  /** A step without an event. Throws when another worker has the run. */
  const tellStep = async (run: RunRow, step: number): Promise<void> => {
    if (!(await appendRunEvents(db, { runId: run.id, attempt: run.attempt, events: [], step }))) throw new FencedError();
  };

  const execute = (run: RunRow, asked: () => "pause" | "cancel" | null): Promise<Outcome> => {
    // A run that was stored before a field existed gets its default.
    const config = runConfigSchema.parse(run.config);
    switch (config.kind) {
      case "sft":
        return trainSftRun(run, config, asked);
      case "reward":
        return trainRewardRun(run, config, asked);
      case "preference":
        return trainPreferenceRun(run, config, asked);
      case "ppo":
        return trainPpoRun(run, config, asked);
      case "sample":
        return sampleRun(run, config, asked);
      case "evaluation":
        return evaluateRun(run, config, asked);
      case "benchmark":
        return benchmarkRun(run, config, asked);
      case "sweep":
        throw new Error("A sweep is worked on through its trials");
      default:
        return config satisfies never;
    }
  };

  /** Files of checkpoints that were never recorded: a worker died between writing and telling. */
  const sweepStray = async (run: RunRow): Promise<void> => {
    const folder = path.join(storeFolder, "runs", run.id);
    const known = new Set((await selectCheckpointsOfRun(db, run.id)).map((checkpoint) => path.basename(checkpoint.path)));
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (!known.has(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  };

  const workOnce = async (): Promise<RunRow | null> => {
    await advanceSweeps(db);
    const run = await claimRun(db, { workerId: id, staleAfterMs: options.staleAfterMs ?? 30_000 });
    if (!run) return null;
    let requested: "pause" | "cancel" | null = run.requested;
    let fenced = false;
    const beat = async () => {
      await heartbeatWorker(db, id);
      const answer = await heartbeatRun(db, { runId: run.id, attempt: run.attempt });
      if (answer) requested = answer.requested;
      else fenced = true;
    };
    // A database that is away for a moment is no reason to stop: the next beat tells.
    const timer = setInterval(() => void beat().catch(() => {}), HEARTBEAT_MS);
    const asked = () => {
      if (fenced) throw new FencedError();
      return stopping ? "pause" : requested;
    };
    try {
      await sweepStray(run);
      const outcome = await execute(run, asked);
      const giveBack = outcome === "paused" && stopping && requested === null;
      const reasons: Record<Outcome, string> = {
        succeeded: "Finished",
        paused: giveBack ? `Worker ${options.name} was stopped; its checkpoint is saved` : "Paused as asked",
        cancelled: "Stopped as asked",
      };
      await transitionRun(db, { runId: run.id, attempt: run.attempt, to: giveBack ? "queued" : outcome, reason: reasons[outcome] });
    } catch (error) {
      if (error instanceof FencedError) return run;
      const last = await latestCheckpoint(db, run.id);
      const reason = explainFailure(error, last?.step ?? null);
      await transitionRun(db, {
        runId: run.id,
        attempt: run.attempt,
        to: "failed",
        reason,
        events: [{ kind: "log", level: "error", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }],
      });
    } finally {
      clearInterval(timer);
    }
    return run;
  };

  return {
    id,
    workOnce,
    async work(signal) {
      signal.addEventListener("abort", () => {
        stopping = true;
      });
      let lastBeat = 0;
      while (!signal.aborted) {
        try {
          if (await workOnce()) continue;
          if (Date.now() - lastBeat > HEARTBEAT_MS) {
            await heartbeatWorker(db, id);
            lastBeat = Date.now();
          }
        } catch (error) {
          console.error(`worker: ${error instanceof Error ? error.message : String(error)}; trying again in 5 s`);
          await pause(5_000, signal);
        }
        await pause(IDLE_MS, signal);
      }
    },
  };
}

/** Ends early when the signal aborts. */
const pause = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => undefined);

/** What happened, what is kept, what to do: for people. */
export function explainFailure(error: unknown, lastStep: number | null): string {
  const message = error instanceof Error ? error.message : String(error);
  const kept =
    lastStep === null ? "No checkpoint had been saved yet" : `The checkpoint of step ${lastStep} is intact; retry goes on from it`;
  if (error instanceof NotFiniteError) return message;
  if (/OOM|out of memory|ResourceExhausted|bad_alloc|Cannot allocate|memory access out of bounds/i.test(message)) {
    return `Out of memory: use a smaller batchSize, rolloutBatchSize or maxLength. ${kept}. (${message.split("\n")[0]})`;
  }
  return `${message.split("\n")[0]}. ${kept}.`;
}
