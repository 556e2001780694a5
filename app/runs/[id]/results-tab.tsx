"use client";
/** What came out: scores with intervals, checkpoints with their standing. */
import { Boxes, Gauge } from "lucide-react";
import type { inferOutput } from "@trpc/tanstack-react-query";
import Link from "next/link";
import { BenchmarkTable, splitScores } from "../../components/lineage/benchmark-table";
import { CheckpointsTable, ScoresTable } from "../../components/lineage/checkpoint-tables";
import { HelmTable } from "../../components/lineage/helm-table";
import { Button } from "../../components/ui/button";
import { Card, CardHeader } from "../../components/ui/card";
import { EmptyState } from "../../components/ui/empty-state";
import type { RunSeries } from "@/domain/run-series";
import type { useTRPC } from "../../trpc";
import { CompareCard } from "./compare-card";
import { DistanceCard } from "./distance-card";
import { FitCard } from "./fit-card";
import { SameDataCard } from "./same-data-card";
import { SweepCard } from "./sweep-card";
import { TaskReportCard } from "./task-report-card";

export type RunDetail = inferOutput<ReturnType<typeof useTRPC>["run"]["get"]>;

export function ResultsTab({
  run,
  series,
  against,
  onAgainst,
}: {
  run: RunDetail;
  series: RunSeries;
  against: string | null;
  onAgainst: (id: string | null) => void;
}) {
  if (run.config.kind === "sweep") {
    return (
      <div className="flex flex-col gap-4">
        <SweepCard run={run} config={run.config} />
      </div>
    );
  }
  const result = run.checkpoints.findLast(({ final }) => final);
  const trains = run.kind !== "evaluation" && run.kind !== "benchmark" && run.kind !== "sample";
  const { benchmarks, others } = splitScores(run.scores);
  return (
    <div className="flex flex-col gap-4">
      {series.report !== null && <TaskReportCard report={series.report} />}
      <FitCard run={run} series={series} />
      {run.kind === "sft" && <SameDataCard run={run} />}
      {benchmarks.length > 0 && (
        <Card>
          <CardHeader
            title="Benchmarks"
            description="Each task's metrics with 95 % intervals, and what its items have in common with the training data"
          />
          <BenchmarkTable scores={benchmarks} by="checkpoint" />
        </Card>
      )}
      {benchmarks.length === 0 && (
        <Card>
          <CardHeader title="Scores" description="Measured on held-out prompts, with 95 % intervals" />
          {others.length > 0 ? (
            <ScoresTable scores={others} by="checkpoint" />
          ) : (
            <EmptyState
              icon={<Gauge aria-hidden="true" />}
              title="No scores"
              action={
                result !== undefined && (
                  <Button asChild>
                    <Link href={`/runs/new?kind=evaluation&project=${run.projectId}&base=${result.id}`}>Evaluate the result</Link>
                  </Button>
                )
              }
            >
              {run.kind === "evaluation" || run.kind === "benchmark"
                ? "They come at the end of the run."
                : "An evaluation run gives them to a checkpoint."}
            </EmptyState>
          )}
        </Card>
      )}
      <HelmTable scores={run.scores} />
      {run.kind === "evaluation" && run.state === "succeeded" && <CompareCard runId={run.id} against={against} onAgainst={onAgainst} />}
      {run.kind === "ppo" && <DistanceCard runId={run.id} running={run.state === "running"} />}
      {trains && (
        <Card>
          <CardHeader title="Checkpoints" description="Newest first" />
          {run.checkpoints.length > 0 ? (
            <CheckpointsTable checkpoints={run.checkpoints} />
          ) : (
            <EmptyState icon={<Boxes aria-hidden="true" />} title="No checkpoint yet">
              The first comes after the number of steps that the config says.
            </EmptyState>
          )}
        </Card>
      )}
    </div>
  );
}
