/** A reward model against the people whose votes it never saw. */
import { selectCheckpoint } from "../../db/queries/checkpoints";
import { type ScoredVoteRow, selectScoredVotes, selectScoringCheckpoints } from "../../db/queries/completion-rewards";
import { selectNames } from "../../db/queries/quality";
import { selectRun } from "../../db/queries/runs";
import type { Db } from "../../db/client";
import { measurePairAgreement } from "../../domain/pair-agreement";
import { measureRewardAgreement } from "../../domain/reward-agreement";
import { requireProject } from "../access";
import type { UserContext } from "../context";
import { pseudonymOf, seesPseudonyms } from "../pseudonym";
import { AppError, fieldError } from "../errors";

const SEED = 1;

/** Votes of the checkpoint's project with its scores; held out are those whose prompt's group its run neither learnt from nor was validated on. */
export async function readScoredVotes(
  db: Db,
  input: { checkpointId: string; simulated: boolean; heldOutOnly: boolean },
): Promise<ScoredVoteRow[]> {
  const checkpoint = await selectCheckpoint(db, input.checkpointId);
  if (checkpoint === null || checkpoint.projectId === null) return [];
  const run = checkpoint.runId === null ? null : await selectRun(db, checkpoint.runId);
  return selectScoredVotes(db, { ...input, projectId: checkpoint.projectId, datasetVersionId: run?.datasetVersionId ?? null });
}

/**
 * Accuracy on held-out votes: of all, of each annotator beside how often the others agree with them, by the model's
 * certainty, by margin, and by how far people agreed; `simulated` null takes people where they voted. Throws NOT_FOUND, and BAD_INPUT for a checkpoint of another kind.
 */
export async function getRewardAgreement(ctx: UserContext, input: { checkpointId: string; simulated: boolean | null }) {
  const project = await requireProject(ctx, { checkpoint: input.checkpointId }, "researcher");
  const checkpoint = await selectCheckpoint(ctx.db, input.checkpointId);
  if (checkpoint === null) throw new AppError("NOT_FOUND", "There is no such checkpoint.");
  if (checkpoint.kind !== "reward") throw new AppError("BAD_INPUT", `${checkpoint.name} is no reward model`);
  const read = (simulated: boolean) => readScoredVotes(ctx.db, { checkpointId: checkpoint.id, simulated, heldOutOnly: true });
  const first = await read(input.simulated ?? false);
  // Asked for neither, people come first where there are any.
  const simulated = input.simulated ?? first.length === 0;
  const votes = input.simulated === null && simulated ? await read(true) : first;
  const { annotators, ...measured } = measureRewardAgreement(votes, { seed: SEED });
  const people = measurePairAgreement(votes);
  const names = new Map(
    (
      await selectNames(
        ctx.db,
        annotators.map(({ annotatorId }) => annotatorId),
      )
    ).map(({ id, name }) => [id, name]),
  );
  return {
    checkpoint: { id: checkpoint.id, name: checkpoint.name, projectId: checkpoint.projectId },
    simulated,
    seed: SEED,
    people: { value: people.value, low: people.low, high: people.high, n: people.n },
    annotators: annotators.map((annotator) => ({
      ...annotator,
      name: seesPseudonyms(project) ? pseudonymOf(project.projectId, annotator.annotatorId) : (names.get(annotator.annotatorId) ?? "?"),
      others: people.byAnnotator[annotator.annotatorId] ?? null,
    })),
    ...measured,
  };
}

/** Reward checkpoints whose scores are there, newest first. */
export async function listScoringCheckpoints(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  return selectScoringCheckpoints(ctx.db, input.projectId);
}

/** The reward checkpoint that a selection of pairs goes by: the newest that has scored completions for null. Throws BAD_INPUT naming the field, CONFLICT. */
export async function requireScorer({ db }: UserContext, projectId: string, id: string | null, field: string): Promise<string> {
  const known = await selectScoringCheckpoints(db, projectId);
  const found = id === null ? known[0] : known.find((checkpoint) => checkpoint.id === id);
  if (found !== undefined) return found.id;
  if (id !== null) throw fieldError(field, "This reward checkpoint has scored no completions of the project");
  throw new AppError("CONFLICT", "No reward model has scored completions of this project. Start a score run first.");
}
