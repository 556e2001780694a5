/** The quality of a project's votes: agreement by what it can depend on, annotators with their reliability, what to look at first. */
import { type Estimate, quantile } from "../metrics/bootstrap";
import { createRandom } from "../random";
import { createResampler } from "../resampling";
import { type Agreement, type Level, measureAgreement } from "./agreement";
import { type Alarm, fastLimits, findAlarms, type Habits, measureHabits } from "./alarms";
import { type AnnotatorPair, comparePairs } from "./cohen";
import { fitReliability, likelihoodByOthers } from "./dawid-skene";
import { kendallTauB, kendallW } from "./kendall";
import { indexObservations, type Observations, splitObservations } from "./observations";
import { type IndexedVotes, indexVotes, marginScale, type QualityVote, rankScale, type Scale, sayOrders, scoreScales } from "./vote";

export type ScaleAgreement = { name: string; levels: readonly Level[] } & Agreement;
export type GroupAgreement = { group: string; votes: number; percent: Estimate | null; alpha: Estimate | null };
export type Share = { k: number; n: number };
export type AnnotatorQuality = {
  annotatorId: string;
  votes: number;
  /** Comparisons with another annotator's word on the same pair of completions, and on how many both said the same. */
  agreement: Share;
  /** Probability of being right by Dawid-Skene's model and by the one-coin model; null without overlap. */
  reliability: number | null;
  oneCoin: number | null;
  /** Gold and qualification items: as the known answer says, in every order of two completions. */
  gold: Share;
  /** Items shown a second time: the same order as the first time. */
  repeats: Share;
  habits: Habits;
  alarms: Alarm[];
};
export type UnlikelyVote = {
  judgementId: string;
  itemId: string;
  annotatorId: string;
  likelihood: number;
  byOthers: number | null;
  byReward: number | null;
};
export type QualityReport = {
  votes: number;
  /** Units of at least two annotators, of all units. */
  shared: Share;
  scales: ScaleAgreement[];
  /** Means over items with rankings of three or more completions by at least two annotators. */
  kendall: { w: Estimate; tau: Estimate | null } | null;
  byMode: GroupAgreement[];
  byGuideline: GroupAgreement[];
  byTime: GroupAgreement[];
  /** Cohen's kappa of the annotators with most in common, by their ids. */
  pairs: (Omit<AnnotatorPair, "a" | "b"> & { a: string; b: string })[];
  annotators: AnnotatorQuality[];
  /** Items whose annotators agree least. */
  items: { itemId: string; agreed: number; pairs: number }[];
  /**
   * Votes that the others and the reward model find least likely, least likely first. A ranking's likelihood is the geometric
   * mean of its pairs'; the odds of both multiply, as of two witnesses that know nothing of each other.
   */
  unlikely: UnlikelyVote[];
};

const LEAST_IN_COMMON = 5;
const MAX_PAIRS = 30;
const MAX_ITEMS = 10;
const MAX_UNLIKELY = 300;
const MAX_TIMES = 16;
const DAY_MS = 86_400_000;

/** Likelihood of votes under a reward model, by their ids. */
type RewardLikelihoods = ReadonlyMap<string, number>;

/** `votes` stand and are of one kind of annotators (people or simulated); repeats count for consistency only. */
export function measureQuality(
  votes: readonly QualityVote[],
  { seed, byReward = new Map() }: { seed: number; byReward?: RewardLikelihoods },
): QualityReport {
  const first = votes.filter(({ repeatOf }) => repeatOf === null);
  const indexed = indexVotes(first);
  const order = indexObservations(sayOrders(indexed));
  const scales: [Scale, readonly Level[]][] = [
    [{ name: "order", data: order }, ["nominal", "ordinal"]],
    [marginScale(indexed), ["nominal", "ordinal", "interval"]],
    [rankScale(indexed), ["ordinal", "interval"]],
    ...scoreScales(indexed).map((scale): [Scale, readonly Level[]] => [scale, ["nominal", "ordinal", "interval", "ratio"]]),
  ];
  const measured = scales.flatMap(([{ name, data }, levels]): ScaleAgreement[] => {
    const agreement = measureAgreement(data, { levels, seed });
    return agreement === null ? [] : [{ name, levels, ...agreement }];
  });
  const group = (keyOf: (vote: QualityVote) => string | number | null) => groupAgreement(order, first, keyOf, seed);
  const step = timeStep(first);
  return {
    votes: votes.length,
    shared: countShared(order),
    scales: measured,
    kendall: measureKendall(indexed, seed),
    byMode: group(({ mode }) => mode),
    byGuideline: group(({ guideline }) => (guideline === null ? null : `v${guideline}`)),
    byTime: group(({ at }) => Math.floor(at / step))
      .slice(-MAX_TIMES)
      .map((entry) => ({ ...entry, group: new Date(Number(entry.group) * step).toISOString().slice(0, 10) })),
    pairs: comparePairs(order, { weights: "none", seed, least: LEAST_IN_COMMON, limit: MAX_PAIRS }).map(({ a, b, ...pair }) => ({
      ...pair,
      a: indexed.annotators[a] ?? "",
      b: indexed.annotators[b] ?? "",
    })),
    ...measureAnnotators(votes, indexed, order, byReward),
    items: leastAgreed(order, indexed.items),
  };
}

/** Days, or weeks (from Thursday to Thursday, as 1970 began) where the votes span more than MAX_TIMES days. */
function timeStep(votes: readonly QualityVote[]): number {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const { at } of votes) [low, high] = [Math.min(low, at), Math.max(high, at)];
  return high - low > MAX_TIMES * DAY_MS ? 7 * DAY_MS : DAY_MS;
}

function countShared({ start }: Observations): Share {
  const share = { k: 0, n: 0 };
  for (let u = 0; u + 1 < start.length; u++) {
    const n = (start[u + 1] ?? 0) - (start[u] ?? 0);
    if (n > 0) share.n += 1;
    if (n > 1) share.k += 1;
  }
  return share;
}

function groupAgreement(
  order: Observations,
  votes: readonly QualityVote[],
  keyOf: (vote: QualityVote) => string | number | null,
  seed: number,
): GroupAgreement[] {
  const places = new Map<string | number, number>();
  const counts: number[] = [];
  const groupOf = new Int32Array(votes.length).fill(-1);
  votes.forEach((vote, i) => {
    const key = keyOf(vote);
    if (key === null) return;
    let place = places.get(key);
    if (place === undefined) {
      place = places.size;
      places.set(key, place);
      counts.push(0);
    }
    counts[place] = (counts[place] ?? 0) + 1;
    groupOf[i] = place;
  });
  const parts = splitObservations(order, groupOf, places.size);
  return [...places]
    .map(([group, place]) => {
      const part = parts[place];
      const agreement = part === undefined ? null : measureAgreement(part, { levels: ["nominal"], seed, samples: 200 });
      return {
        group: String(group),
        votes: counts[place] ?? 0,
        percent: agreement?.percent ?? null,
        alpha: agreement?.alpha.nominal ?? null,
      };
    })
    .sort((a, b) => a.group.localeCompare(b.group, "en", { numeric: true }));
}

/** The mean of values of which there are few different ones, with its bootstrap interval. */
function meanOfFew(values: readonly number[], seed: number): Estimate {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const kinds = [...counts.keys()];
  const weights = Float64Array.from(counts.values());
  const drawn = new Float64Array(kinds.length);
  const random = createRandom(seed, "kendall");
  const resample = createResampler(weights);
  const mean = (of: Float64Array) => kinds.reduce((sum, kind, i) => sum + kind * (of[i] ?? 0), 0) / values.length;
  const means = Float64Array.from({ length: 500 }, () => {
    resample(random, drawn);
    return mean(drawn);
  }).sort();
  return { value: mean(weights), low: quantile(means, 0.025), high: quantile(means, 0.975), n: values.length };
}

function measureKendall({ votes, items, item }: IndexedVotes, seed: number): QualityReport["kendall"] {
  const byItem: (readonly number[])[][] = items.map(() => []);
  votes.forEach(({ mode, ranks }, i) => {
    if (mode === "ranking" && ranks !== null && ranks.length > 2) byItem[item[i] ?? 0]?.push(ranks);
  });
  const w: number[] = [];
  const tau: number[] = [];
  for (const rankings of byItem) {
    const value = kendallW(rankings);
    if (value !== null) w.push(value);
    rankings.forEach((a, i) => {
      for (const b of rankings.slice(i + 1)) {
        const pair = kendallTauB(a, b);
        if (pair !== null) tau.push(pair);
      }
    });
  }
  if (w.length === 0) return null;
  return { w: meanOfFew(w, seed), tau: tau.length === 0 ? null : meanOfFew(tau, seed) };
}

function leastAgreed({ start, value, cluster }: Observations, items: readonly string[]): QualityReport["items"] {
  const agreed = new Float64Array(items.length);
  const pairs = new Float64Array(items.length);
  for (let u = 0; u < cluster.length; u++) {
    const item = cluster[u] ?? 0;
    const to = start[u + 1] ?? 0;
    for (let o = start[u] ?? 0; o < to; o++)
      for (let p = o + 1; p < to; p++) {
        pairs[item] = (pairs[item] ?? 0) + 1;
        if (value[o] === value[p]) agreed[item] = (agreed[item] ?? 0) + 1;
      }
  }
  return items
    .map((itemId, i) => ({ itemId, agreed: agreed[i] ?? 0, pairs: pairs[i] ?? 0 }))
    .filter((entry) => entry.agreed < entry.pairs)
    .sort((a, b) => a.agreed / a.pairs - b.agreed / b.pairs || b.pairs - a.pairs || (a.itemId < b.itemId ? -1 : 1))
    .slice(0, MAX_ITEMS);
}

/** Adds the strictly ordered pairs of `known`, and those that `ranks` orders likewise; a tie where there is an order is not. */
export function addComparison(share: Share, ranks: readonly number[], known: readonly number[]): void {
  for (let i = 0; i < known.length; i++)
    for (let j = i + 1; j < known.length; j++) {
      const right = Math.sign((known[i] ?? 0) - (known[j] ?? 0));
      if (right === 0) continue;
      share.n += 1;
      if (Math.sign((ranks[i] ?? 0) - (ranks[j] ?? 0)) === right) share.k += 1;
    }
}

function measureAnnotators(
  all: readonly QualityVote[],
  indexed: IndexedVotes,
  data: Observations,
  byReward: RewardLikelihoods,
): Pick<QualityReport, "annotators" | "unlikely"> {
  const coin = fitReliability(data, { model: "one-coin", maxIterations: 20 });
  // Begun where the simpler model ends, the full one needs few steps.
  const full = fitReliability(data, { model: "full", maxIterations: 15, begin: coin.posterior });
  const people = data.annotators;
  const agreed = new Float64Array(people);
  const compared = new Float64Array(people);
  for (let u = 0; u < data.cluster.length; u++) {
    const to = data.start[u + 1] ?? 0;
    for (let o = data.start[u] ?? 0; o < to; o++)
      for (let p = o + 1; p < to; p++)
        for (const who of [data.annotator[o] ?? 0, data.annotator[p] ?? 0]) {
          compared[who] = (compared[who] ?? 0) + 1;
          if (data.value[o] === data.value[p]) agreed[who] = (agreed[who] ?? 0) + 1;
        }
  }
  const placeOf = new Map(indexed.annotators.map((id, i) => [id, i]));
  const byAnnotator = new Map<string, QualityVote[]>();
  for (const vote of all) {
    const list = byAnnotator.get(vote.annotatorId);
    if (list) list.push(vote);
    else byAnnotator.set(vote.annotatorId, [vote]);
  }
  const limits = fastLimits(all);
  const annotators = [...byAnnotator].map(([annotatorId, own]): AnnotatorQuality => {
    const place = placeOf.get(annotatorId);
    const n = place === undefined ? 0 : (compared[place] ?? 0);
    const habits = measureHabits(own, limits);
    return {
      annotatorId,
      votes: own.length,
      agreement: { k: place === undefined ? 0 : (agreed[place] ?? 0), n },
      reliability: place === undefined || n === 0 ? null : (full.accuracy[place] ?? null),
      oneCoin: place === undefined || n === 0 ? null : (coin.accuracy[place] ?? null),
      gold: compareGold(own),
      repeats: compareRepeats(own),
      habits,
      alarms: findAlarms(habits),
    };
  });
  annotators.sort((a, b) => b.votes - a.votes || (a.annotatorId < b.annotatorId ? -1 : 1));
  return { annotators, unlikely: findUnlikely(indexed.votes, data.source, likelihoodByOthers(data, coin), byReward) };
}

function compareGold(own: readonly QualityVote[]): Share {
  const share = { k: 0, n: 0 };
  for (const { ranks, gold } of own) if (ranks !== null && gold !== null) addComparison(share, ranks, gold);
  return share;
}

function compareRepeats(own: readonly QualityVote[]): Share {
  const share = { k: 0, n: 0 };
  const again = own.filter(({ repeatOf }) => repeatOf !== null);
  if (again.length === 0) return share;
  const before = new Map(own.map(({ itemId, ranks }) => [itemId, ranks]));
  for (const { repeatOf, ranks } of again) {
    const known = before.get(repeatOf ?? "");
    if (known != null && ranks !== null) addComparison(share, ranks, known);
  }
  return share;
}

const LEAST_LIKELIHOOD = 1e-12;
const logOdds = (p: number | null): number =>
  p === null ? 0 : Math.log(Math.max(p, LEAST_LIKELIHOOD)) - Math.log(Math.max(1 - p, LEAST_LIKELIHOOD));

function findUnlikely(
  votes: readonly QualityVote[],
  source: Int32Array,
  likelihood: Float64Array,
  rewards: RewardLikelihoods,
): UnlikelyVote[] {
  const logs = new Float64Array(votes.length);
  const counts = new Float64Array(votes.length);
  likelihood.forEach((p, o) => {
    if (Number.isNaN(p)) return;
    const vote = source[o] ?? 0;
    logs[vote] = (logs[vote] ?? 0) + Math.log(Math.max(p, LEAST_LIKELIHOOD));
    counts[vote] = (counts[vote] ?? 0) + 1;
  });
  const byOthers = (i: number) => ((counts[i] ?? 0) > 0 ? Math.exp((logs[i] ?? 0) / (counts[i] ?? 1)) : null);
  const both = new Float64Array(votes.length);
  votes.forEach(({ id }, i) => {
    const others = byOthers(i);
    const reward = rewards.size === 0 ? null : (rewards.get(id) ?? null);
    // One witness alone says what it says, to the last digit.
    both[i] = others !== null && reward !== null ? 1 / (1 + Math.exp(-logOdds(others) - logOdds(reward))) : (others ?? reward ?? 1);
  });
  // Numbers sort much faster than rows: only what is at the end of the list or before it becomes one.
  const most = Math.min(0.5, both.toSorted()[MAX_UNLIKELY - 1] ?? 0.5);
  return votes
    .flatMap(({ id, itemId, annotatorId }, i): UnlikelyVote[] => {
      const likelihood = both[i] ?? 1;
      if (likelihood > most || likelihood >= 0.5) return [];
      return [{ judgementId: id, itemId, annotatorId, likelihood, byOthers: byOthers(i), byReward: rewards.get(id) ?? null }];
    })
    .sort((a, b) => a.likelihood - b.likelihood || (a.judgementId < b.judgementId ? -1 : 1))
    .slice(0, MAX_UNLIKELY);
}
