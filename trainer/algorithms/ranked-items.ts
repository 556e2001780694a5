/** Judged items on their way to a loss: what reward models and preference optimisation both learn from. */
import { createRandom } from "../../domain/random";
import { batchIndices, type Example, lengthOf } from "./examples";

/** One judged item: its completions with their ranks, 1 = best, equal ranks tie. */
export type RankedExample = {
  examples: Example[];
  ranks: number[];
  margin: number | null;
  /** Each completion's rating on 0 to 1, where they were rated one by one. */
  ratings?: number[];
};

/** Share of the strictly ordered pairs of `item` that the scores order likewise, as [right, all]. */
export function pairAccuracy(ranks: readonly number[], scores: readonly number[]): [number, number] {
  let right = 0;
  let all = 0;
  for (let i = 0; i < ranks.length; i++)
    for (let j = 0; j < ranks.length; j++)
      if ((ranks[i] ?? 0) < (ranks[j] ?? 0)) {
        all++;
        if ((scores[i] ?? 0) > (scores[j] ?? 0)) right++;
      }
  return [right, all];
}

type Group<T> = { size: number; items: T[]; lengths: number[]; batchSize: number };

/** Items by K; `batchSize` counts pairs, so that a batch has 2 * batchSize sequences whatever K is. */
export function groupBySize<T extends RankedExample>(items: T[], batchSize: number): Group<T>[] {
  const sizes = [...new Set(items.map(({ examples }) => examples.length))].sort((a, b) => a - b);
  return sizes.map((size) => {
    const own = items.filter(({ examples }) => examples.length === size);
    return {
      size,
      items: own,
      lengths: own.map(({ examples }) => Math.max(...examples.map(lengthOf))),
      batchSize: Math.max(1, Math.floor((2 * batchSize) / size)),
    };
  });
}

const batchesOf = (group: Group<unknown>) => Math.ceil(group.items.length / group.batchSize);

export const batchesPerEpoch = (groups: readonly Group<unknown>[]): number => groups.reduce((sum, group) => sum + batchesOf(group), 0);

/** The batch of `step`: groups take turns in an order seeded by `stream`, each through its own endless pass. */
export function batchAt<T extends RankedExample>(groups: readonly Group<T>[], step: number, seed: number, stream: string): T[] {
  const stepsPerEpoch = batchesPerEpoch(groups);
  const turns = groups.flatMap((group, g) => Array.from({ length: batchesOf(group) }, (_, i) => ({ g, i })));
  const epoch = Math.floor(step / stepsPerEpoch);
  const order = createRandom(seed, `${stream}-turns:${epoch}`).shuffle(turns);
  const turn = order[step % stepsPerEpoch];
  const group = groups[turn?.g ?? 0];
  if (!turn || !group) throw new RangeError("batchAt: no batch for this step");
  return batchIndices(
    group.items.length,
    group.batchSize,
    epoch * batchesOf(group) + turn.i,
    seed,
    `${stream}:${group.size}`,
    group.lengths,
  ).map((i) => group.items[i] as T);
}
