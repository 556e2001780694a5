/** How far a board can be trusted: the votes its first place hangs on, the votes still wanted, and what else decides votes. */
import type { Db } from "../../db/client";
import { describeFragility } from "../../domain/ratings/describe";
import { createOnlineRatings } from "../../domain/ratings/online";
import { findFragility } from "../../domain/ratings/fragility";
import { fitJoint, type JointVotes } from "../../domain/ratings/joint";
import { measureJointGain } from "../../domain/ratings/joint-gain";
import { judgementId } from "../../domain/ratings/judgements";
import { ELO } from "../../domain/ratings/bradley-terry";
import { normalQuantile } from "../../domain/ratings/distributions";
import { votesNeeded } from "../../domain/ratings/power";
import { eloOf, rateVotes } from "../../domain/ratings/rate";
import { judgementRanges } from "../../domain/ratings/votes";
import type { ServiceContext } from "../context";
import { BOARD_SEED, type BoardInput, requireBoard } from "./leaderboard";
import { type BoardVotes, selectBoardVotes, selectStyleColumns, type StyleColumns } from "./leaderboard-votes";

/** The joint model is fitted on at most so many of the newest judgements: six fits of it must not keep others waiting. */
const JOINT_VOTES = 5000;
/** Fewer votes or annotators say nothing of annotators. */
const JOINT_LEAST = 60;
const HISTORY_POINTS = 60;
/** Answers that are kept until the votes change. */
const MOST_KEPT = 50;

/** The votes that the first place hangs on: a set without which another model is first, with their ids. */
function explainFragility({ packed, models, columns }: BoardVotes, rated: ReturnType<typeof rateVotes>) {
  const found = findFragility(packed, rated.fit, rated.covariance);
  if (found === null) return null;
  const name = (i: number) => models[i]?.name ?? "?";
  const ranges = judgementRanges(packed);
  const kinds = new Map<string, number>();
  for (const judgement of found.judgements)
    for (let row = ranges[judgement] as number; row < (ranges[judgement + 1] as number); row++) {
      const [a, b] = [name(packed.a[row] as number), name(packed.b[row] as number)];
      const text =
        packed.outcome[row] === 2
          ? `tie of ${[a, b].sort().join(" and ")}`
          : packed.outcome[row] === 0
            ? `${a} over ${b}`
            : `${b} over ${a}`;
      kinds.set(text, (kinds.get(text) ?? 0) + 1);
    }
  return {
    leader: name(found.leader),
    challenger: name(found.challenger),
    count: found.judgements.length,
    words: describeFragility(name(found.leader), name(found.challenger), found.judgements.length, packed.source.length),
    kinds: [...kinds].map(([text, count]) => ({ text, count })).sort((a, b) => b.count - a.count),
    judgementIds: found.judgements.map((judgement) => judgementId(columns, packed.source[judgement] as number)),
  };
}

/** The newest judgements with annotators numbered from 0. */
function jointVotesOf({ packed }: BoardVotes, style: StyleColumns): JointVotes {
  const ranges = judgementRanges(packed);
  const from = ranges[Math.max(0, ranges.length - 1 - JOINT_VOTES)] as number;
  const numbers = new Map<number, number>();
  const annotator = Int32Array.from(packed.annotator.subarray(from), (id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
  return {
    models: packed.models,
    a: packed.a.slice(from),
    b: packed.b.slice(from),
    outcome: packed.outcome.slice(from),
    weight: packed.weight?.slice(from) ?? null,
    judgement: packed.judgement?.slice(from) ?? null,
    annotator,
    annotators: numbers.size,
    features: style.features.slice(from * style.names.length),
    styles: style.names.length,
  };
}

async function explainVotes(ctx: ServiceContext, projectId: string, votes: BoardVotes) {
  const judgements = votes.packed.source.length;
  if (judgements < JOINT_LEAST)
    return { note: `The joint model of models, annotators, side and length wants at least ${JOINT_LEAST} votes and has ${judgements}.` };
  const style = await selectStyleColumns(ctx.db, projectId, votes);
  const joint = jointVotesOf(votes, style);
  try {
    const fit = fitJoint(joint);
    const gain = measureJointGain(joint, { seed: BOARD_SEED });
    const z = normalQuantile(0.975);
    const effect = (name: string, value: number, error: number) => ({
      name,
      elo: ELO * value,
      low: ELO * (value - z * error),
      high: ELO * (value + z * error),
    });
    return {
      note: null,
      n: gain.n,
      annotators: joint.annotators,
      gain: { ...gain, low: gain.gain - z * gain.error, high: gain.gain + z * gain.error },
      effects: [
        effect("Shown first", fit.side, fit.sideError),
        ...style.names.map((name, f) => effect(name, fit.gamma[f] as number, fit.gammaError[f] as number)),
      ],
      /** Spread of the annotators: reliability as a factor on differences, own side in Elo. */
      reliability: { low: Math.exp(-fit.tau), high: Math.exp(fit.tau) },
      ownSide: ELO * fit.sigma,
      scores: votes.models.map(({ id, name }, i) => ({ id, name, score: eloOf(fit.theta[i] as number) })).sort((a, b) => b.score - a.score),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { note: "The votes cannot tell models, side and style apart." };
  }
}

/** Fragility, power and the joint model of a board. `difference`: Elo points that the wanted votes are counted for. Throws NOT_FOUND. */
export async function getScrutiny(ctx: ServiceContext, input: BoardInput & { difference: number }): Promise<Found | null> {
  const project = await requireBoard(ctx, input.slug);
  const votes = await selectBoardVotes(ctx.db, project.id, input);
  if (votes.packed.source.length === 0) return null;
  const key = JSON.stringify([project.id, votes.mark, input]);
  const before = kept.get(key);
  if (before !== undefined) return before;
  const found = await scrutinise(ctx, project.id, votes, input.difference);
  kept.set(key, found);
  for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
  return found;
}

type Found = Awaited<ReturnType<typeof scrutinise>>;
const kept = new Map<string, Found>();

async function scrutinise(ctx: ServiceContext, projectId: string, votes: BoardVotes, difference: number) {
  const rated = rateVotes(votes.packed, { seed: BOARD_SEED, draws: 1 });
  const n = votes.models.length;
  const needed = votesNeeded(rated, { difference });
  return {
    fragility: explainFragility(votes, rated),
    /** Votes still wanted, by `place` of the ranking. */
    needed: Array.from({ length: n }, (_, i) => [...needed.subarray(i * n, (i + 1) * n)]),
    joint: await explainVotes(ctx, projectId, votes),
  };
}

/** Votes that two models (by id) still need, from people's votes; models that were never compared need as many as from nothing. */
export async function readWantedVotes(
  db: Db,
  { projectId, difference = 30 }: { projectId: string; difference?: number | undefined },
): Promise<(a: string, b: string) => number> {
  const { packed, models } = await selectBoardVotes(db, projectId, { votes: "people", weights: "served" });
  const place = new Map(models.map(({ id }, i) => [id, i]));
  // Two models without a vote: every pair of strangers wants this many.
  const strangers = votesNeeded(
    rateVotes(
      { models: 2, a: new Uint16Array(), b: new Uint16Array(), outcome: new Uint8Array(), judgement: null, weight: null },
      { seed: BOARD_SEED },
    ),
    { difference },
  )[1] as number;
  const needed = models.length === 0 ? new Float64Array() : votesNeeded(rateVotes(packed, { seed: BOARD_SEED, draws: 1 }), { difference });
  return (a, b) => {
    const [i, j] = [place.get(a), place.get(b)];
    return i === undefined || j === undefined ? strangers : (needed[i * models.length + j] as number);
  };
}

export type Scrutiny = Awaited<ReturnType<typeof getScrutiny>>;

/** Scores after each of up to 60 equal parts of the votes, from refits that are exact at every vote. Throws NOT_FOUND. */
export async function getHistory(ctx: ServiceContext, input: BoardInput) {
  const project = await requireBoard(ctx, input.slug);
  const { packed, models, columns } = await selectBoardVotes(ctx.db, project.id, { ...input, until: undefined });
  const ranges = judgementRanges(packed);
  const judgements = ranges.length - 1;
  const online = createOnlineRatings({
    models: packed.models,
    a: new Uint16Array(),
    b: new Uint16Array(),
    outcome: new Uint8Array(),
    judgement: null,
    weight: null,
  });
  const points: { at: Date; votes: number; scores: number[] }[] = [];
  const seen = new Set<number>();
  let next = 1;
  for (let judgement = 0; judgement < judgements; judgement++) {
    for (let row = ranges[judgement] as number; row < (ranges[judgement + 1] as number); row++) {
      const [a, b] = [packed.a[row] as number, packed.b[row] as number];
      online.add(a, b, packed.outcome[row] as number, packed.weight?.[row] ?? 1);
      seen.add(a).add(b);
    }
    if (judgement + 1 < Math.ceil((next * judgements) / HISTORY_POINTS)) continue;
    while (Math.ceil((next * judgements) / HISTORY_POINTS) <= judgement + 1) next++;
    const scores = Array.from(online.strengths(), (strength, i) => (seen.has(i) ? eloOf(strength) : Number.NaN));
    points.push({ at: new Date(columns.at[packed.source[judgement] as number] as number), votes: judgement + 1, scores });
  }
  return { models: models.map(({ id, name }) => ({ id, name })), points };
}
