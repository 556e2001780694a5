/** Sample runs: completions by a checkpoint or an outside endpoint, and the items that they leave for the annotators. */
import { createHash } from "node:crypto";
import { selectCheckpoint } from "../../db/queries/checkpoints";
import { ensureNamedModel, hashCompletionText, selectNewestCompletions, upsertCompletions } from "../../db/queries/completions";
import { openHumanEvaluations } from "../../db/queries/human-evaluations";
import { insertItems } from "../../db/queries/items";
import { storableText } from "../../db/queries/run-events";
import { type RunRow, selectBatchRuns } from "../../db/queries/runs";
import type { Db } from "../../db/client";
import {
  ensureModel,
  insertSampledCompletions,
  type PromptRow,
  selectCompletionsOfRun,
  selectPromptsByIds,
  selectPromptsOfSplit,
} from "../../db/queries/training-data";
import { chooseServable } from "../../domain/annotation/serving";
import { chooseComparisons, type ComparedPrompt } from "../../domain/comparison";
import { type Generation, requestBody, sentParameters } from "../../domain/endpoint";
import type { EvaluationConfig, RunEvent, SampleConfig } from "../../domain/run";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import type { LoadedCheckpoint } from "../checkpoint/checkpoint-chain";
import { sampleCompletions } from "../jobs/generate-jobs";
import { asAsked, type Ending, emitOrStop, type RequestContext, type RequestJob, requestsOf, runRequests } from "./endpoint-requests";
import { chainOf, createContext, type RunWork, tellStep } from "./run-work";

/** Of one completion, 31 bits: what providers take. The same in every installation. */
export function requestSeed(seed: number, promptHash: string, ordinal: number): number {
  return createHash("sha256").update(`${seed}:${promptHash}:${ordinal}`).digest().readUInt32BE(0) >>> 1;
}

const SHOWN = 8;

/** The prompts of a sample run: those that it names, or of its split, or those of them that lack completions of the model. */
export async function selectSamplePrompts(db: Db, run: RunRow, config: SampleConfig, modelId: string): Promise<PromptRow[]> {
  if (config.promptIds) return selectPromptsByIds(db, run.projectId, config.promptIds);
  const lacking = config.onlyMissing ? { modelId, count: config.completionsPerPrompt, runId: run.id } : undefined;
  return selectPromptsOfSplit(db, run.projectId, config.split, config.maxPrompts, lacking);
}

/** Makes an item of each prompt with at least two completions that can be told apart, and says what became of them. */
export async function makeSampleItems(
  db: Db,
  run: RunRow,
  rows: readonly { id: string; promptId: string; text: string }[],
  model: string,
): Promise<RunEvent> {
  const byPrompt = new Map<string, (typeof rows)[number][]>();
  for (const row of rows) byPrompt.set(row.promptId, [...(byPrompt.get(row.promptId) ?? []), row]);
  const items = [...byPrompt].flatMap(([promptId, own]) => {
    const { chosen } = chooseServable(own.map(({ id, text }) => ({ id, text, model })));
    const completionIds = chosen.map(({ id }) => id);
    return chosen.length < 2
      ? []
      : [{ promptId, completionIds, mode: chosen.length === 2 ? ("pairwise" as const) : ("ranking" as const), roundId: run.roundId }];
  });
  const made = await insertItems(db, { projectId: run.projectId, items });
  return {
    kind: "log",
    level: "info",
    message: `${made.inserted} items for the annotators; ${byPrompt.size - items.length} prompts gave only one text to show`,
  };
}

/** A table of a few completions with their prompts. */
export function showCompletions(
  step: number,
  rows: readonly { promptId: string; text: string }[],
  prompts: readonly PromptRow[],
): RunEvent {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  return {
    kind: "sample",
    step,
    rows: rows.slice(0, SHOWN).map(({ promptId, text }) => ({
      prompt: byId.get(promptId)?.messages.at(-1)?.content ?? "",
      completion: text,
      reference: byId.get(promptId)?.reference ?? null,
      score: null,
      kl: null,
    })),
  };
}

export async function sampleFromEndpoint(context: RequestContext, config: SampleConfig): Promise<Ending> {
  const { db, run, endpoint } = context;
  const modelId = await ensureNamedModel(db, run.projectId, endpoint.name);
  const prompts = await selectSamplePrompts(db, run, config, modelId);
  if (prompts.length === 0 && config.onlyMissing) {
    await emitOrStop(context, await compareBatch(db, run, config));
    return { outcome: "succeeded", reason: `No prompt of the ${config.split} split lacks completions of ${endpoint.name}` };
  }
  if (prompts.length === 0) throw new Error(`The project has no prompts in its ${config.split} split`);

  const jobs = prompts.flatMap((prompt) =>
    Array.from({ length: config.completionsPerPrompt }, (_, ordinal): RequestJob => {
      const sampling = { ...config.sampling, seed: requestSeed(config.seed, prompt.contentHash, ordinal) };
      const request = { messages: prompt.messages, sampling };
      return {
        ...request,
        key: `${prompt.id}:${ordinal}`,
        promptId: prompt.id,
        read:
          ({ text, ...said }) =>
          async (tx) => {
            const generation: Generation = {
              ...said,
              endpointId: endpoint.id,
              parameters: sentParameters(requestBody(asAsked(endpoint), request)),
            };
            const stored = storableText(text);
            const { ids } = await upsertCompletions(tx, [
              {
                projectId: run.projectId,
                promptId: prompt.id,
                modelId,
                text: stored,
                source: "external",
                sampling,
                generation,
                ordinal,
                contentHash: hashCompletionText(stored),
                runId: run.id,
              },
            ]);
            return { completionId: ids[0] ?? null };
          },
      };
    }),
  );
  const ending = await runRequests(context, jobs, { ...config });
  if (ending.outcome !== "succeeded") return ending;
  const rows = await selectCompletionsOfRun(db, run.id);
  const events = [showCompletions(jobs.length, rows, prompts)];
  if (config.createItems) events.push(await makeSampleItems(db, run, rows, endpoint.name));
  await emitOrStop(context, [...events, ...(await compareBatch(db, run, config))]);
  return ending;
}

/**
 * Where no other run of the batch has work left, items that set their models against each other, one a prompt. Two that end
 * at once both make them: the same seed and answers give the same items, and the same comparison is one item.
 */
export async function compareBatch(db: Db, run: RunRow, config: SampleConfig): Promise<RunEvent[]> {
  if (run.batchId === null) return [];
  const batch = await selectBatchRuns(db, run.batchId);
  const waits = batch.filter(
    ({ id, state, step, totalSteps }) =>
      id !== run.id && (state === "queued" || state === "paused" || (state === "running" && (totalSteps === null || step < totalSteps))),
  );
  if (waits.length > 0)
    return [
      {
        kind: "log",
        level: "info",
        message: `Items come when the other ${waits.length === 1 ? "source has" : `${waits.length} sources have`} answered too`,
      },
    ];
  const modelIds: string[] = [];
  for (const { checkpointId, checkpointName, endpointName } of batch) {
    if (endpointName !== null) modelIds.push(await ensureNamedModel(db, run.projectId, endpointName));
    else if (checkpointId !== null)
      modelIds.push(await ensureModel(db, { projectId: run.projectId, checkpointId, name: checkpointName ?? "" }));
  }
  const prompts = new Map<string, ComparedPrompt>();
  for (const { promptId, promptHash, ...completion } of await selectNewestCompletions(db, {
    projectId: run.projectId,
    modelIds,
    split: config.split,
  })) {
    const prompt = prompts.get(promptId) ?? { promptId, key: promptHash, completions: [] };
    prompt.completions.push(completion);
    prompts.set(promptId, prompt);
  }
  const pairs = chooseComparisons([...prompts.values()], { maxItems: config.maxPrompts, seed: config.seed });
  const { inserted } = await insertItems(db, {
    projectId: run.projectId,
    items: pairs.map((pair) => ({ ...pair, mode: "pairwise" as const, roundId: run.roundId })),
  });
  return [
    {
      kind: "log",
      level: "info",
      message: `${inserted} items that set the ${batch.length} sources against each other; ${prompts.size - pairs.length} prompts have no two different answers`,
    },
  ];
}

/** Completions of one prompt that differ in text only by white space are one. */
export const hashText = (text: string) => createHash("sha256").update(text.trim()).digest("hex");

/** Samples `prompts` from the run's checkpoint and stores the completions; null when it was stopped. */
export async function sampleAndStore(
  work: RunWork,
  context: TrainContext,
  prompts: PromptRow[],
  config: SampleConfig | EvaluationConfig,
  perPrompt: number,
  loaded?: LoadedCheckpoint,
) {
  const { db, engine, run, asked } = work;
  const checkpoint = run.baseCheckpointId === null ? null : await selectCheckpoint(db, run.baseCheckpointId);
  if (!checkpoint) throw new Error("The run has no checkpoint to sample from");
  await context.start(prompts.length * perPrompt);
  const sampling = { ...config.sampling, seed: config.seed };
  const started = performance.now();
  const sampled = await sampleCompletions(
    engine,
    {
      chain: await chainOf(work, checkpoint.id, "checkpoint"),
      prompts: prompts.map(({ id, contentHash, messages }) => ({ id, key: contentHash, messages })),
      sampling,
      completionsPerPrompt: perPrompt,
      batchSize: config.batchSize,
    },
    async (done) => {
      await tellStep(work, done);
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
}

export async function sampleRun(work: RunWork, config: SampleConfig): Promise<Outcome | Ending> {
  const { db, run } = work;
  if (run.endpointId !== null) return sampleFromEndpoint(await requestsOf(work, run.endpointId), config);
  const context = await createContext(work, "adapter", null);
  const checkpoint = run.baseCheckpointId === null ? null : await selectCheckpoint(db, run.baseCheckpointId);
  if (!checkpoint) throw new Error("The run has no checkpoint to sample from");
  const modelId = await ensureModel(db, { projectId: run.projectId, checkpointId: checkpoint.id, name: checkpoint.name });
  const prompts = await selectSamplePrompts(db, run, config, modelId);
  if (prompts.length === 0 && config.onlyMissing) {
    await context.emit(await compareBatch(db, run, config));
    return { outcome: "succeeded", reason: `No prompt of the ${config.split} split lacks completions of ${checkpoint.name}` };
  }
  if (prompts.length === 0)
    throw new Error(
      config.promptIds ? "The prompts that were to be answered are gone" : `The project has no prompts in its ${config.split} split`,
    );
  const result = await sampleAndStore(work, context, prompts, config, config.completionsPerPrompt);
  if (result.outcome !== "succeeded") return result.outcome;
  await openHumanEvaluations(db, run.projectId);
  await context.emit([showCompletions(result.sampled.length, result.sampled, prompts)]);
  if (config.createItems) await context.emit([await makeSampleItems(db, run, result.stored, result.checkpoint.name)]);
  await context.emit(await compareBatch(db, run, config));
  return "succeeded";
}
