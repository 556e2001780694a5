"use client";
/** How the requests of a run to an endpoint go: done, failed, tokens, cost and budget, live; and what to do about failures. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import Link from "next/link";
import { type FormEvent, useEffect, useState } from "react";
import { formatNumber } from "@/domain/run-format";
import type { RunSeries } from "@/domain/run-series";
import { Button } from "../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { Field, Input } from "../../components/ui/field";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { useToast } from "../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../trpc";
import type { RunDetail } from "./results-tab";

const dollars = (amount: number) => (amount === 0 ? "$0" : `$${amount < 1 ? amount.toFixed(4) : amount.toFixed(2)}`);

export function RequestsCard({ run, series }: { run: RunDetail; series: RunSeries }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const requests = useQuery(trpc.run.requests.queryOptions({ id: run.id }));
  const latest = (name: string) => series.metrics.get(name)?.at(-1)?.value;
  const { refetch } = requests;
  const failed = latest("requests/failed") ?? 0;
  // The reasons of failures are no events: they are read again when there are more, and when the run moves on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    void refetch();
  }, [failed, run.state, refetch]);
  const retry = useMutation(
    trpc.run.retryFailed.mutationOptions({
      onSuccess: ({ reopened }) => toast({ title: `${reopened} ${reopened === 1 ? "request is" : "requests are"} asked again` }),
      onError: (error: unknown) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" }),
      onSettled: () => Promise.all([queries.invalidateQueries(trpc.run.get.queryFilter({ id: run.id })), refetch()]),
    }),
  );
  const stored = requests.data;
  if (stored === undefined) return null;
  const working = run.state === "running";
  // Events are ahead of the stored totals while the run is at work; a new attempt has none yet.
  const live = (name: string, known: number) => (working ? Math.max(known, latest(name) ?? 0) : known);
  const cost = live("requests/cost", stored.cost);
  const done = Math.max(run.step, series.lastStep);
  const perMinute = latest("requests/per_minute");
  const failures = working ? Math.max(failed, stored.failed) : stored.failed;
  const figures: [label: string, value: string][] = [
    [
      "Answered",
      `${(working ? Math.max(stored.answered, done - failures) : stored.answered).toLocaleString("en")}${run.totalSteps === null ? "" : ` of ${run.totalSteps.toLocaleString("en")}`}`,
    ],
    ["Failed", failures.toLocaleString("en")],
    ["Tokens in", live("requests/tokens_in", stored.inputTokens).toLocaleString("en")],
    ["Tokens out", live("requests/tokens_out", stored.outputTokens).toLocaleString("en")],
    [
      "Cost",
      stored.endpoint?.priced === false
        ? "no price set"
        : `${dollars(cost)}${stored.maxCost === null ? "" : ` of ${dollars(stored.maxCost)}`}`,
    ],
    ["Requests a minute", working && perMinute !== undefined ? formatNumber(Math.round(perMinute)) : "–"],
  ];
  const mayRetry = stored.failed > 0 && (run.state === "succeeded" || run.state === "failed" || run.state === "paused");
  return (
    <Card className="mb-5">
      <CardHeader
        title={`Requests to ${stored.endpoint?.name ?? "a removed endpoint"}`}
        description={stored.endpoint?.model}
        actions={
          mayRetry && (
            <Button loading={retry.isPending} onClick={() => retry.mutate({ id: run.id })}>
              <RotateCcw aria-hidden="true" className="size-4" />
              Ask again for the {stored.failed.toLocaleString("en")} failed
            </Button>
          )
        }
      />
      <CardBody className="flex flex-col gap-4">
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-6">
          {figures.map(([label, value]) => (
            <div key={label}>
              <dt className="text-xs text-muted">{label}</dt>
              <dd className="figures font-medium">{value}</dd>
            </div>
          ))}
        </dl>
        {run.state === "paused" && <BudgetForm runId={run.id} maxCost={stored.maxCost} />}
      </CardBody>
      {stored.failures.length > 0 && (
        <details className="border-t" open={!working}>
          <summary className="px-4 py-3 text-sm font-semibold focus-visible:-outline-offset-2">
            Failed requests{" "}
            <span className="font-normal text-muted">
              ({stored.failures.length < stored.failed ? `the first ${stored.failures.length} of ${stored.failed}` : stored.failed})
            </span>
          </summary>
          <Table label="Requests without an answer">
            <THead>
              <Tr>
                <Th>Prompt</Th>
                <Th>Reason</Th>
                <Th numeric>Tries</Th>
              </Tr>
            </THead>
            <TBody>
              {stored.failures.map(({ key, promptId, prompt, error, tries }) => (
                <Tr key={key} className="align-top">
                  <Td className="max-w-72 min-w-40">
                    <Link href={`/projects/${run.projectId}/prompts/${promptId}`} className="line-clamp-2 hover:underline">
                      {prompt}
                    </Link>
                  </Td>
                  <Td className="min-w-56 break-words">{error}</Td>
                  <Td numeric>{tries}</Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        </details>
      )}
    </Card>
  );
}

/** A paused run may get another budget, which counts once it is resumed. */
function BudgetForm({ runId, maxCost }: { runId: string; maxCost: number | null }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const [text, setText] = useState(maxCost === null ? "" : String(maxCost));
  const change = useMutation(
    trpc.run.setBudget.mutationOptions({
      onSuccess: ({ maxCost: set }) => {
        toast({
          title: set === null ? "No budget" : `The budget is ${dollars(set)}`,
          description: "It counts from when the run is resumed.",
        });
        return Promise.all([
          queries.invalidateQueries(trpc.run.requests.queryFilter({ id: runId })),
          queries.invalidateQueries(trpc.run.get.queryFilter({ id: runId })),
        ]);
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ id: runId, maxCost: text.trim() === "" ? null : Number(text.replace(",", ".")) });
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-wrap items-end gap-2">
      <Field
        label="Budget"
        hint="US dollars, all in all; empty: no limit"
        error={change.isError ? (fieldError(change.error, "maxCost") ?? errorMessage(change.error)) : null}
      >
        <Input inputMode="decimal" className="figures w-40" value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      <Button type="submit" loading={change.isPending} className="mb-5">
        Set the budget
      </Button>
    </form>
  );
}
