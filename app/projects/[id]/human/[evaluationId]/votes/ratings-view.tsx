"use client";
/** Who gave which points to which answer, newest first. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { SimulatedBadge } from "../../../../../components/ui/badge";
import { EmptyState, ErrorState } from "../../../../../components/ui/empty-state";
import { RelativeTime } from "../../../../../components/ui/relative-time";
import { SkeletonTable } from "../../../../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../../../../trpc";
import { countOf } from "../../../../format";
import { useSimulated } from "../../../quality/use-simulated";

export function RatingsView({ projectId, id }: { projectId: string; id: string }) {
  const trpc = useTRPC();
  const search = useSearchParams();
  const [simulated] = useSimulated();
  const [modelId, scale, score] = [search.get("model"), search.get("scale"), search.get("score")];
  const { data, error, refetch } = useQuery(
    trpc.humanEvaluation.votes.queryOptions({ id, simulated, modelId, scale, score: score === null ? null : Number(score) }),
  );
  if (error) return <ErrorState message={errorMessage(error)} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonTable rows={6} label="Loading the ratings" />;
  const { evaluation, votes } = data;
  const model = votes[0]?.answers.flatMap(({ models }) => models).find((candidate) => candidate.id === modelId);
  const of = [model?.name, scale, score === null ? null : `${score} points`].filter((part) => part != null).join(", ");
  return (
    <>
      <p className="text-sm text-muted">
        <Link className="hover:underline" href={`/projects/${projectId}/human/${id}${simulated ? "?votes=simulated" : ""}`}>
          {evaluation.name}
        </Link>
      </p>
      <h2 className="mt-1 mb-3 flex flex-wrap items-center gap-2 text-lg font-semibold">
        {countOf(votes.length, "vote")}
        {of === "" ? "" : `: ${of}`} {simulated && <SimulatedBadge />}
      </h2>
      {votes.length === 0 && <EmptyState title="No rating says this any more" />}
      <ol className="space-y-3">
        {votes.map((vote) => (
          <li key={vote.id} className="rounded-lg border bg-surface p-4 text-sm">
            <p className="mb-2 flex flex-wrap items-center justify-between gap-2">
              <span className="font-medium">{vote.evaluator}</span>
              <span className="text-muted">
                <RelativeTime date={vote.createdAt} />
              </span>
            </p>
            <details>
              <summary className="cursor-pointer truncate text-muted">{vote.prompt}</summary>
              <p className="mt-2 whitespace-pre-wrap">{vote.prompt}</p>
              <Link className="underline" href={`/projects/${projectId}/prompts/${vote.promptId}`}>
                The prompt with all its answers
              </Link>
            </details>
            <ul className="mt-2 space-y-2">
              {vote.answers.map(({ completionId, models, text, scores }) => (
                <li
                  key={completionId}
                  className={models.some((candidate) => candidate.id === modelId) ? "border-l-2 border-accent pl-3" : "pl-3.5"}
                >
                  <p>
                    <span className="font-medium">{models.map(({ name }) => name).join(" and ")}</span>{" "}
                    <span className="figures text-muted">
                      {evaluation.scales.map(({ name, points }, s) => `${name} ${scores[s] ?? "–"} of ${points}`).join(", ")}
                    </span>
                  </p>
                  <p dir="auto" className="whitespace-pre-wrap">
                    {text}
                  </p>
                </li>
              ))}
            </ul>
            {vote.comment !== "" && <p className="mt-2 text-muted">“{vote.comment}”</p>}
          </li>
        ))}
      </ol>
    </>
  );
}
