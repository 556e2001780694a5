"use client";
/** A prompt, who answered it how, and every vote behind it. Researchers see the models; annotators never do before voting. */
import { useQuery } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import Link from "next/link";
import type { AppRouter } from "@/server/root";
import { Badge } from "../../../../components/ui/badge";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../../components/ui/empty-state";
import { Skeleton } from "../../../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../../../trpc";
import { countOf } from "../../../format";
import { Messages } from "../../messages";
import { JudgementsTable } from "./judgements-table";

export type PromptPageData = inferRouterOutputs<AppRouter>["prompt"]["get"];

/** Short names of a prompt's completions, by id, in the order of the page. */
export function nameCompletions(completions: PromptPageData["completions"]): Map<string, string> {
  return new Map(completions.map(({ id }, i) => [id, `#${i + 1}`]));
}

export function PromptView({ projectId, promptId }: { projectId: string; promptId: string }) {
  const trpc = useTRPC();
  const prompt = useQuery(trpc.prompt.get.queryOptions({ promptId }));
  if (prompt.isPending) return <Skeleton className="h-96" />;
  if (prompt.data === undefined) return <ErrorState message={errorMessage(prompt.error)} onRetry={() => void prompt.refetch()} />;
  const { messages, reference, split, groupKey, completions, judgements } = prompt.data;
  const names = nameCompletions(completions);
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2 text-sm text-muted">
        <Link href={`/projects/${projectId}/data`} className="hover:underline">
          All prompts
        </Link>
        <Badge>{split}</Badge>
        <span className="max-w-full truncate" title="Prompts of one group always lie in one split">
          group {groupKey}
        </span>
      </div>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex flex-col gap-4">
          <Card>
            <CardHeader title="Prompt" />
            <CardBody>
              <Messages messages={messages} />
            </CardBody>
          </Card>
          {reference !== null && (
            <Card>
              <CardHeader title="Reference answer" />
              <CardBody>
                <p className="prose-text whitespace-pre-wrap">{reference}</p>
              </CardBody>
            </Card>
          )}
        </div>
        <Card>
          <CardHeader title="Completions" description={countOf(completions.length, "completion")} />
          {completions.length === 0 && (
            <EmptyState title="Nobody has answered yet">
              <Link href={`/runs/new?kind=sample&project=${projectId}`} className="text-accent underline">
                Sample completions
              </Link>{" "}
              from a checkpoint, or import some.
            </EmptyState>
          )}
          <ul className="divide-y">
            {completions.map((completion) => (
              <li key={completion.id} className="px-4 py-3">
                <p className="mb-1 flex flex-wrap items-center gap-x-2 text-sm">
                  <span className="figures text-muted">{names.get(completion.id)}</span>
                  <span className="font-medium">{completion.model}</span>
                  <SourceNote completion={completion} />
                </p>
                <p className="prose-text whitespace-pre-wrap">{completion.text}</p>
              </li>
            ))}
          </ul>
        </Card>
      </div>
      <Card className="mt-4">
        <CardHeader title="Judgements" description="Newest first; undone ones stay for the record and count nowhere." />
        {judgements.length === 0 ? (
          <EmptyState title="Not judged yet">
            Judgements appear here with who gave them, when, and in which order the completions were shown.
          </EmptyState>
        ) : (
          <JudgementsTable judgements={judgements} names={names} />
        )}
      </Card>
    </>
  );
}

function SourceNote({ completion }: { completion: PromptPageData["completions"][number] }) {
  const { source, sampling, runId } = completion;
  return (
    <span className="figures text-xs text-muted">
      {source === "checkpoint" && sampling !== null ? `temperature ${sampling.temperature}, seed ${sampling.seed}` : source}
      {runId !== null && (
        <>
          {" · "}
          <Link href={`/runs/${runId}`} className="underline">
            run
          </Link>
        </>
      )}
    </span>
  );
}
