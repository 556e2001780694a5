/** Who may do what in a project: how it is entered, and four roles, each with everything the one before may do. */
import { z } from "zod";
import type { Role } from "./user";

export const PROJECT_ROLES = ["annotator", "reviewer", "researcher", "owner"] as const;
export const projectRoleSchema = z.enum(PROJECT_ROLES);
export type ProjectRole = z.infer<typeof projectRoleSchema>;

/** One line each, for whoever gives a role. */
export const PROJECT_ROLE_WORDS: Readonly<Record<ProjectRole, string>> = {
  annotator: "judges items and sees the own votes",
  reviewer: "also sees the quality of votes and decides reviews",
  researcher: "also works with data, guidelines, datasets and runs",
  owner: "also changes settings, members and what is published, and reads the log",
};

export const projectAccessSchema = z.enum(["open", "members"]);
export type ProjectAccess = z.infer<typeof projectAccessSchema>;

export const PROJECT_ACCESS_WORDS: Readonly<Record<ProjectAccess, string>> = {
  members: "Members only: nobody else learns that it exists",
  open: "Everybody with an account: annotators judge, researchers work with the data",
};

/** Whether `role` may do what `needed` may do; null is nobody. */
export function projectRoleAtLeast(role: ProjectRole | null, needed: ProjectRole): boolean {
  return role !== null && PROJECT_ROLES.indexOf(role) >= PROJECT_ROLES.indexOf(needed);
}

/**
 * The role that somebody has in a project, null for none. Admins may do everything everywhere. An open project takes
 * everybody by the role of their account; while nobody owns it, every researcher looks after it.
 */
export function projectRoleOf(
  role: Role,
  project: { access: ProjectAccess; memberRole: ProjectRole | null; owned: boolean },
): ProjectRole | null {
  if (role === "admin") return "owner";
  const { access, memberRole, owned } = project;
  if (access === "members") return memberRole;
  const byAccount = role === "annotator" ? "annotator" : owned ? "researcher" : "owner";
  return projectRoleAtLeast(memberRole, byAccount) ? memberRole : byAccount;
}
