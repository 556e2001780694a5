/** Items that set models against each other, made of completions that are there already (an evaluation leaves some). */
import { selectNewestCompletions } from "../../db/queries/completions";
import {
  type ComparedPrompt,
  type Comparison,
  chooseComparisons,
  type ModelKnowledge,
  NOTHING_KNOWN,
  pairKey,
} from "../../domain/comparison";
import { rateVotes } from "../../domain/ratings/rate";
import { countPairs } from "../../domain/ratings/votes";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { createItems } from "./item";
import { BOARD_SEED } from "./leaderboard";
import { readWantedVotes } from "./leaderboard-scrutiny";
import { selectBoardVotes } from "./leaderboard-votes";

type ComparisonInput = Omit<Comparison, "selection" | "difference"> & Partial<Pick<Comparison, "selection" | "difference">>;

/**
 * Makes one pairwise item for each prompt of the split that two of the models answered, see `chooseComparisons`.
 * @throws CONFLICT when there is no such prompt, with what to do.
 */
export async function compareModels(ctx: UserContext, input: ComparisonInput): Promise<{ created: number; existing: number }> {
  const rows = await selectNewestCompletions(ctx.db, input);
  const prompts = new Map<string, ComparedPrompt>();
  for (const { promptId, promptHash, ...completion } of rows) {
    const prompt = prompts.get(promptId) ?? { promptId, key: promptHash, completions: [] };
    prompt.completions.push(completion);
    prompts.set(promptId, prompt);
  }
  const pairs = chooseComparisons([...prompts.values()], input, await learnModels(ctx, input));
  if (pairs.length === 0) {
    throw new AppError(
      "CONFLICT",
      `No prompt of the ${input.split} split has different answers of two of these models. Evaluate or sample them on that split first.`,
    );
  }
  const { created, existing } = await createItems(ctx, {
    projectId: input.projectId,
    items: pairs.map((pair) => ({ ...pair, mode: "pairwise" })),
  });
  return { created, existing };
}

/** What people's votes say of the models so far, as far as the selection asks. */
async function learnModels({ db }: UserContext, input: ComparisonInput): Promise<ModelKnowledge> {
  const { projectId, selection } = input;
  if (selection === "wanted") return { ...NOTHING_KNOWN, wanted: await readWantedVotes(db, input) };
  if (selection !== "balanced" && selection !== "information") return NOTHING_KNOWN;
  const { packed, models } = await selectBoardVotes(db, projectId, { votes: "people", weights: "served" });
  if (packed.source.length === 0) return NOTHING_KNOWN;
  const { first, second, counts } = countPairs({ ...packed, weight: null });
  const idOf = (i: number) => models[i]?.id ?? "";
  const votes = new Map(
    Array.from(first, (i, pair) => [
      pairKey(idOf(i), idOf(second[pair] as number)),
      counts.subarray(3 * pair, 3 * pair + 3).reduce((sum, n) => sum + n, 0),
    ]),
  );
  const { fit, covariance } = rateVotes(packed, { seed: BOARD_SEED, draws: 1 });
  const strengths = new Map(
    models.map(({ id }, i) => [id, { logit: fit.x[i] as number, variance: Math.max(1e-4, covariance[i * models.length + i] as number) }]),
  );
  return { ...NOTHING_KNOWN, votes, strengths };
}
