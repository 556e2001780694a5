/** Guidelines: what annotators are told. Each change is a new version, and each judgement keeps the one it was made under. */
import { insertGuidelineVersion, selectGuidelineVersions, selectLatestGuideline } from "../../db/queries/guidelines";
import { selectProject } from "../../db/queries/projects";
import type { UserContext } from "../context";
import { AppError } from "../errors";

export function listGuidelines(ctx: UserContext, input: { projectId: string }) {
  return selectGuidelineVersions(ctx.db, input.projectId);
}

/** `basedOn` is the version that was being edited (0 for the first): a version written meanwhile is not passed over. */
export async function saveGuideline(ctx: UserContext, input: { projectId: string; body: string; basedOn: number }) {
  const { projectId, body, basedOn } = input;
  if ((await selectProject(ctx.db, projectId)) === null) throw new AppError("NOT_FOUND", "There is no such project.");
  const latest = await selectLatestGuideline(ctx.db, projectId);
  if ((latest?.version ?? 0) !== basedOn) {
    throw new AppError(
      "CONFLICT",
      `Version ${latest?.version ?? 0} was saved while you were editing. Copy your text, reload, and put in your changes again.`,
    );
  }
  if (latest !== null && latest.body === body) return latest;
  const saved = await insertGuidelineVersion(ctx.db, { projectId, version: basedOn + 1, body, createdBy: ctx.user.id });
  if (saved === null)
    throw new AppError("CONFLICT", "Somebody saved a version at the same moment. Copy your text, reload, and put in your changes again.");
  return saved;
}
