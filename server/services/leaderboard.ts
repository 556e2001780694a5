/** The leaderboard: what people preferred, and the scores of checkpoints, with what they rest on. */
import {
  countVotes,
  selectCheckpointScores,
  selectCompletionModels,
  selectLeaderboardProjects,
  selectRankedModels,
  selectVotesBetween,
} from "../../db/queries/leaderboard";
import { lineageOf } from "../../db/queries/checkpoints";
import { selectTexts } from "../../db/queries/judgements";
import { ELO } from "../../domain/ratings/bradley-terry";
import { describeLimits } from "../../domain/ratings/describe";
import { BOTH_BAD, prefers } from "../../domain/ratings/judgements";
import { normalQuantile } from "../../domain/ratings/distributions";
import { describeStrengths, type Rating, rateVotes, type Strengths, winRateAgainst } from "../../domain/ratings/rate";
import { fitStyle } from "../../domain/ratings/style";
import { countPairs } from "../../domain/ratings/votes";
import type { LineageGraph } from "../../domain/lineage";
import { roleAtLeast } from "../../domain/user";
import type { ServiceContext, UserContext } from "../context";
import { AppError } from "../errors";
import { lineageGraph } from "./checkpoint";
import { type BoardFilter, type BoardVotes, selectBoardVotes, selectStyleColumns } from "./leaderboard-votes";

/** Of every draw on the board. */
export const BOARD_SEED = 1;
const VOTES_SHOWN = 100;
const DRAWS = 2000;
/** Fewer votes than this for each style coefficient say nothing of style. */
const VOTES_PER_FEATURE = 20;

export type BoardInput = {
  slug: string;
  style?: "raw" | "controlled" | undefined /** Model that win rates are given against. */;
  baseline?: string | undefined;
} & BoardFilter;

/** Visitors and annotators see published projects, researchers all. */
const seesAll = ({ user }: ServiceContext) => user !== null && roleAtLeast(user.role, "researcher");

export function listLeaderboards(ctx: ServiceContext) {
  return selectLeaderboardProjects(ctx.db, { publishedOnly: !seesAll(ctx) });
}

/** Throws NOT_FOUND for what the caller may not see. */
export async function requireBoard(ctx: ServiceContext, slug: string) {
  const project = (await listLeaderboards(ctx)).find((known) => known.slug === slug);
  if (project === undefined) throw new AppError("NOT_FOUND", "There is no such leaderboard, or it is not published.");
  return project;
}

/** How often each model was judged, and how often all answers of its item were called bad. */
function countJudged({ columns, counts, models, modelOf }: BoardVotes): { judged: number; bothBad: number }[] {
  const out = models.map(() => ({ judged: 0, bothBad: 0 }));
  for (let k = 0; k < columns.length; k++) {
    const bad = columns.kind[k] === BOTH_BAD;
    if ((!bad && !prefers(columns, k)) || !counts(k)) continue;
    for (const model of new Set(
      columns.shown.subarray(columns.start[k], columns.start[k + 1]).map((completion) => modelOf[completion] as number),
    )) {
      const entry = out[model];
      if (entry === undefined) continue;
      entry.judged++;
      if (bad) entry.bothBad++;
    }
  }
  return out;
}

/** Share of the pairs that the row's model won against the column's, ties half; null where they never met. */
function winRatesOf({ packed }: BoardVotes) {
  const { models, first, second, counts } = countPairs({ ...packed, weight: null });
  const table = Array.from({ length: models }, () => new Array<{ share: number; n: number } | null>(models).fill(null));
  first.forEach((i, pair) => {
    const j = second[pair] as number;
    const [wins, losses, ties] = [counts[3 * pair] as number, counts[3 * pair + 1] as number, counts[3 * pair + 2] as number];
    const n = wins + losses + ties;
    (table[i] as (typeof table)[number])[j] = { share: (wins + ties / 2) / n, n };
    (table[j] as (typeof table)[number])[i] = { share: (losses + ties / 2) / n, n };
  });
  return table;
}

type StyleView = {
  coefficients: { name: string; elo: number; low: number; high: number }[];
  held: { ratings: Rating[]; strengths: Strengths } | null;
  note: string | null;
};

async function controlStyle(ctx: ServiceContext, projectId: string, votes: BoardVotes): Promise<StyleView> {
  const { packed } = votes;
  const style = await selectStyleColumns(ctx.db, projectId, votes);
  const count = style.names.length;
  if (count === 0)
    return { coefficients: [], held: null, note: "All answers look alike, so there is no style to hold equal: this is the raw ranking." };
  if (packed.source.length < VOTES_PER_FEATURE * count) {
    return {
      coefficients: [],
      held: null,
      note: `Style control wants at least ${VOTES_PER_FEATURE * count} votes for ${count} features and has ${packed.source.length}: this is the raw ranking.`,
    };
  }
  try {
    const fit = fitStyle(packed, style.features, count);
    const z = normalQuantile(0.975);
    return {
      coefficients: style.names.map((name, f) => {
        const [value, error] = [ELO * (fit.gamma[f] as number), ELO * (fit.gammaError[f] as number)];
        return { name, elo: value, low: value - z * error, high: value + z * error };
      }),
      held: {
        ratings: describeStrengths(fit.theta, fit.covariance, fit.plain, countPairs(packed), { seed: BOARD_SEED, draws: DRAWS }),
        strengths: { theta: fit.theta, covariance: fit.covariance, tie: Math.exp(fit.logTie) },
      },
      note: null,
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { coefficients: [], held: null, note: "The votes cannot tell style and models apart: this is the raw ranking." };
  }
}

/** Ranking by votes, win rates, and the newest scores. Throws NOT_FOUND for what the caller may not see. */
export async function getLeaderboard(ctx: ServiceContext, input: BoardInput) {
  const project = await requireBoard(ctx, input.slug);
  const [votes, scores, available] = await Promise.all([
    selectBoardVotes(ctx.db, project.id, input),
    selectCheckpointScores(ctx.db, project.id),
    countVotes(ctx.db, project.id),
  ]);
  const { models, packed } = votes;
  const counted = packed.source.length;
  const board = counted === 0 ? null : rateVotes(packed, { seed: BOARD_SEED, draws: DRAWS });
  const style = board !== null && input.style === "controlled" ? await controlStyle(ctx, project.id, votes) : null;
  const ratings = style?.held?.ratings ?? board?.ratings ?? [];
  const strengths =
    style?.held?.strengths ??
    (board === null ? null : { theta: board.fit.x.subarray(0, models.length), covariance: board.covariance, tie: board.tie });
  const baseline = models.findIndex(({ id }) => id === input.baseline);
  const against = (i: number) =>
    strengths === null || baseline === -1 || i === baseline || ratings[i]?.group !== ratings[baseline]?.group
      ? null
      : winRateAgainst(strengths, i, baseline);
  const judged = countJudged(votes);
  return {
    project,
    votes: { counted, available, sameModel: packed.same },
    categories: votes.categories,
    ranking: models
      .map((model, i) => ({
        ...model,
        ...(ratings[i] ?? null),
        place: i,
        against: against(i),
        judged: judged[i]?.judged ?? 0,
        bothBad: judged[i]?.bothBad ?? 0,
      }))
      .sort((a, b) => (a.group ?? 0) - (b.group ?? 0) || (b.score ?? 0) - (a.score ?? 0)),
    /** By `place`. */
    winRates: winRatesOf(votes),
    groups: board?.groups.length ?? 0,
    notes:
      board === null
        ? []
        : describeLimits(
            board,
            models.map(({ name }) => name),
            { votes: counted, effective: packed.effective },
          ),
    style: style === null ? null : { coefficients: style.coefficients, note: style.note },
    scores,
  };
}

/** A board in short, for pictures and previews: what is first, and on how many votes. Throws NOT_FOUND. */
export async function getBoardSummary(ctx: ServiceContext, input: BoardInput) {
  const { project, ranking, votes } = await getLeaderboard(ctx, input);
  const rows = ranking.flatMap(({ name, score, low, high, rankLow, rankHigh }) =>
    score === undefined ? [] : [{ name, score, low: low ?? score, high: high ?? score, rankLow: rankLow ?? 1, rankHigh: rankHigh ?? 1 }],
  );
  const whose = { people: "votes by people", simulated: "votes by simulated annotators", all: "votes by people and simulated annotators" }[
    input.votes
  ];
  return {
    name: project.name,
    published: project.published,
    note: `${votes.counted.toLocaleString("en")} ${whose}; rank and score with 95 % intervals`,
    rows,
  };
}

/** What a model stands on, back to the votes; null for one that is no checkpoint. Only researchers get the ways there. Throws NOT_FOUND. */
export async function getModelLineage(ctx: ServiceContext, input: { slug: string; modelId: string }): Promise<LineageGraph | null> {
  const project = await requireBoard(ctx, input.slug);
  const model = (await selectRankedModels(ctx.db, project.id)).find(({ id }) => id === input.modelId);
  if (model === undefined) throw new AppError("NOT_FOUND", "There is no such model on this leaderboard.");
  if (model.checkpointId === null) return null;
  const graph = lineageGraph(model.checkpointId, await lineageOf(ctx.db, model.checkpointId));
  return seesAll(ctx) ? graph : { ...graph, nodes: graph.nodes.map((node) => ({ ...node, href: null })) };
}

export type Leaderboard = Awaited<ReturnType<typeof getLeaderboard>>;

/** The votes that compared two models, with texts and annotators. */
export async function listVotesBetween(ctx: UserContext, input: { slug: string; a: string; b: string }) {
  const project = await requireBoard(ctx, input.slug);
  const rows = await selectVotesBetween(ctx.db, { projectId: project.id, a: input.a, b: input.b, limit: VOTES_SHOWN });
  const texts = await selectTexts(ctx.db, [...new Set(rows.flatMap(({ shownOrder }) => shownOrder))]);
  const modelNames = new Map((await selectRankedModels(ctx.db, project.id)).map(({ id, name }) => [id, name]));
  const modelOf = new Map((await selectCompletionModels(ctx.db, project.id)).map(({ id, modelId }) => [id, modelId]));
  return {
    project,
    a: modelNames.get(input.a) ?? "?",
    b: modelNames.get(input.b) ?? "?",
    votes: rows.map(({ shownOrder, ranks, messages, ...row }) => ({
      ...row,
      prompt: messages.at(-1)?.content ?? "",
      answers: shownOrder.map((id, i) => ({
        text: texts.get(id) ?? "",
        rank: ranks?.[i] ?? 0,
        model: modelNames.get(modelOf.get(id) ?? "") ?? "?",
      })),
    })),
  };
}
