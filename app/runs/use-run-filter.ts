"use client";
/** Kind, state, words and sorting of the list of runs, kept in the address bar. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";
import { RUN_STATES, type RunKind, type RunState, runKindSchema } from "@/domain/run";
import type { ListedRun } from "@/server/services/run";
import type { SortDirection } from "../components/ui/table";

const SORT_COLUMNS = ["created", "name", "kind", "state", "progress"] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];
export type RunFilter = { query: string; kind: RunKind | null; state: RunState | null; sort: SortColumn; direction: SortDirection };

export function useRunFilter(): [RunFilter, (change: Partial<RunFilter>) => void] {
  const params = useSearchParams();
  const filter: RunFilter = {
    query: params.get("q") ?? "",
    kind: runKindSchema.options.find((kind) => kind === params.get("kind")) ?? null,
    state: RUN_STATES.find((state) => state === params.get("state")) ?? null,
    sort: SORT_COLUMNS.find((column) => column === params.get("sort")) ?? "created",
    direction: params.get("direction") === "asc" ? "asc" : "desc",
  };
  const update = useCallback(
    (change: Partial<RunFilter>) => {
      const next = new URLSearchParams(params);
      const names = { query: "q", kind: "kind", state: "state", sort: "sort", direction: "direction" } as const;
      const initial: Record<string, string> = { sort: "created", direction: "desc" };
      for (const [key, value] of Object.entries(change)) {
        const name = names[key as keyof RunFilter];
        const text = value ?? "";
        if (text === (initial[name] ?? "")) next.delete(name);
        else next.set(name, text);
      }
      // Not router.replace: it asks the server for the page again with each letter typed.
      window.history.replaceState(null, "", next.size === 0 ? window.location.pathname : `?${next}`);
    },
    [params],
  );
  return [filter, update];
}

const share = ({ step, totalSteps }: ListedRun) => (totalSteps === null || totalSteps === 0 ? 0 : step / totalSteps);

const COMPARE: Record<SortColumn, (a: ListedRun, b: ListedRun) => number> = {
  created: (a, b) => a.createdAt.getTime() - b.createdAt.getTime(),
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  kind: (a, b) => a.kind.localeCompare(b.kind),
  state: (a, b) => RUN_STATES.indexOf(a.state) - RUN_STATES.indexOf(b.state),
  progress: (a, b) => share(a) - share(b),
};

/** The runs to show: of the kind and state, with all words of the search; sorted, newest first among equals. */
export function filterRuns(runs: readonly ListedRun[], filter: RunFilter): ListedRun[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = filter.direction === "asc" ? 1 : -1;
  return runs
    .filter(({ kind, state }) => (filter.kind === null || kind === filter.kind) && (filter.state === null || state === filter.state))
    .filter((run) => {
      const text =
        `${run.name} ${run.kind} ${run.state} ${run.projectName} ${run.workerName ?? ""} ${run.baseCheckpointName ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => sign * COMPARE[filter.sort](a, b) || COMPARE.created(b, a));
}
