"use client";
/** What the form of a new human evaluation is filled with. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { ErrorState } from "../../../../components/ui/empty-state";
import { Skeleton } from "../../../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../../../trpc";
import { NewEvaluationForm } from "./new-evaluation-form";

export function NewEvaluationView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const inputs = useQuery({ ...trpc.humanEvaluation.inputs.queryOptions({ projectId }), staleTime: Number.POSITIVE_INFINITY });
  return (
    <>
      <p className="mb-3 text-sm text-muted">
        <Link href={`/projects/${projectId}/human`} className="hover:underline">
          Human evaluation
        </Link>
      </p>
      {inputs.isError ? (
        <ErrorState message={errorMessage(inputs.error)} onRetry={() => void inputs.refetch()} />
      ) : inputs.data === undefined ? (
        <div role="status" aria-label="Loading the form" className="grid gap-4 lg:grid-cols-2">
          <Skeleton className="h-72" />
          <Skeleton className="h-72" />
        </div>
      ) : (
        <NewEvaluationForm projectId={projectId} inputs={inputs.data} />
      )}
    </>
  );
}
