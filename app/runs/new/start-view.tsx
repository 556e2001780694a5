"use client";
/** Loads what a new run may start from: what the project offers, and the run it is to be like. */
import { useQuery } from "@tanstack/react-query";
import { FolderOpen } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { type RunKind, runKindSchema } from "@/domain/run";
import { Button } from "../../components/ui/button";
import { Card } from "../../components/ui/card";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { PageHeader } from "../../components/ui/page-header";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";
import { StartForm } from "./start-form";

/** "initialisation:random,epochs:3": fields that differ from the run that this one is like. */
const readChanges = (text: string | null) =>
  Object.fromEntries(
    (text ?? "")
      .split(",")
      .filter((part) => part.includes(":"))
      .map((part) => [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)]),
  );

const isId = (text: string | null): text is string => text !== null && /^[0-9a-f-]{36}$/.test(text);

export function StartView() {
  const trpc = useTRPC();
  const params = useSearchParams();
  const from = params.get("from");
  const like = useQuery({ ...trpc.run.get.queryOptions({ id: from ?? "" }), enabled: isId(from) });
  const wantedProject = params.get("project");
  const projectId = like.data?.projectId ?? (isId(wantedProject) ? wantedProject : null);
  const inputs = useQuery({
    ...trpc.run.inputs.queryOptions({ projectId }),
    enabled: !isId(from) || !like.isPending,
    placeholderData: (previous) => previous,
  });
  const kind: RunKind =
    like.data?.kind ?? runKindSchema.options.find((known) => known !== "sweep" && known === params.get("kind")) ?? "sft";

  const setProject = (id: string) => {
    const next = new URLSearchParams(params);
    for (const name of ["from", "base", "reward", "dataset", "set"]) next.delete(name);
    next.set("project", id);
    window.history.replaceState(null, "", `?${next}`);
  };
  const failed = inputs.isError ? inputs : like.isError ? like : null;
  return (
    <>
      <p className="mb-1 text-sm text-muted">
        <Link href="/runs" className="hover:underline">
          Runs
        </Link>
      </p>
      <PageHeader
        title="Start a run"
        description="It waits in the queue until a worker is free. Everything that decides the result is stored with it."
      />
      {failed !== null && <ErrorState message={errorMessage(failed.error)} onRetry={() => void failed.refetch()} />}
      {failed === null && inputs.data === undefined && (
        <div role="status" aria-label="Loading the form" className="flex flex-col gap-4">
          <Skeleton className="h-24" />
          <Skeleton className="h-40" />
          <Skeleton className="h-64" />
        </div>
      )}
      {failed === null && inputs.data?.project === null && (
        <Card>
          <EmptyState
            icon={<FolderOpen aria-hidden="true" />}
            title="There is no project yet"
            action={
              <Button asChild variant="primary">
                <Link href="/projects">Make a project</Link>
              </Button>
            }
          >
            A run belongs to a project: its prompts, votes and dataset versions are what it learns from.
          </EmptyState>
        </Card>
      )}
      {failed === null && inputs.data !== undefined && inputs.data.project !== null && (
        <StartForm
          // Another project has other checkpoints and datasets: the choices begin anew.
          key={`${inputs.data.project.id}:${from ?? ""}`}
          inputs={inputs.data}
          like={like.data ?? null}
          initial={{
            kind,
            baseCheckpointId: params.get("base"),
            rewardCheckpointId: params.get("reward"),
            datasetVersionId: params.get("dataset"),
            changes: readChanges(params.get("set")),
          }}
          onProject={setProject}
        />
      )}
    </>
  );
}
