/**
 * The bootstrap over judgements: the rows of one judgement stay together. Votes of weight 1 that are a judgement of their
 * own are drawn as counts of (pair, outcome), which is the same sample at the cost of the pairs instead of the votes.
 * Source: Efron & Tibshirani 1993.
 */
import { createRandom } from "../random";
import { createResampler, drawBinomial } from "../resampling";
import { fitPairs, type PairFit } from "./bradley-terry";
import { countPairs, judgementRanges, type PairTable, type Votes } from "./votes";

/** In logits. The error left is of the order of its square: .0002 Elo. */
const REFIT_TOLERANCE = 1e-3;

/** Strengths in logits (mean 0 in each group of the sample) of `samples` refits. */
export function bootstrapStrengths(
  votes: Votes,
  fit: PairFit,
  { seed, samples = 100 }: { seed: number; samples?: number },
): Float64Array[] {
  const random = createRandom(seed, "bradley-terry");
  const draw = createSampler(votes);
  return Array.from({ length: samples }, () =>
    fitPairs(draw(random), { start: fit.x, tolerance: REFIT_TOLERANCE }).x.subarray(0, votes.models),
  );
}

/** A function that draws the pair table of one bootstrap sample. */
function createSampler(votes: Votes): (random: ReturnType<typeof createRandom>) => PairTable {
  const { judgement, weight, models } = votes;
  const countable = judgement === null && weight === null;
  if (countable) {
    const table = countPairs(votes);
    const resample = createResampler(table.counts);
    return (random) => {
      const counts = new Float64Array(table.counts.length);
      resample(random, counts);
      return dropEmpty({ ...table, counts, squares: counts });
    };
  }
  const ranges = judgementRanges(votes);
  const judgements = ranges.length - 1;
  const lone = new Uint8Array(votes.a.length);
  const others: number[] = [];
  for (let k = 0; k < judgements; k++) {
    const from = ranges[k] as number;
    if ((ranges[k + 1] as number) - from === 1 && (weight === null || weight[from] === 1)) lone[from] = 1;
    else others.push(k);
  }
  const base = countPairs({ ...votes, weight: null }, lone);
  const resampleLone = createResampler(base.counts);
  const fromLone = (judgements - others.length) / judgements;
  return (random) => {
    const dense = new Float64Array(models * models * 3);
    const counts = new Float64Array(base.counts.length);
    const drawnLone = drawBinomial(random, judgements, fromLone);
    resampleLone(random, counts, drawnLone);
    base.first.forEach((i, pair) => {
      const cell = 3 * (i * models + (base.second[pair] as number));
      for (let outcome = 0; outcome < 3; outcome++) dense[cell + outcome] = counts[3 * pair + outcome] as number;
    });
    for (let k = drawnLone; k < judgements; k++) {
      const chosen = others[random.int(others.length)] as number;
      for (let row = ranges[chosen] as number; row < (ranges[chosen + 1] as number); row++) {
        const [i, j, outcome] = [votes.a[row] as number, votes.b[row] as number, votes.outcome[row] as number];
        const cell = 3 * (Math.min(i, j) * models + Math.max(i, j)) + (outcome === 2 || i < j ? outcome : 1 - outcome);
        dense[cell] = (dense[cell] as number) + (weight === null ? 1 : (weight[row] as number));
      }
    }
    return tableOf(dense, models);
  };
}

/** A pair table of counts at 3 (i models + j) + outcome, i < j. */
function tableOf(dense: Float64Array, models: number): PairTable {
  const most = (models * (models - 1)) / 2;
  const first = new Uint16Array(most);
  const second = new Uint16Array(most);
  const counts = new Float64Array(3 * most);
  let pair = 0;
  for (let i = 0; i < models; i++)
    for (let j = i + 1; j < models; j++, pair++) {
      first[pair] = i;
      second[pair] = j;
      for (let outcome = 0; outcome < 3; outcome++) counts[3 * pair + outcome] = dense[3 * (i * models + j) + outcome] as number;
    }
  return dropEmpty({ models, first, second, counts, squares: counts });
}

/** Without the pairs that the sample did not draw. */
function dropEmpty(table: PairTable): PairTable {
  const { counts } = table;
  const kept = Array.from(table.first.keys()).filter(
    (pair) => (counts[3 * pair] as number) + (counts[3 * pair + 1] as number) + (counts[3 * pair + 2] as number) > 0,
  );
  if (kept.length === table.first.length) return table;
  const some = Float64Array.from(
    kept.flatMap((pair) => [counts[3 * pair] as number, counts[3 * pair + 1] as number, counts[3 * pair + 2] as number]),
  );
  return {
    models: table.models,
    first: Uint16Array.from(kept, (pair) => table.first[pair] as number),
    second: Uint16Array.from(kept, (pair) => table.second[pair] as number),
    counts: some,
    squares: some,
  };
}
