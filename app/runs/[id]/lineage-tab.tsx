"use client";
/** What the run stands on, back to the votes. */
import { useQuery } from "@tanstack/react-query";
import { LineageGraphView } from "../../components/lineage/lineage-graph";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { ErrorState } from "../../components/ui/empty-state";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";

export function LineageTab({ runId }: { runId: string }) {
  const trpc = useTRPC();
  const lineage = useQuery(trpc.run.lineage.queryOptions({ id: runId }));
  return (
    <Card>
      <CardHeader title="Lineage" description="From the votes and base models on the left to this run on the right" />
      <CardBody>
        {lineage.isPending && <Skeleton className="h-40" />}
        {lineage.isError && <ErrorState message={errorMessage(lineage.error)} onRetry={() => void lineage.refetch()} />}
        {lineage.isSuccess && <LineageGraphView graph={lineage.data} />}
      </CardBody>
    </Card>
  );
}
