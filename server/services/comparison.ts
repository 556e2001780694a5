/** Items that set models against each other, made of completions that are there already (an evaluation leaves some). */
import { selectNewestCompletions } from "../../db/queries/completions";
import { type ComparedPrompt, type Comparison, chooseComparisons } from "../../domain/comparison";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { createItems } from "./item";
import { readWantedVotes } from "./leaderboard-scrutiny";

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
  const wanted = input.selection === "wanted" ? await readWantedVotes(ctx.db, input) : null;
  const pairs = chooseComparisons([...prompts.values()], { ...input, wanted });
  if (pairs.length === 0) {
    throw new AppError("CONFLICT", `No prompt of the ${input.split} split has different answers of two of these models. Evaluate or sample them on that split first.`);
  }
  const { created, existing } = await createItems(ctx, { projectId: input.projectId, items: pairs.map((pair) => ({ ...pair, mode: "pairwise" })) });
  return { created, existing };
}
