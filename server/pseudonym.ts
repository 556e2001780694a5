/** What stands for an annotator's name where it is not to be known; the same everywhere in one project. */
import { createHash } from "node:crypto";
import type { ProjectEntry } from "./access";
import { recordSight } from "./audit";
import type { UserContext } from "./context";

/** The same for one annotator in all exports and reviews of a project, and says nothing of who it is. */
export const pseudonymOf = (projectId: string, userId: string) =>
  `annotator-${createHash("sha256").update(`${projectId} ${userId}`).digest("hex").slice(0, 12)}`;

/** Whether the caller is to see pseudonyms for names: where reviews are blind, only owners see more. */
export const seesPseudonyms = ({ blindReview, role }: ProjectEntry) => blindReview && role !== "owner";

/** Votes with names or pseudonyms, as the caller may see them; names that were seen are in the log. */
export async function showAnnotators<T extends { annotator: string; annotatorId: string }>(
  ctx: UserContext,
  project: ProjectEntry,
  votes: T[],
): Promise<T[]> {
  const { projectId } = project;
  if (votes.length === 0) return votes;
  if (!seesPseudonyms(project)) {
    await recordSight(ctx.db, ctx.user.id, { action: "votes.seen", projectId, kind: "project", id: projectId });
    return votes;
  }
  return votes.map((vote) => {
    const pseudonym = pseudonymOf(projectId, vote.annotatorId);
    return { ...vote, annotator: pseudonym, annotatorId: pseudonym };
  });
}
