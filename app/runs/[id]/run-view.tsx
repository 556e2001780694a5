"use client";
/** A run's page: the stored run, its live events, and the tabs over both. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo } from "react";
import { buildRunSeries } from "@/domain/run-series";
import { ErrorState } from "../../components/ui/empty-state";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "../../components/ui/tabs";
import { errorMessage, useTRPC } from "../../trpc";
import { ConfigTab } from "./config-tab";
import { CurvesTab } from "./curves-tab";
import { EventsTab } from "./events-tab";
import { LineageTab } from "./lineage-tab";
import { ResultsTab } from "./results-tab";
import { RunHeader } from "./run-header";
import { RunSkeleton } from "./run-skeleton";
import { SamplesTab } from "./samples-tab";
import { useRunEvents } from "./use-run-events";
import { RUN_TABS, useRunPage } from "./use-run-page";

const TAB_LABELS = {
  curves: "Curves",
  samples: "Samples",
  results: "Results",
  config: "Config",
  events: "Events",
  lineage: "Lineage",
} as const;
const REFRESH_MS = 5_000;

export function RunView({ id }: { id: string }) {
  const trpc = useTRPC();
  const [page, setPage] = useRunPage();
  const run = useQuery({
    ...trpc.run.get.queryOptions({ id }),
    refetchInterval: (query) => (query.state.data?.state === "running" ? REFRESH_MS : false),
  });
  const { events, connection, reconnect } = useRunEvents(id);
  const series = useMemo(() => buildRunSeries(events), [events]);
  // Drawing many curves takes longer than a step; typing and clicking go first.
  const drawn = useDeferredValue(series);

  if (run.isPending) return <RunSkeleton />;
  if (run.data === undefined)
    return <ErrorState title="This run could not be loaded" message={errorMessage(run.error)} onRetry={() => void run.refetch()} />;
  const evaluation =
    run.data.kind === "evaluation" || run.data.kind === "benchmark" || run.data.kind === "sample" || run.data.kind === "sweep";
  // A sweep is its trials: they are what one comes for.
  const tab = run.data.kind === "sweep" && page.tab === "curves" ? "results" : page.tab;
  const tabs = RUN_TABS.filter((known) => run.data.kind !== "sweep" || (known !== "curves" && known !== "samples"));
  return (
    <>
      <RunHeader run={run.data} step={Math.max(run.data.step, series.lastStep)} connection={connection} onReconnect={reconnect} />
      <Tabs value={tab} onValueChange={(tab) => setPage({ tab: RUN_TABS.find((known) => known === tab) ?? "curves" })}>
        <TabsList aria-label="Parts of the run">
          {tabs.map((tab) => (
            <TabsTrigger key={tab} value={tab}>
              {TAB_LABELS[tab]}
            </TabsTrigger>
          ))}
        </TabsList>
        <TabsContent value="curves">
          <CurvesTab
            run={run.data}
            series={drawn}
            loading={connection.state === "connecting" && events.length === 0}
            noCurves={evaluation}
            page={page}
            onPage={setPage}
          />
        </TabsContent>
        <TabsContent value="samples">
          <SamplesTab samples={drawn.samples} kind={run.data.kind} />
        </TabsContent>
        <TabsContent value="results">
          <ResultsTab run={run.data} series={drawn} against={page.against} onAgainst={(against) => setPage({ against })} />
        </TabsContent>
        <TabsContent value="config">
          <ConfigTab run={run.data} />
        </TabsContent>
        <TabsContent value="events">
          <EventsTab events={events} />
        </TabsContent>
        <TabsContent value="lineage">
          <LineageTab runId={id} />
        </TabsContent>
      </Tabs>
    </>
  );
}
