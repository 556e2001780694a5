"use client";
/** All curves of a run on one page, with those of other runs over them. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { ChartLine, Download, X } from "lucide-react";
import { useMemo } from "react";
import { chartsFor } from "@/domain/metric-definitions";
import { type RunSeries, seriesToCsv } from "@/domain/run-series";
import { Button } from "../../components/ui/button";
import { Card } from "../../components/ui/card";
import { cn } from "../../components/ui/cn";
import { EmptyState } from "../../components/ui/empty-state";
import { Checkbox, Select } from "../../components/ui/field";
import { useTRPC } from "../../trpc";
import { CurveChart, type CurveSource } from "./curve-chart";
import { downloadCsv } from "./download";
import type { RunDetail } from "./results-tab";
import { ChartsSkeleton } from "./run-skeleton";
import { MAX_OVERLAYS, type RunPageState } from "./use-run-page";

function useOverlays(run: RunDetail, page: RunPageState) {
  const trpc = useTRPC();
  const list = useQuery(trpc.run.list.queryOptions({ kinds: [run.kind] }));
  const queries = useQueries({ queries: page.overlays.map((id) => trpc.run.series.queryOptions({ id })) });
  const loaded = queries.map(({ data }) => data);
  // useQueries gives new arrays each time; the curves are redrawn only when an answer changed.
  const sources = useMemo(
    () =>
      loaded.flatMap((data): CurveSource[] =>
        data === undefined ? [] : [{ id: data.id, name: data.name, metrics: new Map(Object.entries(data.metrics)) }],
      ),
    // biome-ignore lint/correctness/useExhaustiveDependencies: one query a run; the list of results is the list of dependencies
    loaded,
  );
  return {
    sources,
    candidates: list.data?.filter(({ id }) => id !== run.id && !page.overlays.includes(id)) ?? [],
    names: new Map(list.data?.map(({ id, name }) => [id, name])),
  };
}

export function CurvesTab({
  run,
  series,
  loading,
  noCurves,
  page,
  onPage,
}: {
  run: RunDetail;
  series: RunSeries;
  loading: boolean;
  /** This kind of run draws none. */
  noCurves: boolean;
  page: RunPageState;
  onPage: (change: Partial<RunPageState>) => void;
}) {
  const overlays = useOverlays(run, page);
  const sources = useMemo<CurveSource[]>(
    () => [{ id: run.id, name: run.name, metrics: series.metrics }, ...overlays.sources],
    [run.id, run.name, series, overlays.sources],
  );
  // By name, not by the map: a new point must not make new specs, or every chart would be built anew.
  const names = [...new Set(sources.flatMap(({ metrics }) => [...metrics.keys()]))].sort().join("\n");
  const charts = useMemo(() => chartsFor(names === "" ? [] : names.split("\n")), [names]);

  if (loading) return <ChartsSkeleton />;
  if (charts.length === 0) {
    return (
      <Card>
        <EmptyState icon={<ChartLine aria-hidden="true" />} title={noCurves || run.finishedAt !== null ? "No curves" : "No curves yet"}>
          {noCurves
            ? "Sampling and evaluation give samples and scores instead: see the other tabs."
            : run.finishedAt !== null
              ? "The run ended before its first step; why is above and under Events."
              : "They appear with the first step that a worker finishes."}
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <label className="flex items-center gap-2 text-sm">
          Smoothing
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={page.smoothing}
            className="w-28 accent-accent"
            onChange={(event) => onPage({ smoothing: Number(event.target.value) })}
          />
          <output className="w-9 text-muted">{page.smoothing.toFixed(2)}</output>
        </label>
        <Checkbox label="Log scale" checked={page.log} onChange={(event) => onPage({ log: event.target.checked })} />
        <Select
          aria-label="Add the curves of another run"
          className="w-auto max-w-60"
          value=""
          disabled={overlays.candidates.length === 0 || page.overlays.length >= MAX_OVERLAYS}
          onChange={(event) => onPage({ overlays: [...page.overlays, event.target.value] })}
        >
          <option value="">{overlays.candidates.length === 0 ? "No other run to overlay" : "Overlay another run"}</option>
          {overlays.candidates.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
        {page.overlays.map((id) => (
          <Button
            key={id}
            size="sm"
            aria-label={`Remove ${overlays.names.get(id) ?? "the overlay"}`}
            onClick={() => onPage({ overlays: page.overlays.filter((other) => other !== id) })}
          >
            {overlays.names.get(id) ?? "Loading"}
            <X aria-hidden="true" className="size-3.5" />
          </Button>
        ))}
        <Button size="sm" className="sm:ml-auto" onClick={() => downloadCsv(seriesToCsv(series.metrics), run.name)}>
          <Download aria-hidden="true" className="size-3.5" />
          CSV
        </Button>
      </div>
      <div className={cn("grid gap-2.5 sm:grid-cols-2 lg:grid-cols-3", charts.length > 6 && "xl:grid-cols-4")}>
        {charts.map((spec) => (
          <CurveChart key={spec.title} spec={spec} sources={sources} smoothing={page.smoothing} log={page.log} />
        ))}
      </div>
    </>
  );
}
