/** Comparing models by votes: which pairs of their completions become items. */
import { z } from "zod";
import { drawWeighted, EVEN, preferenceOf, rewardWeight } from "./pair-weights";
import { splitSchema } from "./prompt";
import { drawByPivot, inclusionProbabilities } from "./proportional";
import { createRandom } from "./random";
import { sigmoid } from "./reward-agreement";

/** How the pair of models is drawn for each prompt; the last two draw the prompts likewise. */
export const PAIR_SELECTIONS = ["random", "balanced", "information", "wanted", "uncertain", "disagreement"] as const;
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
  /** Whose scores "uncertain" and "disagreement" go by; the newest reward checkpoint that has scored completions when null. */
  rewardCheckpointId: z.uuid().nullable().default(null),
  /** What "disagreement" holds against it: another reward checkpoint, or what people's votes say of the models when null. */
  otherCheckpointId: z.uuid().nullable().default(null),
  seed: z.number().int().min(0).default(1),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** What the models say to one prompt: one completion each, of different models. `key` is the same in every installation. */
export type ComparedPrompt = { promptId: string; key: string; completions: Compared[] };
export type Compared = { id: string; modelId: string; contentHash: string };
export type ComparedPair = { promptId: string; completionIds: [string, string]; propensity: number };

/**
 * What is known before: of models, votes on each pair, by `pairKey`, strengths in logits with their variance, and votes that
 * two of them still need; of completions, scores of a reward model and of another one.
 */
export type ModelKnowledge = {
  votes: ReadonlyMap<string, number>;
  strengths: ReadonlyMap<string, { logit: number; variance: number }>;
  wanted(a: string, b: string): number;
  rewards: ReadonlyMap<string, number>;
  otherRewards: ReadonlyMap<string, number> | null;
};
export const pairKey = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
export const NOTHING_KNOWN: ModelKnowledge = {
  votes: new Map(),
  strengths: new Map(),
  wanted: () => 1,
  rewards: new Map(),
  otherRewards: null,
};

/** Of a model without votes: strengths of models lie about this far apart. */
const UNKNOWN = { logit: 0, variance: 2 };

/**
 * Weights of pairs that follow what is known and what was drawn so far:
 * - balanced: the inverse square of one more than the pair's votes
 * - information: 1/2 ln(1 + p (1 - p) v), what a vote is expected to tell of the difference of two strengths whose
 *   variance is v, under Bradley-Terry with a normal posterior (Chu & Ghahramani 2005; MacKay 1992)
 * - wanted: the votes that the pair still needs until a difference is settled
 * - uncertain, disagreement: see `rewardWeight`; without another reward model, the models' ratings are what may disagree
 * Null where a completion of the pair has no score.
 */
function createWeights(selection: PairSelection, { votes, strengths, wanted, rewards, otherRewards }: ModelKnowledge) {
  const counts = new Map(votes);
  const known = new Map(strengths);
  const of = (model: string) => known.get(model) ?? UNKNOWN;
  const tells = (a: string, b: string) => {
    const p = 1 / (1 + Math.exp(of(b).logit - of(a).logit));
    return p * (1 - p);
  };
  return {
    weight(first: Compared, second: Compared): number | null {
      const [a, b] = [first.modelId, second.modelId];
      switch (selection) {
        case "random":
          return 1;
        case "balanced":
          return (1 + (counts.get(pairKey(a, b)) ?? 0)) ** -2;
        case "information":
          return 0.5 * Math.log1p(tells(a, b) * (of(a).variance + of(b).variance));
        case "wanted":
          return wanted(a, b);
        case "uncertain":
        case "disagreement": {
          const q = otherRewards === null ? sigmoid(of(a).logit - of(b).logit) : preferenceOf(otherRewards, first.id, second.id);
          return rewardWeight(selection, preferenceOf(rewards, first.id, second.id), q);
        }
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
 * prompt; drawn as `selection` says. `propensity` is the probability of the drawn pair, given its prompt where prompts are
 * taken by chance alone, and with that of its prompt where the selection draws prompts too. Prompts without such a pair
 * give none.
 */
export function chooseComparisons(
  prompts: readonly ComparedPrompt[],
  { maxItems, seed, selection = "random" }: Pick<Comparison, "maxItems" | "seed"> & { selection?: PairSelection },
  knowledge: ModelKnowledge = NOTHING_KNOWN,
): ComparedPair[] {
  const order = createRandom(seed, "comparison").shuffle([...prompts].sort((a, b) => (a.key < b.key ? -1 : 1)));
  const weights = createWeights(selection, knowledge);
  const pairsOf = ({ completions }: ComparedPrompt) =>
    completions.flatMap((a, i) =>
      completions.slice(i + 1).flatMap((b) => {
        const weight = a.contentHash === b.contentHash || a.modelId === b.modelId ? null : weights.weight(a, b);
        return weight === null ? [] : [{ a, b, weight }];
      }),
    );
  const chances =
    selection === "uncertain" || selection === "disagreement"
      ? drawPrompts(
          order.map((prompt) => ({ promptId: prompt.promptId, weights: pairsOf(prompt).map(({ weight }) => weight) })),
          maxItems,
          seed,
        )
      : null;
  const out: ComparedPair[] = [];
  for (const prompt of order) {
    const { promptId, key } = prompt;
    const chance = chances === null ? 1 : chances.get(promptId);
    const pairs = pairsOf(prompt);
    const drawn = drawWeighted(
      pairs.map(({ weight }) => weight),
      createRandom(seed, `comparison:${key}`).next(),
      selection === "random" ? 1 : EVEN,
    );
    const pair = drawn === null ? undefined : pairs[drawn.place];
    if (chance === undefined || drawn === null || pair === undefined) continue;
    const { a, b } = pair;
    out.push({ promptId, completionIds: [a.id, b.id], propensity: chance * drawn.probability });
    weights.note(a.modelId, b.modelId);
    if (out.length === maxItems) break;
  }
  return out;
}

/** `count` of the prompts that have pairs, in proportion to the mean weight of those but for an even share, each with its probability. */
function drawPrompts(
  prompts: readonly { promptId: string; weights: readonly number[] }[],
  count: number,
  seed: number,
): Map<string, number> {
  const possible = prompts.filter(({ weights }) => weights.length > 0);
  const means = possible.map(({ weights }) => weights.reduce((sum, weight) => sum + weight, 0) / weights.length);
  const mean = means.reduce((sum, weight) => sum + weight, 0) / Math.max(1, means.length);
  const probabilities = inclusionProbabilities(
    means.map((own) => EVEN * mean + (1 - EVEN) * own),
    count,
  );
  const drawn = drawByPivot(probabilities, createRandom(seed, "comparison-prompts"));
  return new Map(drawn.map((place) => [possible[place]?.promptId ?? "", probabilities[place] ?? 0]));
}
