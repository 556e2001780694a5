/** Downloads of a board: the ranking as CSV, all of it as JSON, and the votes behind it without identities. */
import { stringify } from "csv-stringify/sync";
import { bootstrapStrengths } from "../../domain/ratings/bootstrap";
import { ELO, fitPairs } from "../../domain/ratings/bradley-terry";
import { BOTH_BAD, judgementId, NO_PREFERENCE } from "../../domain/ratings/judgements";
import { countPairs } from "../../domain/ratings/votes";
import type { ServiceContext } from "../context";
import { BOARD_SEED, type BoardInput, getLeaderboard, requireBoard } from "./leaderboard";
import { getScrutiny } from "./leaderboard-scrutiny";
import { type BoardVotes, selectBoardVotes } from "./leaderboard-votes";

const SAMPLES = 100;

/** Standard errors of the raw scores by the bootstrap over judgements, by `place`. */
function bootstrapErrors({ packed }: BoardVotes): number[] {
  if (packed.source.length === 0) return [];
  const draws = bootstrapStrengths(packed, fitPairs(countPairs(packed)), { seed: BOARD_SEED, samples: SAMPLES });
  return Array.from({ length: packed.models }, (_, i) => {
    const values = draws.map((draw) => draw[i] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / SAMPLES;
    return ELO * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (SAMPLES - 1));
  });
}

/** A text that a spreadsheet would take for a formula is kept one by an apostrophe. */
const plain = (cell: string | number | null) => (typeof cell === "string" && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);

const COLUMNS = [
  "group",
  "rank",
  "rank_low",
  "rank_high",
  "model",
  "score",
  "low",
  "high",
  "error",
  "error_bootstrap_raw",
  "probability_first",
  "weight",
  "judged",
  "both_bad",
  "open",
] as const;

export async function exportRanking(ctx: ServiceContext, input: BoardInput): Promise<string> {
  const board = await getLeaderboard(ctx, input);
  const errors = bootstrapErrors(await selectBoardVotes(ctx.db, board.project.id, input));
  const lines = board.ranking.flatMap((row) => {
    if (row.score === undefined) return [];
    return [
      [
        row.group,
        row.rank,
        row.rankLow,
        row.rankHigh,
        row.name,
        row.score,
        row.low,
        row.high,
        row.error,
        errors[row.place] ?? null,
        row.first,
        row.weight,
        row.judged,
        row.bothBad,
        row.open,
      ].map((cell) => plain(cell ?? null)),
    ];
  });
  return stringify([COLUMNS, ...lines], { record_delimiter: "windows" });
}

/** The board with its scrutiny, what it was asked for, and how to compute it again. */
export async function exportBoard(ctx: ServiceContext, input: BoardInput & { difference: number }) {
  const [board, scrutiny] = await Promise.all([getLeaderboard(ctx, input), getScrutiny(ctx, input)]);
  const errors = bootstrapErrors(await selectBoardVotes(ctx.db, board.project.id, input));
  return {
    asked: input,
    estimators: {
      ranking:
        "Bradley-Terry by maximum likelihood, ties by Davidson 1970; Firth 1993 where the maximum does not exist; 400 / ln 10 points a logit, mean 1000 in each group",
      errors: "sandwich over judgements (Huber 1967); inverse information in groups with fewer than 10 votes a model or without a maximum",
      ranks: "Mogstad et al. 2024, marginal, Bonferroni, 95 %",
      probabilityFirst: `2000 draws of the normal distribution of the estimates, seed ${BOARD_SEED}`,
      bootstrap: `${SAMPLES} resamples of judgements, seed ${BOARD_SEED}`,
    },
    ...board,
    ranking: board.ranking.map((row) => ({ ...row, errorBootstrapRaw: errors[row.place] ?? null })),
    scrutiny,
  };
}

/** One row for each judgement that counts; annotators are numbers in order of their first vote, times are days. */
export async function* exportVotes(ctx: ServiceContext, input: BoardInput): AsyncGenerator<Record<string, unknown>> {
  const project = await requireBoard(ctx, input.slug);
  const { columns, counts, models, modelOf } = await selectBoardVotes(ctx.db, project.id, input);
  const numbers = new Map<number, number>();
  for (let k = 0; k < columns.length; k++) {
    if (columns.kind[k] === NO_PREFERENCE || !counts(k)) continue;
    const [from, to] = [columns.start[k] as number, columns.start[k + 1] as number];
    const shown = Array.from(columns.shown.subarray(from, to), (completion) => models[modelOf[completion] as number]?.name ?? null);
    if (shown.every((name) => name === null)) continue;
    const annotator = numbers.get(columns.annotator[k] as number) ?? numbers.size + 1;
    numbers.set(columns.annotator[k] as number, annotator);
    const bothBad = columns.kind[k] === BOTH_BAD;
    yield {
      judgement: judgementId(columns, k),
      day: new Date(columns.at[k] as number).toISOString().slice(0, 10),
      annotator,
      shown,
      ranks: bothBad ? null : [...columns.rank.subarray(from, to)],
      both_bad: bothBad,
      propensity: columns.propensity[k],
    };
  }
}
