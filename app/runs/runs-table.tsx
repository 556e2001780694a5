"use client";
/** One row per run: what it is, how far it is, what it reached, who works on it. */
import Link from "next/link";
import { metricDefinition } from "@/domain/metric-definitions";
import { formatDuration, formatMetric } from "@/domain/run-format";
import type { ListedRun } from "@/server/services/run";
import { Progress } from "../components/ui/progress";
import { RelativeTime } from "../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import { KIND_LABELS, RunStateBadge } from "./run-state";
import type { RunFilter, SortColumn } from "./use-run-filter";

function ProgressCell({ run }: { run: ListedRun }) {
  const { step, totalSteps, state } = run;
  return (
    <div className="flex min-w-36 items-center justify-end gap-2">
      <span className="whitespace-nowrap">
        {step.toLocaleString("en")}
        {totalSteps !== null && ` / ${totalSteps.toLocaleString("en")}`}
      </span>
      {totalSteps !== null && (
        <Progress
          label={`Progress of ${run.name}`}
          value={step}
          max={totalSteps}
          tone={state === "failed" ? "failed" : state === "succeeded" ? "chosen" : "running"}
          className="w-16"
        />
      )}
    </div>
  );
}

export function RunsTable({
  rows,
  filter,
  onFilter,
}: {
  rows: readonly ListedRun[];
  filter: RunFilter;
  onFilter: (change: Partial<RunFilter>) => void;
}) {
  const head = (column: SortColumn, label: string, numeric = false) => (
    <Th
      numeric={numeric}
      sort={filter.sort === column ? filter.direction : null}
      onSort={() => onFilter({ sort: column, direction: filter.sort === column && filter.direction === "desc" ? "asc" : "desc" })}
    >
      {label}
    </Th>
  );
  return (
    <Table label="Runs">
      <THead>
        <Tr>
          {head("name", "Run")}
          {head("kind", "Kind")}
          {head("state", "State")}
          {head("progress", "Progress", true)}
          <Th numeric>Time left</Th>
          <Th numeric>Key metric</Th>
          <Th>Worker</Th>
          {head("created", "Created")}
        </Tr>
      </THead>
      <TBody>
        {rows.map((run) => (
          <Tr key={run.id}>
            <Td className="max-w-80 min-w-44">
              <Link href={`/runs/${run.id}`} className="font-medium hover:underline">
                {run.name}
              </Link>
              <div className="truncate text-xs text-muted">
                {run.projectName}
                {run.baseCheckpointName !== null && ` · ${run.baseCheckpointName}`}
                {run.endpointName !== null && ` · ${run.endpointName}`}
              </div>
            </Td>
            <Td className="whitespace-nowrap">{KIND_LABELS[run.kind]}</Td>
            <Td>
              <RunStateBadge state={run.state} />
              {run.requested !== null && <div className="text-xs whitespace-nowrap text-muted">{run.requested} asked</div>}
            </Td>
            <Td numeric>
              <ProgressCell run={run} />
            </Td>
            <Td numeric className="whitespace-nowrap">
              {run.etaSeconds === null ? "–" : formatDuration(run.etaSeconds)}
            </Td>
            <Td numeric className="whitespace-nowrap">
              {run.keyMetric === null ? (
                "–"
              ) : (
                <span title={metricDefinition(run.keyMetric.name).definition}>
                  <span className="text-xs text-muted">{metricDefinition(run.keyMetric.name).label}</span>{" "}
                  {formatMetric(run.keyMetric.name, run.keyMetric.value)}
                </span>
              )}
            </Td>
            <Td className="whitespace-nowrap text-muted">{run.workerName ?? "–"}</Td>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={run.createdAt} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
