"use client";
/** Words, kind, trials and sorting of the list of models, kept in the address bar. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";
import { type CheckpointKind, checkpointKindSchema } from "@/domain/checkpoint";
import type { ListedModel } from "@/server/services/model-list";
import type { SortDirection } from "../components/ui/table";

const SORT_COLUMNS = ["created", "name", "kind", "parameters", "size", "runs"] as const;
export type ModelColumn = (typeof SORT_COLUMNS)[number];
export type ModelFilter = { query: string; kind: CheckpointKind | null; trials: boolean; sort: ModelColumn; direction: SortDirection };

export function useModelFilter(): [ModelFilter, (change: Partial<ModelFilter>) => void] {
  const params = useSearchParams();
  const filter: ModelFilter = {
    query: params.get("q") ?? "",
    kind: checkpointKindSchema.options.find((kind) => kind === params.get("kind")) ?? null,
    trials: params.get("trials") === "yes",
    sort: SORT_COLUMNS.find((column) => column === params.get("sort")) ?? "created",
    direction: params.get("direction") === "asc" ? "asc" : "desc",
  };
  const update = useCallback(
    (change: Partial<ModelFilter>) => {
      const next = new URLSearchParams(params);
      const texts = {
        q: change.query,
        kind: change.kind,
        trials: change.trials === undefined ? undefined : change.trials ? "yes" : "",
        sort: change.sort,
        direction: change.direction,
      };
      const initial: Record<string, string> = { sort: "created", direction: "desc" };
      for (const [name, text] of Object.entries(texts)) {
        if (text === undefined) continue;
        if ((text ?? "") === (initial[name] ?? "")) next.delete(name);
        else next.set(name, text ?? "");
      }
      window.history.replaceState(null, "", next.size === 0 ? window.location.pathname : `?${next}`);
    },
    [params],
  );
  return [filter, update];
}

const COMPARE: Record<ModelColumn, (a: ListedModel, b: ListedModel) => number> = {
  created: (a, b) => a.createdAt.getTime() - b.createdAt.getTime(),
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  kind: (a, b) => a.kind.localeCompare(b.kind),
  parameters: (a, b) => (a.facts?.parameters ?? 0) - (b.facts?.parameters ?? 0),
  size: (a, b) => (a.facts?.bytes ?? 0) - (b.facts?.bytes ?? 0),
  runs: (a, b) => a.usedBy - b.usedBy,
};

/** The models to show: of the kind, with all words of the search; trials of sweeps only where they are asked for. */
export function filterModels(models: readonly ListedModel[], filter: ModelFilter): ListedModel[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = filter.direction === "asc" ? 1 : -1;
  return models
    .filter(({ kind, sweepId }) => (filter.kind === null || kind === filter.kind) && (filter.trials || sweepId === null))
    .filter(({ name, kind, facts, projectName, parentName }) => {
      const text = `${name} ${kind} ${facts?.family ?? ""} ${projectName ?? ""} ${parentName ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => sign * COMPARE[filter.sort](a, b) || COMPARE.created(b, a));
}
