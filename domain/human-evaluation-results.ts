/**
 * What the ratings of a human evaluation say:
 * - the mean of each model on each scale, with a bootstrap interval over prompts: ratings of one prompt depend on each other
 * - models two by two on the same prompts: paired bootstrap, and Fisher's randomisation test (exact for few prompts, where
 *   the test of sacrebleu is not), corrected for their number (Holm 1979)
 * - agreement of the evaluators: Krippendorff's alpha for ordinal data, of every text that several rated
 */
import { bootstrapSums, type Estimate } from "./metrics/bootstrap";
import { adjustHolm } from "./metrics/holm";
import { signFlipTest } from "./metrics/sign-flip";
import { pairedBootstrap } from "./metrics/significance";
import { type Agreement, measureAgreement } from "./quality/agreement";
import { indexObservations, nothingSaid, say } from "./quality/observations";
import { createRandom } from "./random";
import type { Scale } from "./scale";

/** Models that said the same share a text, which is shown and rated once: `textOf[model]` is its place among the prompt's texts. */
export type RatedPrompt = { textOf: readonly number[] };
/** One evaluator's vote on a prompt: `scores[text][scale]`. */
export type RatingVote = { evaluatorId: string; prompt: number; scores: readonly (readonly number[])[] };

export type RatedModel = {
  /** By scale: the mean (its n is the number of prompts), ratings, and how many gave 1, 2, ... points. Null without ratings. */
  scales: ({ mean: Estimate; ratings: number; counts: number[] } | null)[];
};
export type RatedPair = {
  /** Places of the models; `difference` is b minus a in points. */
  a: number;
  b: number;
  scale: number;
  difference: number;
  low: number;
  high: number;
  p: number;
  pHolm: number;
  prompts: number;
};
export type HumanEvaluationResults = {
  votes: number;
  evaluators: number;
  prompts: number;
  models: RatedModel[];
  pairs: RatedPair[];
  agreement: { scale: number; agreement: Agreement | null }[];
};

const SAMPLES = 1000;
const meanOfCounted = (sums: Float64Array) => (sums[0] as number) / (sums[1] as number);

/** `seed` draws the intervals and tests. */
export function measureHumanEvaluation(input: {
  models: number;
  scales: readonly Pick<Scale, "points">[];
  prompts: readonly RatedPrompt[];
  votes: readonly RatingVote[];
  seed: number;
}): HumanEvaluationResults {
  const { models, scales, prompts, votes, seed } = input;
  const byPrompt = new Map<number, RatingVote[]>();
  for (const vote of votes) byPrompt.set(vote.prompt, [...(byPrompt.get(vote.prompt) ?? []), vote]);
  const rated = [...byPrompt.entries()].sort(([a], [b]) => a - b);
  const scoreOf = (vote: RatingVote, model: number, scale: number) => vote.scores[prompts[vote.prompt]?.textOf[model] ?? -1]?.[scale];
  /** Of each rated prompt: the sum and the number of the model's scores. */
  const rowsOf = (model: number, scale: number) =>
    rated.map(([, given]) => {
      const scores = given.flatMap((vote) => scoreOf(vote, model, scale) ?? []);
      return [scores.reduce((sum, score) => sum + score, 0), scores.length];
    });
  const rows = Array.from({ length: models }, (_, model) => scales.map((_scale, scale) => rowsOf(model, scale)));

  const ratedModels = rows.map(
    (own, model): RatedModel => ({
      scales: own.map((of, scale) => {
        const ratings = of.reduce((sum, [, n = 0]) => sum + n, 0);
        if (ratings === 0) return null;
        const counts = new Array<number>(scales[scale]?.points ?? 0).fill(0);
        for (const vote of votes) {
          const score = scoreOf(vote, model, scale);
          if (score !== undefined) counts[score - 1] = (counts[score - 1] ?? 0) + 1;
        }
        return { mean: bootstrapSums(of, meanOfCounted, { seed, samples: SAMPLES }), ratings, counts };
      }),
    }),
  );

  return {
    votes: votes.length,
    evaluators: new Set(votes.map(({ evaluatorId }) => evaluatorId)).size,
    prompts: rated.length,
    models: ratedModels,
    pairs: rated.length === 0 ? [] : comparePairs(rows, seed),
    agreement: scales.map((_, scale) => ({ scale, agreement: agreementOn(rated, scale, seed) })),
  };
}

/** Every two models on every scale; a vote rates all models of its prompt, so that their rows go together. */
function comparePairs(rows: readonly (readonly number[][])[][], seed: number): RatedPair[] {
  const tests = rows.flatMap((own, a) =>
    rows
      .slice(a + 1)
      .flatMap((other, i) => own.map((baseline, scale) => ({ a, b: a + 1 + i, scale, baseline, system: other[scale] ?? [] }))),
  );
  const draws = createRandom(seed, "human-evaluation-signs");
  const p = tests.map(({ baseline, system }) =>
    signFlipTest(
      baseline.map(([sum = 0], i) => (system[i]?.[0] ?? 0) - sum),
      draws,
    ),
  );
  const adjusted = adjustHolm(p);
  return tests.flatMap(({ a, b, scale, baseline, system }, i) => {
    const [found] = pairedBootstrap([{ baseline, system, statistic: meanOfCounted }], {
      draws: createRandom(seed, "human-evaluation-pairs"),
      samples: SAMPLES,
    });
    if (found === undefined) return [];
    const { difference, low, high } = found;
    return [{ a, b, scale, difference, low, high, p: p[i] ?? 1, pHolm: adjusted[i] ?? 1, prompts: baseline.length }];
  });
}

function agreementOn(rated: readonly (readonly [number, readonly RatingVote[]])[], scale: number, seed: number): Agreement | null {
  const places = new Map<string, number>();
  const said = nothingSaid();
  rated.forEach(([, given], cluster) => {
    for (const { evaluatorId, scores } of given) {
      const evaluator = places.get(evaluatorId) ?? places.size;
      places.set(evaluatorId, evaluator);
      scores.forEach((of, text) => {
        const score = of[scale];
        if (score !== undefined) say(said, cluster, text, evaluator, score, 0);
      });
    }
  });
  return measureAgreement(indexObservations(said), { levels: ["ordinal"], seed });
}
