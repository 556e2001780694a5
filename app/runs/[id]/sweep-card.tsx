"use client";
/** A sweep's trials: the best settings one click from a run, a line for each trial through its settings, and the table. */
import { useQuery } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { metricDefinition } from "@/domain/metric-definitions";
import type { SweepConfig } from "@/domain/run";
import { RUN_FIELDS } from "@/domain/run-fields";
import { formatMetric } from "@/domain/run-format";
import { Button } from "../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { cn } from "../../components/ui/cn";
import { ErrorState } from "../../components/ui/empty-state";
import { Skeleton } from "../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { errorMessage, useTRPC } from "../../trpc";
import { RunStateBadge } from "../run-state";
import { ParallelCoordinates, showValue } from "./parallel-coordinates";
import type { RunDetail } from "./results-tab";

const REFRESH_MS = 3_000;

export function SweepCard({ run, config }: { run: RunDetail; config: SweepConfig }) {
  const trpc = useTRPC();
  const open = run.finishedAt === null;
  const trials = useQuery({ ...trpc.run.trials.queryOptions({ id: run.id }), refetchInterval: open ? REFRESH_MS : false });
  const [marked, setMarked] = useState<string | null>(null);
  if (trials.isPending) return <Skeleton className="h-64" />;
  if (trials.data === undefined) return <ErrorState message={errorMessage(trials.error)} onRetry={() => void trials.refetch()} />;
  const rows = trials.data;
  const best = rows.find(({ value }) => value !== null) ?? null;
  const labels = new Map(RUN_FIELDS[config.trial.kind].map(({ path, label }) => [path, label]));
  const axes = config.parameters.map(({ path }) => ({ path, label: labels.get(path) ?? path }));
  const { label } = metricDefinition(config.metric);
  return (
    <>
      <Card>
        <CardHeader
          title={best === null ? "Best settings" : `Best: ${label} ${formatMetric(config.metric, best.value ?? 0)}`}
          description={
            best === null
              ? "No trial has reported the metric yet"
              : `${axes.map(({ path, label: name }) => `${name} ${showValue(best.setting[path])}`).join(", ")}${open ? ", so far" : ""}`
          }
          actions={
            best !== null && (
              <Button asChild variant="primary">
                <Link href={`/runs/new?from=${best.id}`}>
                  <Rocket aria-hidden="true" className="size-4" />
                  Start a run with them
                </Link>
              </Button>
            )
          }
        />
        <CardBody>
          <ParallelCoordinates
            trials={rows}
            axes={axes}
            metric={{ label, name: config.metric, direction: config.direction }}
            marked={marked}
            onMark={setMarked}
          />
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="Trials" description="Best first; ordinary runs, each with its own curves" />
        <Table label="Trials">
          <THead>
            <Tr>
              <Th numeric>Place</Th>
              {axes.map(({ path, label: name }) => (
                <Th key={path} numeric title={path}>
                  {name}
                </Th>
              ))}
              <Th numeric>{label}</Th>
              <Th numeric>At step</Th>
              {config.strategy === "halving" && <Th numeric>Rung</Th>}
              <Th numeric>Steps</Th>
              <Th>State</Th>
              <Th>Run</Th>
            </Tr>
          </THead>
          <TBody>
            {rows.map((trial, i) => (
              <Tr
                key={trial.id}
                className={cn(marked === trial.id && "bg-accent-soft")}
                onMouseEnter={() => setMarked(trial.id)}
                onMouseLeave={() => setMarked(null)}
              >
                <Td numeric>{i + 1}</Td>
                {axes.map(({ path }) => (
                  <Td key={path} numeric>
                    {showValue(trial.setting[path])}
                  </Td>
                ))}
                <Td numeric className={cn(trial.id === best?.id && "font-semibold")}>
                  {trial.value === null ? "–" : formatMetric(config.metric, trial.value)}
                </Td>
                <Td numeric>{trial.bestStep ?? "–"}</Td>
                {config.strategy === "halving" && <Td numeric>{trial.rung + 1}</Td>}
                <Td numeric>
                  {trial.step}
                  {trial.totalSteps !== null && ` / ${trial.totalSteps}`}
                </Td>
                <Td>
                  <RunStateBadge state={trial.state} />
                </Td>
                <Td className="whitespace-nowrap">
                  <Link href={`/runs/${trial.id}`} className="text-accent hover:underline" aria-label={`Open ${trial.name}`}>
                    Open
                  </Link>
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      </Card>
    </>
  );
}
