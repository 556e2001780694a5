/** How a project's queue is set up: its rules, its people, and the items whose answer is known. */
import { lockProject, selectProject, updateProject } from "../../db/queries/projects";
import { lockJudgement } from "../../db/queries/quality";
import { countPurposes, selectTeam, type TeamFilter, updatePurpose, upsertProjectAnnotator } from "../../db/queries/queue";
import { selectUserById } from "../../db/queries/users";
import { changedSettings } from "../../domain/audit";
import { type QueueSettings, queueSettingsSchema } from "../../domain/queue";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const TEAM_PAGE = 50;

export async function getQueue(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "owner");
  const project = await selectProject(ctx.db, input.projectId);
  if (project === null) throw new AppError("NOT_FOUND", "There is no such project.");
  return {
    settings: queueSettingsSchema.parse(project.queue),
    checks: await countPurposes(ctx.db, project.id),
  };
}

/** A page of the people who may judge in the project; `page` counts from 1. */
export async function listTeam(ctx: UserContext, input: TeamFilter & { page: number }) {
  const { page, ...filter } = input;
  await requireProject(ctx, { project: filter.projectId }, "owner");
  const team = await selectTeam(ctx.db, { ...filter, limit: TEAM_PAGE, offset: (page - 1) * TEAM_PAGE });
  return { ...team, pageSize: TEAM_PAGE };
}

export async function changeQueue(ctx: UserContext, input: { projectId: string; settings: QueueSettings }): Promise<{ changed: true }> {
  const { projectId, settings } = input;
  await requireProject(ctx, { project: projectId }, "owner");
  return ctx.db.transaction(async (tx) => {
    const before = await lockProject(tx, projectId);
    if (before === null) throw new AppError("NOT_FOUND", "There is no such project.");
    await updateProject(tx, projectId, { queue: settings });
    await recordAction(tx, ctx.user.id, {
      action: "queue.changed",
      projectId,
      kind: "project",
      id: projectId,
      details: changedSettings(queueSettingsSchema.parse(before.queue), settings),
    });
    return { changed: true };
  });
}

export async function changeTeamMember(
  ctx: UserContext,
  input: { projectId: string; userId: string; adjudicator: boolean; paused: boolean; dailyCap: number | null },
): Promise<{ changed: true }> {
  const { projectId, userId, ...after } = input;
  await requireProject(ctx, { project: projectId }, "owner");
  if ((await selectUserById(ctx.db, userId)) === null) throw new AppError("NOT_FOUND", "There is no such account.");
  return ctx.db.transaction(async (tx) => {
    await upsertProjectAnnotator(tx, input);
    await recordAction(tx, ctx.user.id, { action: "annotator.changed", projectId, kind: "user", id: userId, details: { after } });
    return { changed: true };
  });
}

/**
 * Makes the item of a judgement one whose answer is known, namely what this judgement says; or work again. Votes that
 * were given on it stay what they were. Throws CONFLICT for a judgement that ranks nothing, or was taken back.
 */
export async function changePurpose(
  ctx: UserContext,
  input: { judgementId: string; purpose: "work" | "gold" | "qualification" },
): Promise<{ changed: true }> {
  const { projectId } = await requireProject(ctx, { judgement: input.judgementId }, "reviewer");
  return ctx.db.transaction(async (tx) => {
    const judgement = await lockJudgement(tx, input.judgementId);
    if (judgement === null) throw new AppError("NOT_FOUND", "There is no such judgement.");
    const { itemId, ranks, shownOrder, undoneAt } = judgement;
    if (input.purpose !== "work" && (ranks === null || undoneAt !== null))
      throw new AppError("CONFLICT", "Only a judgement that stands and ranks the completions can be the known answer.");
    const gold = input.purpose === "work" || ranks === null ? null : Object.fromEntries(shownOrder.map((id, i) => [id, ranks[i] ?? 1]));
    await updatePurpose(tx, { itemId, purpose: input.purpose, gold });
    await recordAction(tx, ctx.user.id, {
      action: "item.purpose",
      projectId,
      kind: "item",
      id: itemId,
      details: { after: { purpose: input.purpose } },
    });
    return { changed: true };
  });
}
