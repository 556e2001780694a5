"use client";
/** The human evaluations of a project, newest first. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import Link from "next/link";
import { Button } from "../../../components/ui/button";
import { Card } from "../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { RelativeTime } from "../../../components/ui/relative-time";
import { SkeletonTable } from "../../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../../components/ui/table";
import { errorMessage, useTRPC } from "../../../trpc";
import { countOf } from "../../format";
import { EvaluationStateBadge } from "./evaluation-state";

export function HumanView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const list = useQuery(trpc.humanEvaluation.list.queryOptions({ projectId }));
  const begin = (
    <Button asChild variant="primary">
      <Link href={`/projects/${projectId}/human/new`}>
        <Plus aria-hidden="true" className="size-4" />
        New evaluation
      </Link>
    </Button>
  );
  return (
    <section aria-labelledby="human">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <div>
          <h2 id="human" className="font-semibold">
            Human evaluation
          </h2>
          <p className="max-w-[95ch] text-sm text-muted">
            People rate what several models say to the same prompts, side by side, without knowing which is which.
          </p>
        </div>
        {list.data !== undefined && list.data.length > 0 && begin}
      </div>
      <Card>
        {list.isError ? (
          <ErrorState message={errorMessage(list.error)} onRetry={() => void list.refetch()} />
        ) : list.data === undefined ? (
          <SkeletonTable rows={4} label="Loading human evaluations" />
        ) : list.data.length === 0 ? (
          <EmptyState title="No human evaluation yet" action={begin}>
            Choose two to nine models, the prompts that they answer, and the attributes that people rate. Answers that are missing are
            sampled first.
          </EmptyState>
        ) : (
          <Table label="Human evaluations">
            <THead>
              <Tr>
                <Th>Evaluation</Th>
                <Th>State</Th>
                <Th numeric>Ratings</Th>
                <Th>Models</Th>
                <Th>Attributes</Th>
                <Th>Made</Th>
              </Tr>
            </THead>
            <TBody>
              {list.data.map(({ id, name, state, prompts, judged, wanted, missing, models, scales, createdAt }) => (
                <Tr key={id}>
                  <Td className="min-w-40">
                    <Link href={`/projects/${projectId}/human/${id}`} className="font-medium hover:underline">
                      {name}
                    </Link>
                    <div className="text-xs text-muted">{countOf(prompts, "prompt")}</div>
                  </Td>
                  <Td>
                    <EvaluationStateBadge state={state} />
                  </Td>
                  <Td numeric>{state === "waiting" ? `${countOf(missing, "answer")} missing` : `${judged} of ${wanted}`}</Td>
                  <Td className="min-w-48">{models.map((model) => model.name).join(", ")}</Td>
                  <Td className="min-w-32">{scales.map((scale) => scale.name).join(", ")}</Td>
                  <Td className="whitespace-nowrap text-muted">
                    <RelativeTime date={createdAt} />
                  </Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        )}
      </Card>
    </section>
  );
}
