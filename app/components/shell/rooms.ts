/** The rooms of the product and who finds them in the navigation. */
import { type Role, roleAtLeast } from "@/domain/user";

export type Room = { href: string; label: string };

/** "work" is for researchers and for whoever is more than an annotator in some project. */
const ROOMS: readonly (Room & { role: Role | "work" | "public" })[] = [
  { href: "/annotate", label: "Annotate", role: "annotator" },
  { href: "/projects", label: "Projects", role: "work" },
  { href: "/runs", label: "Runs", role: "work" },
  { href: "/leaderboard", label: "Leaderboard", role: "public" },
  { href: "/admin", label: "Admin", role: "admin" },
];

/** Rooms open to `role`; null is a visitor. `works`: whether a project made them more than an annotator. */
export function roomsFor(role: Role | null, works = false): Room[] {
  const open = ({ role: needed }: (typeof ROOMS)[number]): boolean => {
    if (needed === "public") return true;
    if (role === null) return false;
    return needed === "work" ? works || roleAtLeast(role, "researcher") : roleAtLeast(role, needed);
  };
  return ROOMS.filter(open).map(({ href, label }) => ({ href, label }));
}

/** Where somebody starts. */
export function homeFor(role: Role | null): string {
  if (role === null) return "/leaderboard";
  return role === "annotator" ? "/annotate" : "/projects";
}
