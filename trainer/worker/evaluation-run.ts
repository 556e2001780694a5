/** An evaluation run on the database: answers to held-out prompts, their scores, and what these rest on. */
import { selectCheckpoint } from "../../db/queries/checkpoints";
import { insertCompletionRewards } from "../../db/queries/completion-rewards";
import { upsertEvaluationRows } from "../../db/queries/evaluation-rows";
import { upsertScores } from "../../db/queries/scores";
import { type PromptRow, selectPromptsOfSplit } from "../../db/queries/training-data";
import { demoFacts } from "../../domain/demo/prompts";
import { tasteScore } from "../../domain/demo/taste";
import { estimateMetrics, type EvaluationRow, measureEvaluation, type Score } from "../../domain/evaluation";
import { measureHelm } from "../../domain/helm";
import { promptLabels } from "../../domain/prompt";
import type { EvaluationConfig } from "../../domain/run";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import { disposeCheckpoints, loadCheckpoint } from "../checkpoint/checkpoint-chain";
import { summariseHead } from "../evaluation/head-scores";
import { answerPerturbed, measurePromptReferences } from "../jobs/evaluate-jobs";
import { scoreCompletions } from "../jobs/generate-jobs";
import { predictLabels } from "../jobs/head-jobs";
import { chainOf, createContext, type RunWork, tellStep } from "./run-work";
import { hashText, sampleAndStore } from "./sample-run";

/** A head writes nothing: its predictions are held against the prompts' labels. */
async function evaluateHead(work: RunWork, context: TrainContext, prompts: PromptRow[], config: EvaluationConfig): Promise<Outcome> {
  const { db, engine, run } = work;
  const rows = prompts.flatMap(({ messages, meta }) => {
    const { label } = promptLabels(meta);
    return label === undefined ? [] : [{ messages, label }];
  });
  if (rows.length === 0 || run.baseCheckpointId === null) throw new Error(`No prompt of the ${config.split} split has a label`);
  await context.start(rows.length);
  const { problem, predictions } = await predictLabels(engine, {
    chain: await chainOf(work, run.baseCheckpointId, "checkpoint"),
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
}

export async function evaluateRun(work: RunWork, config: EvaluationConfig): Promise<Outcome> {
  const { db, engine, run, asked } = work;
  const context = await createContext(work, "adapter", null);
  const prompts = await selectPromptsOfSplit(db, run.projectId, config.split, config.maxPrompts);
  if (prompts.length === 0) throw new Error(`The project has no prompts in its ${config.split} split`);
  const measured = run.baseCheckpointId === null ? null : await selectCheckpoint(db, run.baseCheckpointId);
  if (measured?.kind === "head") return evaluateHead(work, context, prompts, config);
  const chain = await chainOf(work, run.baseCheckpointId, "checkpoint");
  const loaded = await loadCheckpoint(chain);
  try {
    // 1. Answers, and how likely the model finds the references.
    const result = await sampleAndStore(work, context, prompts, config, 1, loaded);
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
          await tellStep(work, rows.length + done, rows.length + total);
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
            rewardChain: await chainOf(work, run.rewardCheckpointId, "reward checkpoint"),
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
    const { rewardCheckpointId } = run;
    if (rewardCheckpointId !== null && rewards !== null) {
      await insertCompletionRewards(
        db,
        rows.flatMap(({ promptId, text }, i) => ({
          checkpointId: rewardCheckpointId,
          completionId: completionIds.get(`${promptId}:${hashText(text)}`) as string,
          runId: run.id,
          score: rewards[i] as number,
        })),
      );
    }
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
}
