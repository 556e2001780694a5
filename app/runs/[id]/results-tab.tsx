"use client";
/** What came out: scores with intervals, checkpoints with their standing. */
import { Boxes, Gauge } from "lucide-react";
import type { inferOutput } from "@trpc/tanstack-react-query";
import Link from "next/link";
import { CheckpointsTable, ScoresTable } from "../../components/lineage/checkpoint-tables";
import { HelmTable } from "../../components/lineage/helm-table";
import { Button } from "../../components/ui/button";
import { Card, CardHeader } from "../../components/ui/card";
import { EmptyState } from "../../components/ui/empty-state";
import type { useTRPC } from "../../trpc";
import { CompareCard } from "./compare-card";
import { DistanceCard } from "./distance-card";

export type RunDetail = inferOutput<ReturnType<typeof useTRPC>["run"]["get"]>;

export function ResultsTab({ run, against, onAgainst }: { run: RunDetail; against: string | null; onAgainst: (id: string | null) => void }) {
  const result = run.checkpoints.findLast(({ final }) => final);
  const plain = run.scores.filter(({ metric }) => !metric.startsWith("helm/"));
  const trains = run.kind !== "evaluation" && run.kind !== "sample";
  return (
    <div className="flex flex-col gap-4">
      <Card>
        <CardHeader title="Scores" description="Measured on held-out prompts, with 95 % intervals" />
        {plain.length > 0 ? (
          <ScoresTable scores={plain} by="checkpoint" />
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
            {run.kind === "evaluation" ? "They come at the end of the run." : "An evaluation run gives them to a checkpoint."}
          </EmptyState>
        )}
      </Card>
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
