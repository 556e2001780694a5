"use client";
/** The list of runs with its filters; keeps itself current while anything is under way. */
import { useQuery } from "@tanstack/react-query";
import { Activity, Plus } from "lucide-react";
import Link from "next/link";
import { RUN_STATES, runKindSchema } from "@/domain/run";
import { Button } from "../components/ui/button";
import { Card } from "../components/ui/card";
import { EmptyState, ErrorState } from "../components/ui/empty-state";
import { Input, Select } from "../components/ui/field";
import { PageHeader } from "../components/ui/page-header";
import { SkeletonTable } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";
import { KIND_LABELS } from "./run-state";
import { RunsTable } from "./runs-table";
import { filterRuns, useRunFilter } from "./use-run-filter";

const REFRESH_MS = 3_000;

export function RunsView() {
  const trpc = useTRPC();
  const runs = useQuery({ ...trpc.run.list.queryOptions({ sweepId: null }), refetchInterval: REFRESH_MS });
  const [filter, setFilter] = useRunFilter();
  const rows = filterRuns(runs.data ?? [], filter);
  const startButton = (
    <Button asChild variant="primary">
      <Link href="/runs/new">
        <Plus aria-hidden="true" className="size-4" />
        Start a run
      </Link>
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Runs"
        description="Training, evaluation and sampling, done by the workers in the order of this queue."
        actions={startButton}
      />
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Input
          type="search"
          aria-label="Search by name, project, model or worker"
          placeholder="Search by name, project, model or worker"
          className="sm:w-80"
          value={filter.query}
          onChange={(event) => setFilter({ query: event.target.value })}
        />
        <Select
          aria-label="Kind"
          className="w-auto"
          value={filter.kind ?? ""}
          onChange={(event) => setFilter({ kind: runKindSchema.options.find((kind) => kind === event.target.value) ?? null })}
        >
          <option value="">All kinds</option>
          {runKindSchema.options.map((kind) => (
            <option key={kind} value={kind}>
              {KIND_LABELS[kind]}
            </option>
          ))}
        </Select>
        <Select
          aria-label="State"
          className="w-auto"
          value={filter.state ?? ""}
          onChange={(event) => setFilter({ state: RUN_STATES.find((state) => state === event.target.value) ?? null })}
        >
          <option value="">All states</option>
          {RUN_STATES.map((state) => (
            <option key={state} value={state}>
              {state}
            </option>
          ))}
        </Select>
        <p role="status" className="figures text-sm text-muted sm:ml-auto">
          {runs.isSuccess && `${rows.length} shown`}
        </p>
      </div>
      <Card>
        {runs.isPending && <SkeletonTable rows={8} label="Loading runs" />}
        {runs.isError && runs.data === undefined && <ErrorState message={errorMessage(runs.error)} onRetry={() => void runs.refetch()} />}
        {runs.data?.length === 0 && (
          <EmptyState icon={<Activity aria-hidden="true" />} title="No runs yet" action={startButton}>
            A run trains, evaluates or samples. Start with sampling completions for the annotators, or with a reward model once a dataset
            version is frozen.
          </EmptyState>
        )}
        {runs.data !== undefined && runs.data.length > 0 && rows.length === 0 && (
          <EmptyState
            icon={<Activity aria-hidden="true" />}
            title="No run matches"
            action={<Button onClick={() => setFilter({ query: "", kind: null, state: null })}>Clear the filters</Button>}
          >
            No run is of this kind and state with all these words.
          </EmptyState>
        )}
        {rows.length > 0 && <RunsTable rows={rows} filter={filter} onFilter={setFilter} />}
      </Card>
    </>
  );
}
