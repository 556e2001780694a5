/** In words: where the votes do not carry a board, how few of them carry the first place, and how many are still wanted. */
import type { Board } from "./rate";

const list = (names: readonly string[]) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);
const plural = (count: number, one: string) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

/** Below this the misfit is worth a word. */
const MISFIT = 0.01;

/** What a reader has to know of a board before reading it. `votes`: judgements that count; `effective`: after weighting. */
export function describeLimits(
  board: Board,
  names: readonly string[],
  { votes, effective }: { votes: number; effective: number },
): string[] {
  const of = (open: "above" | "below") => names.filter((_, i) => board.ratings[i]?.open === open);
  const out: string[] = [];
  if (board.groups.length > 1) {
    out.push(
      `${plural(board.groups.length, "group")} of models were never compared with one another, directly or through a third: scores and ranks count within a group only (${board.groups.map((group) => list(group.map((i) => names[i] ?? "?"))).join("; ")}).`,
    );
  }
  const [unbeaten, winless] = [of("above"), of("below")];
  if (unbeaten.length > 0)
    out.push(
      `${list(unbeaten)} never lost to the others: the votes set no upper bound to ${unbeaten.length === 1 ? "its score" : "their scores"}. What is shown is held finite by Firth's penalty of half a vote for each parameter.`,
    );
  if (winless.length > 0)
    out.push(
      `${list(winless)} never won against the others: the votes set no lower bound to ${winless.length === 1 ? "its score" : "their scores"}, which Firth's penalty holds finite.`,
    );
  if (unbeaten.length + winless.length === 0 && board.errors.includes("model"))
    out.push(
      `With ${plural(votes, "vote")} for ${plural(names.length, "model")} the intervals rest on the model being right: robust ones would be too narrow.`,
    );
  if (board.misfit !== null && board.misfit.p < MISFIT) {
    out.push(
      `Who beats whom does not fit one scale (chi-squared ${board.misfit.statistic.toFixed(1)} on ${board.misfit.degrees} degrees of freedom, p = ${board.misfit.p < 1e-4 ? "below 0.0001" : board.misfit.p.toFixed(4)}): read the win rates beside the scores.`,
    );
  }
  if (effective < votes * 0.999)
    out.push(`The weights are unequal: ${plural(votes, "vote")} count like ${Math.round(effective).toLocaleString("en")}.`);
  return out;
}

/** `count` of `votes` judgements turn the first place. */
export const describeFragility = (leader: string, challenger: string, count: number, votes: number): string =>
  `Without ${count === 1 ? "one vote" : `${count.toLocaleString("en")} votes`} of ${votes.toLocaleString("en")} (${((100 * count) / votes).toFixed(count / votes < 0.01 ? 2 : 1)} %) ${challenger} would be first instead of ${leader}. No smaller set was found.`;
