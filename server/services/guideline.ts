/** Guidelines: what annotators are told. Each change is a new version, and each judgement keeps the one it was made under. */
import { insertGuidelineVersion, selectGuidelineVersions, selectLatestGuideline } from "../../db/queries/guidelines";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";

export async function listGuidelines(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  return selectGuidelineVersions(ctx.db, input.projectId);
}

/** `basedOn` is the version that was being edited (0 for the first): a version written meanwhile is not passed over. */
export async function saveGuideline(ctx: UserContext, input: { projectId: string; body: string; basedOn: number }) {
  const { projectId, body, basedOn } = input;
  await requireProject(ctx, { project: projectId }, "researcher");
  const latest = await selectLatestGuideline(ctx.db, projectId);
  if ((latest?.version ?? 0) !== basedOn) {
    throw new AppError(
      "CONFLICT",
      `Version ${latest?.version ?? 0} was saved while you were editing. Copy your text, reload, and put in your changes again.`,
    );
  }
  if (latest !== null && latest.body === body) return latest;
  return ctx.db.transaction(async (tx) => {
    const saved = await insertGuidelineVersion(tx, { projectId, version: basedOn + 1, body, createdBy: ctx.user.id });
    if (saved === null)
      throw new AppError("CONFLICT", "Somebody saved a version at the same moment. Copy your text, reload, and put in your changes again.");
    await recordAction(tx, ctx.user.id, {
      action: "guideline.saved",
      projectId,
      kind: "guideline",
      id: saved.id,
      details: { version: saved.version },
    });
    return saved;
  });
}
