"use client";
/** How items are handed out: checks, caps, what happens where votes disagree, and who is who in the project. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import type { FormEvent } from "react";
import type { AppRouter } from "@/server/root";
import { Button } from "../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../components/ui/card";
import { ErrorState } from "../../../components/ui/empty-state";
import { Checkbox, Field, Input } from "../../../components/ui/field";
import { Skeleton } from "../../../components/ui/skeleton";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";
import { countOf } from "../../format";
import { TeamTable } from "./team-table";

type Queue = inferRouterOutputs<AppRouter>["queue"]["get"];

export function QueueCard({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queue = useQuery(trpc.queue.get.queryOptions({ projectId }));
  if (queue.isPending) return <Skeleton className="mt-4 h-96 max-w-2xl" />;
  if (queue.data === undefined) return <ErrorState message={errorMessage(queue.error)} onRetry={() => void queue.refetch()} />;
  return (
    <div className="mt-4 flex max-w-2xl flex-col gap-4">
      <QueueForm projectId={projectId} queue={queue.data} />
      <Card>
        <CardHeader
          title="People"
          description="Adjudicators decide where votes disagree. Who is paused gets no items for the time being."
        />
        <TeamTable projectId={projectId} />
      </Card>
    </div>
  );
}

const FIELDS = ["maxOverlap", "dailyCap", "goldShare", "repeatShare", "repeatGap", "qualificationPass"] as const;

function QueueForm({ projectId, queue: { settings, checks } }: { projectId: string; queue: Queue }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const change = useMutation(
    trpc.queue.change.mutationOptions({
      onSuccess: () => {
        toast({ title: "Queue saved" });
        void queries.invalidateQueries(trpc.queue.pathFilter());
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const number = (name: string) => Number(String(data.get(name) ?? "").replace(",", "."));
    change.mutate({
      projectId,
      settings: {
        maxOverlap: number("maxOverlap"),
        adjudication: data.get("adjudication") === "on",
        dailyCap: number("dailyCap"),
        goldShare: number("goldShare") / 100,
        repeatShare: number("repeatShare") / 100,
        repeatGap: number("repeatGap"),
        qualificationPass: number("qualificationPass") / 100,
      },
    });
  };
  const wrong = (field: (typeof FIELDS)[number]) => fieldError(change.error, `settings.${field}`);
  const percent = (share: number) => Math.round(share * 1000) / 10;
  return (
    <form onSubmit={submit} noValidate aria-label="Queue">
      <Card>
        <CardHeader
          title="Queue"
          description="Which items come next, and what is checked on the way. Annotators cannot tell checks from work."
        />
        <CardBody className="grid gap-4 sm:grid-cols-3">
          <Field label="Judgements at most" hint="Where votes disagree an item gets more; 0 for no more" error={wrong("maxOverlap")}>
            <Input name="maxOverlap" inputMode="numeric" className="figures" defaultValue={settings.maxOverlap} />
          </Field>
          <Field label="Daily cap" hint="Judgements of one annotator a day (UTC); 0 for none" error={wrong("dailyCap")}>
            <Input name="dailyCap" inputMode="numeric" className="figures" defaultValue={settings.dailyCap} />
          </Field>
          <Field
            label="Qualification"
            hint={`Per cent right to go on; ${countOf(checks.qualification, "item")}`}
            error={wrong("qualificationPass")}
          >
            <Input name="qualificationPass" inputMode="decimal" className="figures" defaultValue={percent(settings.qualificationPass)} />
          </Field>
          <Field
            label="Gold items"
            hint={`Per cent of what is handed out, usually 5; ${countOf(checks.gold, "item")}`}
            error={wrong("goldShare")}
          >
            <Input name="goldShare" inputMode="decimal" className="figures" defaultValue={percent(settings.goldShare)} />
          </Field>
          <Field label="Repeated items" hint="Per cent, sides swapped, usually 5" error={wrong("repeatShare")}>
            <Input name="repeatShare" inputMode="decimal" className="figures" defaultValue={percent(settings.repeatShare)} />
          </Field>
          <Field label="Before a repetition" hint="Judgements in between" error={wrong("repeatGap")}>
            <Input name="repeatGap" inputMode="numeric" className="figures" defaultValue={settings.repeatGap} />
          </Field>
          <Checkbox
            className="sm:col-span-3"
            name="adjudication"
            defaultChecked={settings.adjudication}
            label="Adjudication: where the last of the votes still disagree, somebody of the second tier decides for all"
          />
          {change.isError && !FIELDS.some((field) => wrong(field) !== null) && (
            <p role="alert" className="text-sm text-failed sm:col-span-3">
              {errorMessage(change.error)} What you entered is kept.
            </p>
          )}
          <div className="sm:col-span-3">
            <Button type="submit" variant="primary" loading={change.isPending}>
              Save queue
            </Button>
          </div>
        </CardBody>
      </Card>
    </form>
  );
}
