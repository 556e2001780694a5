/** The leaderboard: what people preferred, and the scores of checkpoints, with what they rest on. */
import {
  countVotes,
  selectCheckpointScores,
  selectCompletionModels,
  selectLeaderboardProjects,
  selectLeaderboardVotes,
  selectRankedModels,
  selectVotesBetween,
  type VoteFilter,
} from "../../db/queries/leaderboard";
import { selectTexts } from "../../db/queries/judgements";
import { fitBradleyTerry, type PairOutcome, type Vote } from "../../domain/ratings/bradley-terry";
import { roleAtLeast } from "../../domain/user";
import type { ServiceContext, UserContext } from "../context";
import { AppError } from "../errors";

const SEED = 1;
const VOTES_SHOWN = 100;

/** Visitors and annotators see published projects, researchers all. */
const seesAll = ({ user }: ServiceContext) => user !== null && roleAtLeast(user.role, "researcher");

export function listLeaderboards(ctx: ServiceContext) {
  return selectLeaderboardProjects(ctx.db, { publishedOnly: !seesAll(ctx) });
}

async function requireProject(ctx: ServiceContext, slug: string) {
  const project = (await listLeaderboards(ctx)).find((known) => known.slug === slug);
  if (project === undefined) throw new AppError("NOT_FOUND", "There is no such leaderboard, or it is not published.");
  return project;
}

/** The pairs of a judgement between different models; `other` counts those of one model with itself. */
export function pairsOfVote(kind: string, shownOrder: readonly string[], ranks: readonly number[], placeOf: (completionId: string) => number | undefined): { vote: Vote; same: number } {
  const vote: PairOutcome[] = [];
  let same = 0;
  const weight = 1 / (ranks.length - 1);
  for (let i = 0; i < ranks.length; i++)
    for (let j = i + 1; j < ranks.length; j++) {
      const [a, b] = [placeOf(shownOrder[i] ?? ""), placeOf(shownOrder[j] ?? "")];
      if (a === undefined || b === undefined) continue;
      if (a === b) {
        same++;
        continue;
      }
      const [first, second] = [ranks[i] ?? 0, ranks[j] ?? 0];
      // Nothing was said about the answers that a best-of-n leaves.
      if (kind === "best_of_n" && first === second) continue;
      vote.push({ a, b, result: first === second ? "tie" : first < second ? "a" : "b", weight });
    }
  return { vote, same };
}

/** Ranking by votes, win rates, and the newest scores. Throws NOT_FOUND for what the caller may not see. */
export async function getLeaderboard(ctx: ServiceContext, input: { slug: string; votes: VoteFilter }) {
  const project = await requireProject(ctx, input.slug);
  const [rows, byCompletion, ranked, scores, available] = await Promise.all([
    selectLeaderboardVotes(ctx.db, { projectId: project.id, votes: input.votes }),
    selectCompletionModels(ctx.db, project.id),
    selectRankedModels(ctx.db, project.id),
    selectCheckpointScores(ctx.db, project.id),
    countVotes(ctx.db, project.id),
  ]);
  const modelOf = new Map(byCompletion.map(({ id, modelId }) => [id, modelId]));
  // A model that was only compared with itself has no place among the others.
  const compared = new Set(
    rows.flatMap(({ ranks, shownOrder }) => {
      const inVote = new Set(ranks === null ? [] : shownOrder.map((id) => modelOf.get(id)));
      return inVote.size > 1 ? [...inVote] : [];
    }),
  );
  const models = ranked.filter(({ id }) => compared.has(id));
  const place = new Map(models.map(({ id }, i) => [id, i]));
  const placeOf = (completionId: string) => place.get(modelOf.get(completionId) ?? "");
  const votes: Vote[] = [];
  const n = models.length;
  const wins = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const seen = models.map(() => 0);
  const bad = models.map(() => 0);
  let sameModel = 0;
  for (const { ranks, shownOrder, kind } of rows) {
    for (const index of new Set(shownOrder.map(placeOf))) {
      if (index === undefined || (ranks === null && kind !== "both_bad")) continue;
      seen[index] = (seen[index] ?? 0) + 1;
      if (kind === "both_bad") bad[index] = (bad[index] ?? 0) + 1;
    }
    if (ranks === null) continue;
    const { vote, same } = pairsOfVote(kind, shownOrder, ranks, placeOf);
    sameModel += same;
    if (vote.length > 0) votes.push(vote);
    for (const { a, b, result } of vote) {
      const add = (i: number, j: number, share: number) => {
        const row = wins[i];
        if (row) row[j] = (row[j] ?? 0) + share;
      };
      add(a, b, result === "a" ? 1 : result === "tie" ? 0.5 : 0);
      add(b, a, result === "b" ? 1 : result === "tie" ? 0.5 : 0);
    }
  }
  const fit = votes.length === 0 ? null : fitBradleyTerry(votes, n, { seed: SEED });
  return {
    project,
    votes: { counted: votes.length, available, sameModel },
    ranking: models
      .map((model, i) => ({ ...model, ...(fit?.ratings[i] ?? null), place: i, judged: seen[i] ?? 0, bothBad: bad[i] ?? 0 }))
      .sort((a, b) => (b.score ?? 0) - (a.score ?? 0)),
    /** Share of the pairs that the row's model won against the column's, ties half; by `place`. */
    winRates: wins.map((row, i) =>
      row.map((won, j) => {
        const total = won + (wins[j]?.[i] ?? 0);
        return total === 0 ? null : { share: won / total, n: total };
      }),
    ),
    groups: fit?.groups.length ?? 0,
    scores,
  };
}

export type Leaderboard = Awaited<ReturnType<typeof getLeaderboard>>;

/** The votes that compared two models, with texts and annotators. */
export async function listVotesBetween(ctx: UserContext, input: { slug: string; a: string; b: string }) {
  const project = await requireProject(ctx, input.slug);
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
      answers: shownOrder.map((id, i) => ({ text: texts.get(id) ?? "", rank: ranks?.[i] ?? 0, model: modelNames.get(modelOf.get(id) ?? "") ?? "?" })),
    })),
  };
}
