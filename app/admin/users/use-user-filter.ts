"use client";
/** Search, sorting and whether simulated annotators are shown, kept in the address bar. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";
import { ROLES } from "@/domain/user";
import type { ListedUser } from "@/server/services/user";
import type { SortDirection } from "../../components/ui/table";

export const SORT_COLUMNS = ["name", "role", "created"] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

export type UserFilter = { query: string; sort: SortColumn; direction: SortDirection; simulated: boolean; page: number };

export function useUserFilter(): [UserFilter, (change: Partial<UserFilter>) => void] {
  const params = useSearchParams();
  const filter: UserFilter = {
    query: params.get("q") ?? "",
    sort: SORT_COLUMNS.find((column) => column === params.get("sort")) ?? "name",
    direction: params.get("direction") === "desc" ? "desc" : "asc",
    simulated: params.get("simulated") === "1",
    page: Math.max(1, Math.floor(Number(params.get("page"))) || 1),
  };
  const update = useCallback(
    (change: Partial<UserFilter>) => {
      const next = new URLSearchParams(params);
      const set = (key: string, value: string, initial: string) => (value === initial ? next.delete(key) : next.set(key, value));
      if (change.query !== undefined) set("q", change.query, "");
      if (change.sort !== undefined) set("sort", change.sort, "name");
      if (change.direction !== undefined) set("direction", change.direction, "asc");
      // What is listed otherwise begins with its first page.
      set("page", String(change.page ?? 1), "1");
      if (change.simulated !== undefined) set("simulated", change.simulated ? "1" : "", "");
      // Not router.replace: it asks the server for the page again with each letter typed.
      window.history.replaceState(null, "", next.size === 0 ? window.location.pathname : `?${next}`);
    },
    [params],
  );
  return [filter, update];
}

const COMPARE: Record<SortColumn, (a: ListedUser, b: ListedUser) => number> = {
  name: (a, b) => a.name.localeCompare(b.name, "en") || a.email.localeCompare(b.email, "en"),
  role: (a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || COMPARE.name(a, b),
  created: (a, b) => a.createdAt.getTime() - b.createdAt.getTime(),
};

/** The rows to show: the words of the search in name, e-mail or role; sorted. */
export function filterUsers(users: readonly ListedUser[], filter: UserFilter): ListedUser[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = filter.direction === "asc" ? 1 : -1;
  return users
    .filter((user) => filter.simulated || !user.simulated)
    .filter((user) => {
      const text = `${user.name} ${user.email} ${user.role}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => sign * COMPARE[filter.sort](a, b));
}
