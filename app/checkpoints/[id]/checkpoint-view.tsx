"use client";
/** A checkpoint's page. */
import { useQuery } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import Link from "next/link";
import { BenchmarkTable, splitScores } from "../../components/lineage/benchmark-table";
import { CheckpointBadges, ScoresTable } from "../../components/lineage/checkpoint-tables";
import { HelmTable } from "../../components/lineage/helm-table";
import { LineageGraphView } from "../../components/lineage/lineage-graph";
import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { PageHeader } from "../../components/ui/page-header";
import { RelativeTime } from "../../components/ui/relative-time";
import { Skeleton } from "../../components/ui/skeleton";
import { KIND_LABELS, RunStateBadge } from "../../runs/run-state";
import { errorMessage, useTRPC } from "../../trpc";

export function CheckpointView({ id }: { id: string }) {
  const trpc = useTRPC();
  const found = useQuery(trpc.checkpoint.get.queryOptions({ id }));
  if (found.isPending) {
    return (
      <div role="status" aria-label="Loading the checkpoint">
        <Skeleton className="mb-4 h-7 w-64" />
        <Skeleton className="mb-4 h-52" />
        <Skeleton className="h-40" />
      </div>
    );
  }
  if (found.isError)
    return (
      <ErrorState title="This checkpoint could not be loaded" message={errorMessage(found.error)} onRetry={() => void found.refetch()} />
    );
  const { checkpoint, scores, usedBy, lineage } = found.data;
  const { benchmarks, others } = splitScores(scores);
  const project = checkpoint.projectId === null ? "" : `&project=${checkpoint.projectId}`;
  const reward = checkpoint.kind === "reward";
  return (
    <div className="flex flex-col gap-4">
      <div>
        <PageHeader
          title={checkpoint.name}
          description={checkpoint.reason ?? undefined}
          actions={
            <>
              <Button asChild variant="primary">
                <Link href={reward ? `/runs/new?kind=ppo${project}&reward=${id}` : `/runs/new?kind=evaluation${project}&base=${id}`}>
                  {reward ? "Train a policy with it" : "Evaluate"}
                </Link>
              </Button>
              {!reward && checkpoint.kind !== "head" && (
                <>
                  <Button asChild>
                    <Link href={`/runs/new?kind=sample${project}&base=${id}`}>Sample completions</Link>
                  </Button>
                  <Button asChild>
                    <Link href={`/runs/new?kind=sft${project}&base=${id}`}>Train from here</Link>
                  </Button>
                </>
              )}
            </>
          }
        />
        <div className="-mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <Badge>{checkpoint.kind}</Badge>
          <CheckpointBadges final={checkpoint.final && checkpoint.kind !== "base"} promoted={checkpoint.promoted} />
          {checkpoint.kind !== "base" && <span>step {checkpoint.step}</span>}
          <span>
            saved <RelativeTime date={checkpoint.createdAt} />
          </span>
          <code className="text-xs break-all" title="sha256 of the weight files">
            {checkpoint.hash}
          </code>
        </div>
      </div>
      <Card>
        <CardHeader title="Lineage" description="From the votes and base models on the left to this checkpoint on the right" />
        <CardBody>
          <LineageGraphView graph={lineage} />
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="Scores" description="Measured on held-out prompts, with 95 % intervals" />
        {others.length > 0 ? (
          <ScoresTable scores={others} by="run" />
        ) : (
          <EmptyState icon={<Gauge aria-hidden="true" />} title="No scores yet">
            {reward
              ? "A reward run with held-out votes measures how often it agrees with them."
              : "An evaluation run samples it on held-out prompts and scores what it says."}
          </EmptyState>
        )}
      </Card>
      {benchmarks.length > 0 && (
        <Card>
          <CardHeader
            title="Benchmarks"
            description="Each task's metrics with 95 % intervals, and what its items have in common with the training data"
          />
          <BenchmarkTable scores={benchmarks} by="run" />
        </Card>
      )}
      <HelmTable scores={scores} />
      <Card>
        <CardHeader title="Used by" description="Runs that started from it or were rewarded by it" />
        {usedBy.length === 0 ? (
          <CardBody className="text-sm text-muted">No run has used it yet.</CardBody>
        ) : (
          <ul className="divide-y text-sm">
            {usedBy.map((run) => (
              <li key={run.id} className="flex flex-wrap items-center gap-3 px-4 py-2">
                <Link href={`/runs/${run.id}`} className="font-medium hover:underline">
                  {run.name}
                </Link>
                <span className="text-muted">{KIND_LABELS[run.kind]}</span>
                <RunStateBadge state={run.state} />
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}
