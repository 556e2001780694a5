/** Items that set models against each other, made of completions that are there already (an evaluation leaves some). */
import { selectNewestCompletions } from "../../db/queries/completions";
import { selectCompletionModels, selectLeaderboardVotes } from "../../db/queries/leaderboard";
import { type Comparison, type ComparedPrompt, chooseComparisons, type ModelKnowledge, pairKey } from "../../domain/comparison";
import { fitBradleyTerry, type Vote } from "../../domain/ratings/bradley-terry";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { createItems } from "./item";
import { pairsOfVote } from "./leaderboard";

/**
 * Makes one pairwise item for each prompt of the split that two of the models answered, see `chooseComparisons`.
 * @throws CONFLICT when there is no such prompt, with what to do.
 */
export async function compareModels(ctx: UserContext, input: Comparison): Promise<{ created: number; existing: number }> {
  const rows = await selectNewestCompletions(ctx.db, input);
  const prompts = new Map<string, ComparedPrompt>();
  for (const { promptId, promptHash, ...completion } of rows) {
    const prompt = prompts.get(promptId) ?? { promptId, key: promptHash, completions: [] };
    prompt.completions.push(completion);
    prompts.set(promptId, prompt);
  }
  const pairs = chooseComparisons([...prompts.values()], input, input.selection === "random" ? undefined : await learnModels(ctx, input));
  if (pairs.length === 0) {
    throw new AppError("CONFLICT", `No prompt of the ${input.split} split has different answers of two of these models. Evaluate or sample them on that split first.`);
  }
  const { created, existing } = await createItems(ctx, { projectId: input.projectId, items: pairs.map((pair) => ({ ...pair, mode: "pairwise" })) });
  return { created, existing };
}

const SEED = 1;
/** Points of the rating scale in a logit. */
const ELO = 400 / Math.LN10;
/** Width of a 95 % interval in standard deviations. */
const WIDTH = 2 * 1.959964;

/** What people's votes say of these models so far. */
async function learnModels(ctx: UserContext, { projectId, modelIds }: Comparison): Promise<ModelKnowledge> {
  const rows = await selectLeaderboardVotes(ctx.db, { projectId, votes: "people" });
  const place = new Map(modelIds.map((id, i) => [id, i]));
  const placeOfCompletion = new Map((await selectCompletionModels(ctx.db, projectId)).map(({ id, modelId }) => [id, place.get(modelId)]));
  const pairs = rows.map(({ shownOrder, ranks }): Vote => (ranks === null ? [] : pairsOfVote(shownOrder, ranks, (id) => placeOfCompletion.get(id)).vote)).filter((vote) => vote.length > 0);
  const votes = new Map<string, number>();
  const met = new Set<number>();
  for (const vote of pairs)
    for (const { a, b } of vote) {
      const key = pairKey(modelIds[a] ?? "", modelIds[b] ?? "");
      votes.set(key, (votes.get(key) ?? 0) + 1);
      met.add(a).add(b);
    }
  if (pairs.length === 0) return { votes, strengths: new Map() };
  const { ratings } = fitBradleyTerry(pairs, modelIds.length, { seed: SEED });
  const strengths = modelIds.flatMap((id, i) => {
    const rating = ratings[i];
    return rating === undefined || !met.has(i) ? [] : [[id, { logit: (rating.score - 1000) / ELO, variance: Math.max(1e-4, ((rating.high - rating.low) / ELO / WIDTH) ** 2) }] as const];
  });
  return { votes, strengths: new Map(strengths) };
}
