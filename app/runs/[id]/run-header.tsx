"use client";
/** The head of a run's page: what it is, how far, why it is where it is, and whether the page is live. */
import { RefreshCw, Wifi, WifiOff } from "lucide-react";
import Link from "next/link";
import { STEP_UNITS } from "@/domain/run-estimate";
import { formatDuration } from "@/domain/run-format";
import type { ListedRun } from "@/server/services/run";
import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { PageHeader } from "../../components/ui/page-header";
import { Progress } from "../../components/ui/progress";
import { RelativeTime } from "../../components/ui/relative-time";
import { KIND_LABELS, RunStateBadge } from "../run-state";
import { RunActions } from "./run-actions";
import type { ConnectionState } from "./use-run-events";

function Connection({ connection, onReconnect }: { connection: ConnectionState; onReconnect: () => void }) {
  const live = connection.state === "live";
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-sm text-muted" data-connection={connection.state}>
      {live ? <Wifi aria-hidden="true" className="size-4 text-chosen" /> : <WifiOff aria-hidden="true" className="size-4 text-flagged" />}
      {connection.message}
      {connection.state === "failed" && (
        <Button size="sm" variant="ghost" onClick={onReconnect}>
          <RefreshCw aria-hidden="true" className="size-3.5" />
          Connect again
        </Button>
      )}
    </span>
  );
}

export function RunHeader({
  run,
  step,
  connection,
  onReconnect,
}: {
  run: ListedRun;
  /** As far as the live events say, which is ahead of the stored run. */
  step: number;
  connection: ConnectionState;
  onReconnect: () => void;
}) {
  const unit = STEP_UNITS[run.kind];
  const facts = [
    run.etaSeconds !== null && `${formatDuration(run.etaSeconds)} left`,
    run.runningSeconds !== null &&
      (run.finishedAt === null ? `${formatDuration(run.runningSeconds)} since the start` : `took ${formatDuration(run.runningSeconds)}`),
    run.workerName !== null && run.state === "running" && `on worker ${run.workerName}`,
    run.attempt > 1 && `attempt ${run.attempt}`,
  ].filter((fact) => fact !== false);
  return (
    <>
      <p className="mb-1 text-sm text-muted">
        <Link href="/runs" className="hover:underline">
          Runs
        </Link>{" "}
        / {run.projectName}
      </p>
      <PageHeader title={run.name} actions={<RunActions run={run} />} />
      <div className="-mt-3 mb-5 flex flex-col gap-2">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <RunStateBadge state={run.state} />
          <Badge>{KIND_LABELS[run.kind]}</Badge>
          {run.baseCheckpointId !== null && (
            <Link href={`/checkpoints/${run.baseCheckpointId}`} className="text-muted hover:underline">
              from {run.baseCheckpointName}
            </Link>
          )}
          {run.sweepId !== null && (
            <Link href={`/runs/${run.sweepId}?tab=results`} className="text-muted hover:underline">
              trial of a sweep
            </Link>
          )}
          {run.rewardCheckpointId !== null && (
            <Link href={`/checkpoints/${run.rewardCheckpointId}`} className="text-muted hover:underline">
              rewarded by {run.rewardCheckpointName}
            </Link>
          )}
          <span className="text-muted">
            created <RelativeTime date={run.createdAt} />
          </span>
          {/* Of a run that has ended nothing more comes. */}
          {!(run.finishedAt !== null && connection.state === "live") && (
            <span className="sm:ml-auto">
              <Connection connection={connection} onReconnect={onReconnect} />
            </span>
          )}
        </div>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <span className="figures text-sm font-medium" data-testid="run-progress">
            {step.toLocaleString("en")}
            {run.totalSteps !== null && ` of ${run.totalSteps.toLocaleString("en")}`} {unit}
          </span>
          <span className="figures text-sm text-muted">{facts.join(" · ")}</span>
          {run.reason !== "" && (
            <p className={cn("text-sm sm:ml-auto", run.state === "failed" ? "text-failed" : "text-muted")} data-testid="run-reason">
              {run.reason}
            </p>
          )}
        </div>
        <Progress
          label="Progress of the run"
          value={step}
          max={run.totalSteps ?? (run.state === "running" ? null : 1)}
          tone={run.state === "failed" ? "failed" : run.state === "succeeded" ? "chosen" : "running"}
        />
      </div>
    </>
  );
}
