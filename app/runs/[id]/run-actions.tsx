"use client";
/** What a person can ask of a run, by its state. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Copy, Pause, Play, RotateCcw, Square } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { ListedRun } from "@/server/services/run";
import { Button } from "../../components/ui/button";
import { ConfirmDialog } from "../../components/ui/dialog";
import { useToast } from "../../components/ui/toast";
import { errorMessage, useTRPC } from "../../trpc";

export function RunActions({ run }: { run: ListedRun }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const toast = useToast();
  const [stopping, setStopping] = useState(false);
  const options = {
    onSuccess: () => queryClient.invalidateQueries(trpc.run.get.queryFilter({ id: run.id })),
    onError: (error: unknown) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" }),
  };
  const pause = useMutation(trpc.run.pause.mutationOptions(options));
  const resume = useMutation(trpc.run.resume.mutationOptions(options));
  const retry = useMutation(trpc.run.retry.mutationOptions(options));
  const cancel = useMutation(trpc.run.cancel.mutationOptions({ ...options, onSettled: () => setStopping(false) }));
  const { id, state, requested } = run;
  const active = state === "queued" || state === "running";
  return (
    <>
      {active && (
        <Button loading={pause.isPending} disabled={requested !== null} onClick={() => pause.mutate({ id })}>
          <Pause aria-hidden="true" className="size-4" />
          {requested === "pause" ? "Pausing after this step" : "Pause"}
        </Button>
      )}
      {state === "paused" && (
        <Button variant="primary" loading={resume.isPending} onClick={() => resume.mutate({ id })}>
          <Play aria-hidden="true" className="size-4" />
          Resume
        </Button>
      )}
      {state === "failed" && (
        <Button variant="primary" loading={retry.isPending} onClick={() => retry.mutate({ id })}>
          <RotateCcw aria-hidden="true" className="size-4" />
          {run.endpointId === null ? "Retry from the last checkpoint" : "Go on with the rest"}
        </Button>
      )}
      {(active || state === "paused") && (
        <Button variant="danger" disabled={requested === "cancel"} onClick={() => setStopping(true)}>
          <Square aria-hidden="true" className="size-4" />
          {requested === "cancel" ? "Stopping after this step" : "Stop"}
        </Button>
      )}
      <Button asChild>
        <Link href={`/runs/new?from=${id}`}>
          <Copy aria-hidden="true" className="size-4" />
          Start one like it
        </Link>
      </Button>
      <ConfirmDialog
        open={stopping}
        onOpenChange={setStopping}
        title="Stop this run?"
        description="It ends for good and cannot be resumed. Its checkpoints, curves and samples stay. To go on later, pause it instead."
        confirmLabel="Stop the run"
        danger
        loading={cancel.isPending}
        onConfirm={() => cancel.mutate({ id })}
      />
    </>
  );
}
