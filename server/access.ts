/**
 * The one rule of who may do what in a project. Every service that touches one asks it first, so that it holds behind
 * every door: procedures, downloads, streams and programs. Who has no role in a project is told that there is none.
 */
import { type ProjectThing, selectAccess, selectAllAccess } from "../db/queries/access";
import { PROJECT_ROLES, type ProjectRole, projectRoleAtLeast, projectRoleOf } from "../domain/project-role";
import { roleAtLeast } from "../domain/user";
import type { UserContext } from "./context";
import { AppError } from "./errors";

const MISSING = {
  project: "There is no such project.",
  slug: "There is no such project.",
  run: "There is no such run. It may have been deleted with its project.",
  dataset: "There is no such dataset version.",
  checkpoint: "There is no such checkpoint.",
  prompt: "There is no such prompt.",
  item: "This item does not exist any more.",
  judgement: "There is no such judgement.",
  invitation: "There is no such invitation.",
  humanEvaluation: "There is no such human evaluation.",
  webhook: "There is no such webhook. It may have been removed.",
} as const;

export type AccessRow = Pick<NonNullable<Awaited<ReturnType<typeof selectAccess>>>, "access" | "memberRole" | "owned">;
export type ProjectEntry = { projectId: string; slug: string; name: string; blindReview: boolean; role: ProjectRole };

/**
 * The role that a row of `accessColumns` gives the caller; for services whose own query brings that row along.
 * @throws AppError NOT_FOUND for who has no role in the project, FORBIDDEN for a lesser one
 */
export function checkRole(ctx: UserContext, row: AccessRow | null, needed: ProjectRole, missing: string = MISSING.project): ProjectRole {
  const role = row === null ? null : projectRoleOf(ctx.user.role, row);
  if (role === null) throw new AppError("NOT_FOUND", missing);
  if (!projectRoleAtLeast(role, needed)) throw new AppError("FORBIDDEN", `This needs the role ${needed} in the project; yours is ${role}.`);
  return role;
}

/** The project that `thing` belongs to, for a caller with at least the role `needed` in it. Throws as `checkRole`. */
export async function requireProject(ctx: UserContext, thing: ProjectThing, needed: ProjectRole): Promise<ProjectEntry> {
  const row = await selectAccess(ctx.db, { thing, userId: ctx.user.id });
  const [kind = "project"] = Object.keys(thing) as (keyof typeof MISSING)[];
  const role = checkRole(ctx, row, needed, MISSING[kind]);
  // checkRole refuses null.
  const { projectId, slug, name, blindReview } = row as NonNullable<typeof row>;
  return { projectId, slug, name, blindReview, role };
}

/** The caller's role in each project where they have one. */
export async function listRoles(ctx: UserContext): Promise<Map<string, ProjectRole>> {
  const rows = await selectAllAccess(ctx.db, ctx.user.id);
  return new Map(
    rows.flatMap((row) => {
      const role = projectRoleOf(ctx.user.role, row);
      return role === null ? [] : [[row.projectId, role] as const];
    }),
  );
}

/** Projects in which the caller has at least the role `needed`. */
export async function listProjectsWith(ctx: UserContext, needed: ProjectRole): Promise<string[]> {
  return [...(await listRoles(ctx))].flatMap(([projectId, role]) => (projectRoleAtLeast(role, needed) ? [projectId] : []));
}

/** The greatest role that the caller has in any project, by which rooms open; researchers have theirs without one. */
export async function greatestRole(ctx: UserContext): Promise<ProjectRole | null> {
  if (roleAtLeast(ctx.user.role, "researcher")) return "researcher";
  const roles = new Set((await listRoles(ctx)).values());
  return PROJECT_ROLES.findLast((role) => roles.has(role)) ?? null;
}
