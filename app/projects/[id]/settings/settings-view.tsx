"use client";
/** What a project is called, how its items are judged, and whether its leaderboard is public. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { inferOutput } from "@trpc/tanstack-react-query";
import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import { Button } from "../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../components/ui/card";
import { ErrorState } from "../../../components/ui/empty-state";
import { Checkbox, Field, Input, Textarea } from "../../../components/ui/field";
import { Skeleton } from "../../../components/ui/skeleton";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, fieldError, useTRPC } from "../../../trpc";
import { AnnotationForm } from "./annotation-form";

export function SettingsView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const project = useQuery(trpc.project.get.queryOptions({ projectId }));
  if (project.isPending) return <Skeleton className="h-96 max-w-2xl" />;
  if (project.data === undefined) return <ErrorState message={errorMessage(project.error)} onRetry={() => void project.refetch()} />;
  return (
    <>
      <SettingsForm project={project.data} />
      <div className="mt-8">
        <AnnotationForm project={project.data} />
      </div>
    </>
  );
}

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

function SettingsForm({ project }: { project: inferOutput<ReturnType<typeof useTRPC>["project"]["get"]> }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const toast = useToast();
  const change = useMutation(
    trpc.project.change.mutationOptions({
      onSuccess: () => {
        toast({ title: "Settings saved" });
        void queries.invalidateQueries();
        // The name and the badges above are the server's.
        router.refresh();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => String(data.get(name) ?? "");
    change.mutate({
      projectId: project.id,
      name: text("name"),
      description: text("description"),
      overlap: Number(text("overlap")),
      leaseSeconds: Math.round(60 * Number(text("lease"))),
      undoSeconds: Math.round(60 * Number(text("undo"))),
      reasons: linesOf(text("reasons")),
      published: data.get("published") === "on",
    });
  };
  const wrong = (field: string) => fieldError(change.error, field);
  const named = ["name", "description", "overlap", "leaseSeconds", "undoSeconds", "reasons"].some((field) => wrong(field) !== null);
  return (
    <form onSubmit={submit} noValidate className="flex max-w-2xl flex-col gap-4" aria-label="Settings">
      <Card>
        <CardHeader title="Project" />
        <CardBody className="flex flex-col gap-4">
          <Field label="Name" error={wrong("name")}>
            <Input name="name" required maxLength={100} autoComplete="off" defaultValue={project.name} />
          </Field>
          <Field
            label="Description"
            hint="What is judged here and for what; annotators see it when they choose a project"
            error={wrong("description")}
          >
            <Textarea name="description" maxLength={2000} defaultValue={project.description} />
          </Field>
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="Judging" description="For items made and judged from now on; votes that were given stay as they are" />
        <CardBody className="grid gap-4 sm:grid-cols-3">
          <Field label="Judgements for each item" hint="1 to 20; 2 or more measure agreement" error={wrong("overlap")}>
            <Input name="overlap" inputMode="numeric" className="figures" defaultValue={project.overlap} />
          </Field>
          <Field label="Time for one item" hint="Minutes until it goes to somebody else" error={wrong("leaseSeconds")}>
            <Input name="lease" inputMode="decimal" className="figures" defaultValue={project.leaseSeconds / 60} />
          </Field>
          <Field label="Time to undo" hint="Minutes after a vote; 0 turns undo off" error={wrong("undoSeconds")}>
            <Input name="undo" inputMode="decimal" className="figures" defaultValue={project.undoSeconds / 60} />
          </Field>
          <Field
            className="sm:col-span-3"
            label="Reasons"
            hint="One a line, at most 12; annotators tick them beside a vote"
            error={wrong("reasons")}
          >
            <Textarea name="reasons" rows={6} defaultValue={project.reasons.join("\n")} />
          </Field>
        </CardBody>
      </Card>
      <Card>
        <CardHeader title="Leaderboard" />
        <CardBody>
          <Checkbox
            name="published"
            defaultChecked={project.published}
            label="Published: the ranking and the scores can be read without an account; prompts, completions and votes cannot"
          />
        </CardBody>
      </Card>
      {change.isError && !named && (
        <p role="alert" className="text-sm text-failed">
          {errorMessage(change.error)} What you entered is kept.
        </p>
      )}
      <div>
        <Button type="submit" variant="primary" loading={change.isPending}>
          Save settings
        </Button>
      </div>
    </form>
  );
}
