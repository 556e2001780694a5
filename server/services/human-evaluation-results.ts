/** What the ratings of human evaluations say, with the votes behind every number. */
import type { Db } from "../../db/client";
import {
  type HumanEvaluationRow,
  selectEvaluationAnswers,
  selectEvaluationRatings,
  selectHumanEvaluation,
  selectModelsByIds,
  selectRatedEvaluations,
  selectRatingsMark,
  selectShownTexts,
} from "../../db/queries/human-evaluations";
import { selectPromptTexts } from "../../db/queries/prompts";
import {
  type HumanEvaluationResults,
  measureHumanEvaluation,
  type RatedPrompt,
  type RatingVote,
} from "../../domain/human-evaluation-results";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { listHumanEvaluations } from "./human-evaluation";

export type EvaluationVotes = { id: string; simulated: boolean };

async function requireEvaluation(ctx: UserContext, id: string): Promise<HumanEvaluationRow> {
  await requireProject(ctx, { humanEvaluation: id }, "researcher");
  const evaluation = await selectHumanEvaluation(ctx.db, id);
  if (evaluation === null) throw new AppError("NOT_FOUND", "There is no such human evaluation.");
  return evaluation;
}

/** What the results are computed of: models and texts by their places, and which rows those are. */
async function readRatings(db: Db, evaluation: HumanEvaluationRow, simulated: boolean) {
  const [answers, shown, ratings] = await Promise.all([
    selectEvaluationAnswers(db, evaluation.id),
    selectShownTexts(db, evaluation.id),
    selectEvaluationRatings(db, { evaluationId: evaluation.id, simulated }),
  ]);
  const textsOf = new Map<string, typeof shown>();
  for (const text of shown) textsOf.set(text.promptId, [...(textsOf.get(text.promptId) ?? []), text]);
  const promptIds = [...textsOf.keys()];
  const answerOf = new Map(answers.map((answer) => [`${answer.promptId} ${answer.modelId}`, answer]));
  const prompts = promptIds.map(
    (promptId): RatedPrompt => ({
      textOf: evaluation.modelIds.map((modelId) =>
        (textsOf.get(promptId) ?? []).findIndex(({ contentHash }) => contentHash === answerOf.get(`${promptId} ${modelId}`)?.contentHash),
      ),
    }),
  );
  const placeOf = new Map(promptIds.map((id, i) => [id, i]));
  const votes = ratings.flatMap(({ promptId, evaluatorId, value, shownOrder }): RatingVote[] => {
    const prompt = placeOf.get(promptId);
    if (value.kind !== "rating" || prompt === undefined) return [];
    return [
      {
        evaluatorId,
        prompt,
        scores: (textsOf.get(promptId) ?? []).map(({ completionId }) => value.scores[shownOrder.indexOf(completionId)] ?? []),
      },
    ];
  });
  return { promptIds, textsOf, prompts, ratings, votes, answers };
}

/** The last results of each evaluation and kind of evaluators, with what they were made of. */
const kept = new Map<string, { mark: string; results: Promise<HumanEvaluationResults> }>();

/** Computed from every rating that stands, again only when one changed. */
async function measure(db: Db, evaluation: HumanEvaluationRow, simulated: boolean): Promise<HumanEvaluationResults> {
  const key = `${evaluation.id} ${simulated}`;
  const mark = await selectRatingsMark(db, evaluation.id);
  const known = kept.get(key);
  if (known?.mark === mark) return known.results;
  const results = readRatings(db, evaluation, simulated).then(({ prompts, votes }) =>
    measureHumanEvaluation({ models: evaluation.modelIds.length, scales: evaluation.scales, prompts, votes, seed: evaluation.seed }),
  );
  kept.set(key, { mark, results });
  results.catch(() => kept.delete(key));
  return results;
}

/** An evaluation with its results, and the prompts that are left out with why. Throws NOT_FOUND. */
export async function getHumanEvaluation(ctx: UserContext, input: EvaluationVotes) {
  const row = await requireEvaluation(ctx, input.id);
  const [evaluation] = await listHumanEvaluations(ctx, { projectId: row.projectId, id: row.id });
  if (evaluation === undefined) throw new AppError("NOT_FOUND", "There is no such human evaluation.");
  const answers = await selectEvaluationAnswers(ctx.db, row.id);
  return {
    evaluation,
    results: await measure(ctx.db, row, input.simulated),
    leftOut: answers.flatMap(({ promptId, model, problem }) => (problem === null ? [] : [{ promptId, model, problem }])),
  };
}

/** The ratings behind a number, newest first: of one model, of one score on a scale, or all. Throws NOT_FOUND. */
export async function listEvaluationVotes(
  ctx: UserContext,
  input: EvaluationVotes & { modelId: string | null; scale: string | null; score: number | null },
) {
  const evaluation = await requireEvaluation(ctx, input.id);
  const { ratings, answers, textsOf } = await readRatings(ctx.db, evaluation, input.simulated);
  const texts = await selectPromptTexts(ctx.db, [...textsOf.keys()]);
  const scale = evaluation.scales.findIndex(({ name }) => name === input.scale);
  const answersOf = new Map<string, typeof answers>();
  for (const answer of answers) answersOf.set(answer.promptId, [...(answersOf.get(answer.promptId) ?? []), answer]);
  const votes = ratings.toReversed().flatMap(({ id, promptId, evaluator, value, shownOrder, comment, createdAt }) => {
    if (value.kind !== "rating") return [];
    const shown = textsOf.get(promptId) ?? [];
    const rated = shownOrder.map((completionId, position) => {
      const text = shown.find((candidate) => candidate.completionId === completionId);
      const models = (answersOf.get(promptId) ?? []).filter(({ contentHash }) => contentHash === text?.contentHash);
      return {
        completionId,
        text: text?.text ?? "",
        models: models.map(({ modelId, model }) => ({ id: modelId, name: model })),
        scores: value.scores[position] ?? [],
      };
    });
    const wanted = rated.some(
      ({ models, scores }) =>
        (input.modelId === null || models.some((model) => model.id === input.modelId)) &&
        (input.score === null || scale === -1 || scores[scale] === input.score),
    );
    return wanted ? [{ id, promptId, prompt: texts.get(promptId) ?? "", evaluator, comment, createdAt, answers: rated }] : [];
  });
  return { evaluation: { id: evaluation.id, projectId: evaluation.projectId, name: evaluation.name, scales: evaluation.scales }, votes };
}

/** Everything that the results are computed of, and the results: what `npm run hone -- human-evaluation` reads. Throws NOT_FOUND. */
export async function exportHumanEvaluation(ctx: UserContext, input: EvaluationVotes) {
  const row = await requireEvaluation(ctx, input.id);
  const { id, projectId } = row;
  await recordAction(ctx.db, ctx.user.id, {
    action: "votes.exported",
    projectId,
    kind: "project",
    id: projectId,
    details: { humanEvaluation: id },
  });
  const { promptIds, prompts, votes, ratings, answers } = await readRatings(ctx.db, row, input.simulated);
  const names = new Map((await selectModelsByIds(ctx.db, row.modelIds)).map(({ id, name }) => [id, name]));
  const { name, scales, overlap, split, seed } = row;
  return {
    name,
    scales,
    overlap,
    split,
    seed,
    simulated: input.simulated,
    models: row.modelIds.map((id) => ({ id, name: names.get(id) ?? "?" })),
    prompts: prompts.map((prompt, i) => ({ ...prompt, promptId: promptIds[i] ?? "" })),
    votes: votes.map((vote, i) => ({
      ...vote,
      judgementId: ratings[i]?.id ?? "",
      shownOrder: ratings[i]?.shownOrder ?? [],
      comment: ratings[i]?.comment ?? "",
      at: ratings[i]?.createdAt ?? null,
    })),
    answers: answers.map(({ promptId, modelId, completionId, text, problem }) => ({ promptId, modelId, completionId, text, problem })),
    results: await measure(ctx.db, row, input.simulated),
  };
}

/** A line for each rating of each model. */
export async function* exportRatingRows(ctx: UserContext, input: EvaluationVotes): AsyncGenerator<Record<string, unknown>> {
  const { models, scales, prompts, votes } = await exportHumanEvaluation(ctx, input);
  for (const { judgementId, evaluatorId, prompt, scores, comment, at } of votes) {
    for (const [model, { name }] of models.entries()) {
      const text = prompts[prompt]?.textOf[model] ?? -1;
      const given = scales.map((scale, j): [string, number | null] => [scale.name, scores[text]?.[j] ?? null]);
      yield {
        judgement_id: judgementId,
        evaluator_id: evaluatorId,
        prompt_id: prompts[prompt]?.promptId ?? "",
        model: name,
        ...Object.fromEntries(given),
        comment,
        at: at?.toISOString() ?? "",
      };
    }
  }
}

export type HumanScore = {
  scale: string;
  points: number;
  value: number;
  low: number;
  high: number;
  ratings: number;
  prompts: number;
  evaluationId: string;
  evaluation: string;
};

/** Each model's newest mean by people on each scale that it was rated on; of checkpoints and of outside models. */
export async function selectHumanScores(
  db: Db,
  projectId: string,
): Promise<{ modelId: string; name: string; checkpointId: string | null; scores: HumanScore[] }[]> {
  const evaluations = await selectRatedEvaluations(db, projectId);
  const models = new Map(
    (await selectModelsByIds(db, [...new Set(evaluations.flatMap(({ modelIds }) => modelIds))])).map((model) => [model.id, model]),
  );
  const out = new Map<string, HumanScore[]>();
  for (const evaluation of evaluations) {
    const { models: rated } = await measure(db, evaluation, false);
    evaluation.modelIds.forEach((modelId, model) => {
      const own = out.get(modelId) ?? [];
      out.set(modelId, own);
      evaluation.scales.forEach(({ name, points }, scale) => {
        const found = rated[model]?.scales[scale];
        if (found == null || own.some((known) => known.scale === name && known.points === points)) return;
        const { value, low, high, n } = found.mean;
        own.push({
          scale: name,
          points,
          value,
          low,
          high,
          ratings: found.ratings,
          prompts: n,
          evaluationId: evaluation.id,
          evaluation: evaluation.name,
        });
      });
    });
  }
  return [...out].flatMap(([modelId, scores]) =>
    scores.length === 0
      ? []
      : [{ modelId, name: models.get(modelId)?.name ?? "?", checkpointId: models.get(modelId)?.checkpointId ?? null, scores }],
  );
}
