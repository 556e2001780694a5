"use client";
/** Who voted what on which prompt, newest first. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { describeValue } from "@/domain/annotation/answer";
import { SimulatedBadge } from "../../components/ui/badge";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { PageHeader } from "../../components/ui/page-header";
import { RelativeTime } from "../../components/ui/relative-time";
import { SkeletonTable } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";

export function VotesView() {
  const trpc = useTRPC();
  const search = useSearchParams();
  const { data, error, refetch } = useQuery(
    trpc.leaderboard.votes.queryOptions({ slug: search.get("project") ?? "", a: search.get("a") ?? "", b: search.get("b") ?? "" }),
  );
  if (error) return <ErrorState message={errorMessage(error)} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonTable rows={6} label="Loading the votes" />;
  return (
    <>
      <PageHeader title={`${data.a} against ${data.b}`} />
      <p className="mb-4 text-sm text-muted">
        The newest {data.votes.length} votes.{" "}
        <Link className="underline" href={`/leaderboard?project=${encodeURIComponent(data.project.slug)}`}>
          Back to the leaderboard
        </Link>
      </p>
      {data.votes.length === 0 && <EmptyState title="No vote compares these two" />}
      <ol className="space-y-3">
        {data.votes.map((vote) => (
          <li key={vote.id} className="rounded-lg border bg-surface p-4 text-sm">
            <p className="mb-2 flex flex-wrap items-center justify-between gap-2">
              <span className="font-medium">{describeValue(vote.value)}</span>
              <span className="flex items-center gap-2 text-muted">
                {vote.annotator} {vote.simulated && <SimulatedBadge />} <RelativeTime date={vote.createdAt} />
              </span>
            </p>
            <details>
              <summary className="cursor-pointer truncate text-muted">{vote.prompt}</summary>
              <p className="mt-2 whitespace-pre-wrap">{vote.prompt}</p>
              <Link className="underline" href={`/projects/${data.project.id}/prompts/${vote.promptId}`}>
                The prompt with all its answers
              </Link>
            </details>
            <ul className="mt-2 space-y-1">
              {vote.answers.map(({ text, rank, model }) => (
                <li key={`${model}:${text}`}>
                  <span className="mr-2 font-mono tabular-nums">{rank}.</span>
                  <span className="text-muted">{model}:</span> {text}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
    </>
  );
}
