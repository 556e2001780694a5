"use client";
/** The projects that have items; the only one opens by itself. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { EmptyState, ErrorState } from "../components/ui/empty-state";
import { Skeleton } from "../components/ui/skeleton";
import { errorMessage, useTRPC } from "../trpc";

export function ProjectChoice() {
  const trpc = useTRPC();
  const router = useRouter();
  const { data, error, refetch } = useQuery(trpc.annotate.projects.queryOptions());
  const only = data?.length === 1 ? data[0]?.slug : undefined;
  useEffect(() => {
    if (only !== undefined) router.replace(`/annotate/${only}`);
  }, [only, router]);
  if (error) return <ErrorState title="The projects could not be loaded" message={errorMessage(error)} onRetry={() => void refetch()} />;
  if (data === undefined || only !== undefined)
    return (
      <div className="mx-auto w-full max-w-2xl space-y-3 p-5">
        <Skeleton className="h-20" />
        <Skeleton className="h-20" />
      </div>
    );
  if (data.length === 0)
    return (
      <div className="m-auto p-5">
        <EmptyState title="Nothing to judge yet">A researcher has to import completions or sample them from a model first.</EmptyState>
      </div>
    );
  return (
    <div className="mx-auto w-full max-w-2xl p-5">
      <h1 className="mb-4 text-xl font-semibold">Choose a project</h1>
      <ul className="space-y-3">
        {data.map(({ id, slug, name, description, judged, open }) => (
          <li key={id}>
            <Link href={`/annotate/${slug}`} className="block rounded-lg border bg-surface p-4 hover:border-accent">
              <span className="font-medium">{name}</span>
              <span className="block text-sm text-muted">{description}</span>
              <span className="mt-1 block text-sm tabular-nums">
                {open} left for you, {judged} judged by you
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
