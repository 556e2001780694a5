"use client";
/** What a ranked model stands on: run, dataset version, votes. */
import { useQuery } from "@tanstack/react-query";
import { LineageGraphView } from "../components/lineage/lineage-graph";
import { ErrorState } from "../components/ui/empty-state";
import { Skeleton } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";

export function ModelLineage({ slug, modelId, name }: { slug: string; modelId: string; name: string }) {
  const trpc = useTRPC();
  const lineage = useQuery(trpc.leaderboard.lineage.queryOptions({ slug, modelId }));
  if (lineage.error) return <ErrorState message={errorMessage(lineage.error)} onRetry={() => void lineage.refetch()} />;
  if (lineage.data === undefined) return <Skeleton className="h-24" />;
  if (lineage.data === null)
    return (
      <p className="text-sm text-muted">
        {name} came from outside: its completions were imported, and no run of this installation made it.
      </p>
    );
  return <LineageGraphView graph={lineage.data} />;
}
