/** The rooms of the product and who finds them in the navigation. */
import { type Role, roleAtLeast } from "@/domain/user";

export type Room = { href: string; label: string };

const ROOMS: readonly (Room & { role: Role | "public" })[] = [
  { href: "/annotate", label: "Annotate", role: "annotator" },
  { href: "/projects", label: "Projects", role: "researcher" },
  { href: "/runs", label: "Runs", role: "researcher" },
  { href: "/leaderboard", label: "Leaderboard", role: "public" },
  { href: "/admin", label: "Admin", role: "admin" },
];

/** Rooms open to `role`; null is a visitor. */
export function roomsFor(role: Role | null): Room[] {
  return ROOMS.filter((room) => room.role === "public" || (role !== null && roleAtLeast(role, room.role))).map(({ href, label }) => ({
    href,
    label,
  }));
}

/** Where somebody starts. */
export function homeFor(role: Role | null): string {
  if (role === null) return "/leaderboard";
  return role === "annotator" ? "/annotate" : "/projects";
}
