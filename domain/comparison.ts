/** Comparing models by votes: which pairs of their completions become items. */
import { z } from "zod";
import { splitSchema } from "./prompt";
import { createRandom } from "./random";

export const comparisonSchema = z.strictObject({
  projectId: z.uuid(),
  /** The models that are compared, each with each. */
  modelIds: z.array(z.uuid()).min(2, "Choose at least two models").max(50),
  split: splitSchema.default("test"),
  maxItems: z.number().int().min(1).max(10_000).default(100),
  seed: z.number().int().min(0).default(1),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** What the models say to one prompt: one completion each, of different models. `key` is the same in every installation. */
export type ComparedPrompt = { promptId: string; key: string; completions: { id: string; modelId: string; contentHash: string }[] };
export type ComparedPair = { promptId: string; completionIds: [string, string]; propensity: number };

/**
 * One pair for each prompt, in a seeded order of prompts, at most `maxItems`. Of the pairs of models that said different
 * things to the prompt each is as likely: `propensity` is that probability. Prompts without such a pair give none.
 */
export function chooseComparisons(prompts: readonly ComparedPrompt[], { maxItems, seed }: Pick<Comparison, "maxItems" | "seed">): ComparedPair[] {
  const order = createRandom(seed, "comparison").shuffle([...prompts].sort((a, b) => (a.key < b.key ? -1 : 1)));
  const out: ComparedPair[] = [];
  for (const { promptId, key, completions } of order) {
    const pairs = completions.flatMap((a, i) => completions.slice(i + 1).flatMap((b) => (a.contentHash === b.contentHash || a.modelId === b.modelId ? [] : [[a.id, b.id] as [string, string]])));
    if (pairs.length === 0) continue;
    out.push({ promptId, completionIds: createRandom(seed, `comparison:${key}`).pick(pairs), propensity: 1 / pairs.length });
    if (out.length === maxItems) break;
  }
  return out;
}
