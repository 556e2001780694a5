"use client";
/** What a run's page shows, kept in the address bar: tab, overlays, smoothing, scale. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

export const RUN_TABS = ["curves", "samples", "results", "config", "events", "lineage"] as const;
export type RunTab = (typeof RUN_TABS)[number];

export type RunPageState = {
  tab: RunTab;
  /** Ids of the runs drawn over this one. */
  overlays: string[];
  /** Weight of the past in the moving average, 0 to 0.99. */
  smoothing: number;
  log: boolean;
  /** Id of the evaluation run that this one is compared with. */
  against: string | null;
};

/** Curves of more runs than this cannot be told apart. */
export const MAX_OVERLAYS = 5;

export function useRunPage(): [RunPageState, (change: Partial<RunPageState>) => void] {
  const params = useSearchParams();
  const smoothing = Number(params.get("smooth") ?? "0");
  const state: RunPageState = {
    tab: RUN_TABS.find((tab) => tab === params.get("tab")) ?? "curves",
    overlays: (params.get("with") ?? "")
      .split(",")
      .filter((id) => /^[0-9a-f-]{36}$/.test(id))
      .slice(0, MAX_OVERLAYS),
    smoothing: smoothing >= 0 && smoothing < 1 ? smoothing : 0,
    log: params.get("log") === "1",
    against: params.get("against"),
  };
  const update = useCallback(
    (change: Partial<RunPageState>) => {
      const next = new URLSearchParams(params);
      const set = (key: string, value: string, initial: string) => (value === initial ? next.delete(key) : next.set(key, value));
      if (change.tab !== undefined) set("tab", change.tab, "curves");
      if (change.overlays !== undefined) set("with", change.overlays.join(","), "");
      if (change.smoothing !== undefined) set("smooth", String(change.smoothing), "0");
      if (change.log !== undefined) set("log", change.log ? "1" : "", "");
      if (change.against !== undefined) set("against", change.against ?? "", "");
      window.history.replaceState(null, "", next.size === 0 ? window.location.pathname : `?${next}`);
    },
    [params],
  );
  return [state, update];
}
