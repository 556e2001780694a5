/** Comparing models by votes: which pairs of their completions become items. */
import { z } from "zod";
import { splitSchema } from "./prompt";
import { createRandom } from "./random";

/** How the pair of models is drawn for each prompt. */
export const PAIR_SELECTIONS = ["random", "balanced", "information", "wanted"] as const;
export type PairSelection = (typeof PAIR_SELECTIONS)[number];

export const comparisonSchema = z.strictObject({
  projectId: z.uuid(),
  /** The models that are compared, each with each. */
  modelIds: z.array(z.uuid()).min(2, "Choose at least two models").max(50),
  split: splitSchema.default("test"),
  maxItems: z.number().int().min(1).max(10_000).default(100),
  selection: z.enum(PAIR_SELECTIONS).default("random"),
  /** Elo points that "wanted" settles. */
  difference: z.number().min(1).max(1000).default(30),
  seed: z.number().int().min(0).default(1),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** What the models say to one prompt: one completion each, of different models. `key` is the same in every installation. */
export type ComparedPrompt = { promptId: string; key: string; completions: { id: string; modelId: string; contentHash: string }[] };
export type ComparedPair = { promptId: string; completionIds: [string, string]; propensity: number };

/** What is known of the models before: votes on each pair, by `pairKey`, strengths in logits with their variance, and votes that two models still need. */
export type ModelKnowledge = {
  votes: ReadonlyMap<string, number>;
  strengths: ReadonlyMap<string, { logit: number; variance: number }>;
  wanted(a: string, b: string): number;
};
export const pairKey = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
export const NOTHING_KNOWN: ModelKnowledge = { votes: new Map(), strengths: new Map(), wanted: () => 1 };

/** Of a model without votes: strengths of models lie about this far apart. */
const UNKNOWN = { logit: 0, variance: 2 };
/** Share of the draws that is even, so that no pair is ever ruled out and votes can be weighted by propensity. */
const EVEN = 0.1;

/**
 * Weights of pairs that follow what is known and what was drawn so far:
 * - balanced: the inverse square of one more than the pair's votes
 * - information: 1/2 ln(1 + p (1 - p) v), what a vote is expected to tell of the difference of two strengths whose
 *   variance is v, under Bradley-Terry with a normal posterior (Chu & Ghahramani 2005; MacKay 1992)
 * - wanted: the votes that the pair still needs until a difference is settled
 */
function createWeights(selection: PairSelection, { votes, strengths, wanted }: ModelKnowledge) {
  const counts = new Map(votes);
  const known = new Map(strengths);
  const of = (model: string) => known.get(model) ?? UNKNOWN;
  const tells = (a: string, b: string) => {
    const p = 1 / (1 + Math.exp(of(b).logit - of(a).logit));
    return p * (1 - p);
  };
  return {
    weight(a: string, b: string): number {
      switch (selection) {
        case "random":
          return 1;
        case "balanced":
          return (1 + (counts.get(pairKey(a, b)) ?? 0)) ** -2;
        case "information":
          return 0.5 * Math.log1p(tells(a, b) * (of(a).variance + of(b).variance));
        case "wanted":
          return wanted(a, b);
        default:
          return selection satisfies never;
      }
    },
    /** Counts a drawn pair as if it had been voted on: what it will tell needs not be asked twice. */
    note(a: string, b: string): void {
      counts.set(pairKey(a, b), (counts.get(pairKey(a, b)) ?? 0) + 1);
      const gain = tells(a, b);
      for (const model of [a, b]) known.set(model, { ...of(model), variance: 1 / (1 / of(model).variance + gain) });
    },
  };
}

/**
 * One pair for each prompt, in a seeded order of prompts, at most `maxItems`, of models that said different things to the
 * prompt; drawn as `selection` says. `propensity` is the probability of the drawn pair. Prompts without such a pair give none.
 */
export function chooseComparisons(
  prompts: readonly ComparedPrompt[],
  { maxItems, seed, selection = "random" }: Pick<Comparison, "maxItems" | "seed"> & { selection?: PairSelection },
  knowledge: ModelKnowledge = NOTHING_KNOWN,
): ComparedPair[] {
  const order = createRandom(seed, "comparison").shuffle([...prompts].sort((a, b) => (a.key < b.key ? -1 : 1)));
  const weights = createWeights(selection, knowledge);
  const out: ComparedPair[] = [];
  for (const { promptId, key, completions } of order) {
    const pairs = completions.flatMap((a, i) =>
      completions
        .slice(i + 1)
        .flatMap((b) =>
          a.contentHash === b.contentHash || a.modelId === b.modelId ? [] : [{ a, b, weight: weights.weight(a.modelId, b.modelId) }],
        ),
    );
    if (pairs.length === 0) continue;
    const total = pairs.reduce((sum, { weight }) => sum + weight, 0);
    const even = selection === "random" || total === 0 ? 1 : EVEN;
    const shares = pairs.map(({ weight }) => even / pairs.length + (even === 1 ? 0 : (1 - even) * (weight / total)));
    const place = findPlace(shares, createRandom(seed, `comparison:${key}`).next());
    const pair = pairs[place];
    if (pair === undefined) continue;
    const { a, b } = pair;
    out.push({ promptId, completionIds: [a.id, b.id], propensity: shares[place] ?? 0 });
    weights.note(a.modelId, b.modelId);
    if (out.length === maxItems) break;
  }
  return out;
}

/** Where `u` of [0, 1) falls among shares that add up to 1. */
function findPlace(shares: readonly number[], u: number): number {
  let left = u;
  for (const [i, share] of shares.entries()) {
    left -= share;
    if (left < 0) return i;
  }
  return shares.length - 1;
}
