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
  /** "even": each pair of models alike. "wanted": the more likely, the more votes a pair still needs until `difference` Elo points are settled. */
  selection: z.enum(["even", "wanted"]).default("even"),
  difference: z.number().min(1).max(1000).default(30),
  seed: z.number().int().min(0).default(1),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** What the models say to one prompt: one completion each, of different models. `key` is the same in every installation. */
export type ComparedPrompt = { promptId: string; key: string; completions: { id: string; modelId: string; contentHash: string }[] };
export type ComparedPair = { promptId: string; completionIds: [string, string]; propensity: number };

/** Share of the probability that is the same for every pair, however many votes it still needs: no pair is left out for good. */
const EVEN_SHARE = 0.2;

/**
 * One pair for each prompt, in a seeded order of prompts, at most `maxItems`. Of the pairs of models that said different
 * things to the prompt each is as likely, or with `wanted` (votes that two models still need) more likely in proportion to
 * that: `propensity` is the probability. Prompts without such a pair give none.
 */
export function chooseComparisons(
  prompts: readonly ComparedPrompt[],
  { maxItems, seed, wanted = null }: Pick<Comparison, "maxItems" | "seed"> & { wanted?: ((modelA: string, modelB: string) => number) | null },
): ComparedPair[] {
  const order = createRandom(seed, "comparison").shuffle([...prompts].sort((a, b) => (a.key < b.key ? -1 : 1)));
  const out: ComparedPair[] = [];
  for (const { promptId, key, completions } of order) {
    const pairs = completions.flatMap((a, i) => completions.slice(i + 1).flatMap((b) => (a.contentHash === b.contentHash || a.modelId === b.modelId ? [] : [{ ids: [a.id, b.id] as [string, string], wanted: wanted?.(a.modelId, b.modelId) ?? 1 }])));
    const total = pairs.reduce((sum, pair) => sum + pair.wanted, 0);
    const probabilities = pairs.map((pair) => (total === 0 ? 1 / pairs.length : EVEN_SHARE / pairs.length + ((1 - EVEN_SHARE) * pair.wanted) / total));
    let draw = createRandom(seed, `comparison:${key}`).next();
    const chosen = probabilities.findIndex((probability) => {
      draw -= probability;
      return draw < 0;
    });
    const place = chosen === -1 ? pairs.length - 1 : chosen;
    const pair = pairs[place];
    if (pair === undefined) continue;
    out.push({ promptId, completionIds: pair.ids, propensity: probabilities[place] as number });
    if (out.length === maxItems) break;
  }
  return out;
}
