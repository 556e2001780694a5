"use client";
/** One human evaluation: how far it is, and what the ratings say so far. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { inferOutput } from "@trpc/tanstack-react-query";
import { Download } from "lucide-react";
import Link from "next/link";
import { SimulatedBadge } from "../../../../components/ui/badge";
import { Button } from "../../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../../components/ui/empty-state";
import { Select } from "../../../../components/ui/field";
import { Progress } from "../../../../components/ui/progress";
import { Skeleton } from "../../../../components/ui/skeleton";
import { RunStateBadge } from "../../../../runs/run-state";
import { errorMessage, useTRPC } from "../../../../trpc";
import { countOf } from "../../../format";
import { useSimulated } from "../../quality/use-simulated";
import { EvaluationStateBadge } from "../evaluation-state";
import { AgreementTable, DistributionTable, MeansTable, PairsTable } from "./results-tables";

export type HumanEvaluation = inferOutput<ReturnType<typeof useTRPC>["humanEvaluation"]["get"]>;

const WAITING_MS = 5_000;

export function EvaluationView({ projectId, id }: { projectId: string; id: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [simulated, setSimulated] = useSimulated();
  const found = useQuery({
    ...trpc.humanEvaluation.get.queryOptions({ id, simulated }),
    refetchInterval: ({ state }) => (state.data?.evaluation.state === "waiting" ? WAITING_MS : false),
  });
  const close = useMutation(
    trpc.humanEvaluation.close.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.humanEvaluation.pathKey() }),
    }),
  );
  if (found.isError) return <ErrorState message={errorMessage(found.error)} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) {
    return (
      <div role="status" aria-label="Loading the human evaluation" className="flex flex-col gap-4">
        <Skeleton className="h-28" />
        <Skeleton className="h-48" />
      </div>
    );
  }
  const { evaluation, results, leftOut } = found.data;
  const { name, state, judged, wanted, prompts, overlap, split, seed } = evaluation;
  const download = (format: string) => `/api/human-evaluations/${id}?format=${format}${simulated ? "&votes=simulated" : ""}`;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <p className="text-sm text-muted">
            <Link href={`/projects/${projectId}/human`} className="hover:underline">
              Human evaluation
            </Link>
          </p>
          <h2 className="mt-1 flex flex-wrap items-center gap-2 text-lg font-semibold">
            {name} <EvaluationStateBadge state={state} />
          </h2>
          <p className="mt-1 text-sm text-muted">
            {countOf(prompts, "prompt")} {split === null ? "typed for it" : `of the ${split} split`}, {countOf(overlap, "evaluator")} each,
            seed {seed}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Select
            aria-label="Whose ratings"
            className="w-auto"
            value={simulated ? "simulated" : "people"}
            onChange={(event) => setSimulated(event.target.value === "simulated")}
          >
            <option value="people">Ratings of people</option>
            <option value="simulated">Ratings of simulated annotators</option>
          </Select>
          {(["csv", "json"] as const).map((format) => (
            <Button key={format} asChild>
              <a href={download(format)} download>
                <Download aria-hidden="true" className="size-4" />
                {format.toUpperCase()}
              </a>
            </Button>
          ))}
          {state !== "waiting" && (
            <Button loading={close.isPending} onClick={() => close.mutate({ id, closed: state !== "closed" })}>
              {state === "closed" ? "Ask again" : "Stop asking"}
            </Button>
          )}
        </div>
      </div>
      {simulated && (
        <div>
          <SimulatedBadge />
        </div>
      )}
      {close.isError && (
        <p role="alert" className="text-sm text-failed">
          {errorMessage(close.error)}
        </p>
      )}
      {state === "waiting" ? (
        <MissingAnswers evaluation={evaluation} />
      ) : (
        <Card>
          <CardBody>
            <p className="figures mb-2 text-sm">
              {judged} of {wanted} votes are in; each rates all answers to one prompt.
            </p>
            <Progress label="Ratings" value={judged} max={wanted} tone={state === "done" ? "chosen" : "accent"} />
          </CardBody>
        </Card>
      )}
      {leftOut.length > 0 && (
        <details className="rounded-lg border bg-flagged-soft px-4 py-2 text-sm">
          <summary>
            {countOf(new Set(leftOut.map(({ promptId }) => promptId)).size, "prompt")} left out: an answer gives its model away
          </summary>
          <ul className="mt-2 list-disc pl-5">
            {leftOut.map(({ promptId, model, problem }) => (
              <li key={`${promptId} ${model}`}>
                <Link className="underline" href={`/projects/${projectId}/prompts/${promptId}`}>
                  {model}
                </Link>
                : {problem}
              </li>
            ))}
          </ul>
        </details>
      )}
      {results.votes === 0 ? (
        state !== "waiting" && (
          <Card>
            <EmptyState title={simulated ? "No simulated annotator has rated here" : "Nobody has rated yet"}>
              Evaluators find these prompts in the annotators' room of the project, before its other items.
            </EmptyState>
          </Card>
        )
      ) : (
        <Results projectId={projectId} found={found.data} simulated={simulated} />
      )}
    </div>
  );
}

function MissingAnswers({ evaluation: { missing, runs } }: Pick<HumanEvaluation, "evaluation">) {
  return (
    <Card>
      <CardHeader
        title="Answers are being sampled"
        description={`${countOf(missing, "answer")} missing; people are asked when the last one is there`}
      />
      <ul className="divide-y border-t text-sm">
        {runs.map(({ id, name, state, step, totalSteps }) => (
          <li key={id} className="flex flex-wrap items-center gap-3 px-4 py-2">
            <Link href={`/runs/${id}`} className="font-medium hover:underline">
              {name}
            </Link>
            <RunStateBadge state={state} />
            {state === "running" && totalSteps !== null && (
              <span className="figures text-muted">
                {step} of {totalSteps}
              </span>
            )}
            {(state === "failed" || state === "cancelled") && (
              <span className="text-muted">Its page says why; retry it there, or import the answers.</span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Results({ projectId, found, simulated }: { projectId: string; found: HumanEvaluation; simulated: boolean }) {
  const { evaluation, results } = found;
  const votesHref = (parameters: Record<string, string>) =>
    `/projects/${projectId}/human/${evaluation.id}/votes?${new URLSearchParams({ ...parameters, ...(simulated ? { votes: "simulated" } : {}) })}`;
  return (
    <>
      <Card>
        <CardHeader
          title="Means"
          description={`${countOf(results.votes, "vote")} by ${countOf(results.evaluators, "evaluator")} on ${countOf(results.prompts, "prompt")}; 95 % intervals by bootstrap over prompts. A number leads to its votes.`}
        />
        <MeansTable evaluation={evaluation} results={results} votesHref={votesHref} />
      </Card>
      <Card>
        <CardHeader
          title="Two by two"
          description="On the same prompts: how often chance alone gives a difference as large, by Fisher's randomisation test (1935), corrected for the number of comparisons (Holm 1979). Grey: not significant at 0.05."
        />
        <PairsTable evaluation={evaluation} results={results} votesHref={votesHref} />
      </Card>
      <Card>
        <CardHeader title="Distributions" description="How many ratings gave each number of points" />
        <DistributionTable evaluation={evaluation} results={results} votesHref={votesHref} />
      </Card>
      <Card>
        <CardHeader
          title="Agreement of the evaluators"
          description="Krippendorff's alpha for ordinal data (1 is perfect, 0 is chance), over every answer that two or more rated"
        />
        <AgreementTable evaluation={evaluation} results={results} votesHref={votesHref} />
      </Card>
    </>
  );
}
