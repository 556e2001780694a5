"use client";
/** What I judged, newest first, and how: counts, time, agreement with others, sides. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { describeValue } from "@/domain/annotation/answer";
import { letterOf } from "@/domain/annotation/task";
import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { RelativeTime } from "../../../components/ui/relative-time";
import { Skeleton } from "../../../components/ui/skeleton";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";

const percent = (x: number) => `${(100 * x).toFixed(0)} %`;

export function OwnHistory({ slug }: { slug: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const projects = useQuery(trpc.annotate.projects.queryOptions());
  const projectId = projects.data?.find((project) => project.slug === slug)?.id;
  const input = { projectId: projectId ?? "" };
  const history = useQuery({ ...trpc.annotate.history.queryOptions(input), enabled: projectId !== undefined });
  const statistics = useQuery({ ...trpc.annotate.statistics.queryOptions(input), enabled: projectId !== undefined });
  const undo = useMutation(
    trpc.annotate.undo.mutationOptions({
      onSuccess: () => toast({ title: "Taken back", description: "The item is yours again." }),
      onError: (error) => toast({ title: "Not taken back", description: errorMessage(error), tone: "failed" }),
      onSettled: () => queries.invalidateQueries({ queryKey: trpc.annotate.pathKey() }),
    }),
  );
  const error = projects.error ?? history.error;
  if (projects.data !== undefined && projectId === undefined) {
    return (
      <div className="m-auto">
        <EmptyState
          title="There is no such project"
          action={
            <Button asChild>
              <Link href="/annotate">All projects</Link>
            </Button>
          }
        >
          It was removed, or the address is misspelt.
        </EmptyState>
      </div>
    );
  }
  const figures: [string, string][] = statistics.data
    ? [
        ["Judged", `${statistics.data.judged} (${statistics.data.today} today)`],
        ["Median time", statistics.data.medianActiveMs === null ? "–" : `${(statistics.data.medianActiveMs / 1000).toFixed(0)} s`],
        [
          "Agreement with others",
          statistics.data.agreement === null
            ? "– (no shared items yet)"
            : `${percent(statistics.data.agreement.value)}, n = ${statistics.data.agreement.n}`,
        ],
        ["Preferred the left one", statistics.data.leftShare === null ? "–" : percent(statistics.data.leftShare)],
        ["Skipped, flagged", `${statistics.data.skipped}, ${statistics.data.flagged}`],
        ["Left for you", String(statistics.data.open)],
      ]
    : [];
  return (
    <div className="mx-auto w-full max-w-4xl p-4 sm:p-6">
      <div className="mb-4 flex items-center justify-between gap-3">
        <h1 className="text-xl font-semibold">My judgements</h1>
        <Button asChild variant="primary">
          <Link href={`/annotate/${slug}`}>Go on judging</Link>
        </Button>
      </div>
      <dl className="mb-6 grid grid-cols-2 gap-3 sm:grid-cols-3">
        {figures.map(([label, value]) => (
          <div key={label} className="rounded-lg border bg-surface p-3">
            <dt className="text-xs text-muted">{label}</dt>
            <dd className="font-medium tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {error ? (
        <ErrorState message={errorMessage(error)} onRetry={() => void (projects.error ? projects : history).refetch()} />
      ) : history.data === undefined ? (
        <Skeleton className="h-64" />
      ) : history.data.length === 0 ? (
        <EmptyState title="You have not judged anything here yet">
          What you judge appears here; the newest can be taken back for a while.
        </EmptyState>
      ) : (
        <ol className="space-y-3">
          {history.data.map(({ judgementId, value, reasons, comment, createdAt, undoable, prompt, texts }) => (
            <li key={judgementId} className="rounded-lg border bg-surface p-4 text-sm">
              <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
                <span className="font-medium">{describeValue(value, texts.length)}</span>
                <span className="flex items-center gap-3 text-muted">
                  <RelativeTime date={createdAt} />
                  {undoable && (
                    <Button size="sm" loading={undo.isPending} onClick={() => undo.mutate(input)}>
                      Undo
                    </Button>
                  )}
                </span>
              </div>
              <details>
                <summary className="cursor-pointer truncate text-muted">{prompt}</summary>
                <p dir="auto" className="mt-2 whitespace-pre-wrap">
                  {prompt}
                </p>
                {texts.map((text, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the order in which this judgement was shown is fixed
                  <p key={i} dir="auto" className="mt-2 whitespace-pre-wrap">
                    <span className="font-semibold">{letterOf(i)}:</span> {text}
                  </p>
                ))}
                {(value.kind === "edit" || value.kind === "demonstration") && (
                  <p dir="auto" className="mt-2 whitespace-pre-wrap">
                    <span className="font-semibold">{describeValue(value)}:</span> {value.text}
                  </p>
                )}
              </details>
              {(reasons.length > 0 || comment !== "") && (
                <p className="mt-2 flex flex-wrap gap-1">
                  {reasons.map((reason) => (
                    <Badge key={reason}>{reason}</Badge>
                  ))}{" "}
                  {comment}
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
