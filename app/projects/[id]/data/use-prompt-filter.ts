"use client";
/** What the table of prompts shows, kept in the address bar so that a link gives the same view. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";
import { type Split, splitSchema } from "@/domain/prompt";

const SORTS = ["newest", "completions", "judgements"] as const;
export type PromptSort = (typeof SORTS)[number];
export type PromptFilter = {
  search: string;
  split: Split | null;
  modelId: string | null;
  judged: "yes" | "no" | null;
  sort: PromptSort;
  page: number;
};

const INITIAL: Record<string, string> = { sort: "newest", page: "1" };
const NAMES = { search: "q", split: "split", modelId: "model", judged: "judged", sort: "sort", page: "page" } as const;

export function usePromptFilter(): [PromptFilter, (change: Partial<PromptFilter>) => void] {
  const params = useSearchParams();
  const judged = params.get("judged");
  const modelId = params.get("model");
  const filter: PromptFilter = {
    search: params.get("q") ?? "",
    split: splitSchema.options.find((split) => split === params.get("split")) ?? null,
    modelId: modelId !== null && /^[0-9a-f-]{36}$/.test(modelId) ? modelId : null,
    judged: judged === "yes" || judged === "no" ? judged : null,
    sort: SORTS.find((sort) => sort === params.get("sort")) ?? "newest",
    page: Math.max(1, Math.trunc(Number(params.get("page") ?? 1)) || 1),
  };
  const update = useCallback(
    (change: Partial<PromptFilter>) => {
      const next = new URLSearchParams(params);
      // Another choice of rows begins on its first page.
      if (change.page === undefined) next.delete("page");
      for (const [key, value] of Object.entries(change)) {
        const name = NAMES[key as keyof PromptFilter];
        const text = String(value ?? "");
        if (text === (INITIAL[name] ?? "")) next.delete(name);
        else next.set(name, text);
      }
      // Not router.replace: it asks the server for the page again with each letter typed.
      window.history.replaceState(null, "", next.size === 0 ? window.location.pathname : `?${next}`);
    },
    [params],
  );
  return [filter, update];
}
