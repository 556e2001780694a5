/** The rooms of the product and who finds them in the navigation. */
import { type ProjectRole, projectRoleAtLeast } from "@/domain/project-role";
import { type Role, roleAtLeast } from "@/domain/user";

export type Room = { href: string; label: string };

/** `project`: also for whoever has this role in some project. */
const ROOMS: readonly (Room & { role: Role | "public"; project?: ProjectRole })[] = [
  { href: "/annotate", label: "Annotate", role: "annotator" },
  { href: "/projects", label: "Projects", role: "researcher", project: "reviewer" },
  { href: "/runs", label: "Runs", role: "researcher", project: "researcher" },
  { href: "/models", label: "Models", role: "researcher", project: "researcher" },
  { href: "/leaderboard", label: "Leaderboard", role: "public" },
  { href: "/admin", label: "Admin", role: "admin" },
];

/** Rooms open to somebody whose account has `role` (null is a visitor) and whose greatest role in a project is `inProjects`. */
export function roomsFor(role: Role | null, inProjects: ProjectRole | null = null): Room[] {
  return ROOMS.filter(
    (room) =>
      room.role === "public" ||
      (role !== null && roleAtLeast(role, room.role)) ||
      (room.project !== undefined && projectRoleAtLeast(inProjects, room.project)),
  ).map(({ href, label }) => ({ href, label }));
}

/** Where somebody starts. */
export function homeFor(role: Role | null): string {
  if (role === null) return "/leaderboard";
  return role === "annotator" ? "/annotate" : "/projects";
}
