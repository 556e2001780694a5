"use client";
/** What the run will take, before it starts; asked again a moment after each change. */
import { useQuery } from "@tanstack/react-query";
import { Fragment, useEffect, useState } from "react";
import type { MemoryEstimate, MemoryPart } from "@/domain/memory-estimate";
import type { RunConfig, RunKind } from "@/domain/run";
import { STEP_UNITS } from "@/domain/run-estimate";
import { formatBytes, formatDuration, formatNumber } from "@/domain/run-format";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPCClient } from "../../trpc";

export type EstimateInput = {
  projectId: string;
  config: RunConfig;
  baseCheckpointId: string | null;
  endpointId: string | null;
  rewardCheckpointId: string | null;
  datasetVersionId: string | null;
};

const SETTLE_MS = 400;

const PART_LABELS: Readonly<Record<MemoryPart, string>> = {
  engine: "The engine itself",
  weights: "Model weights",
  trained: "Trained weights, gradient, moments",
  activations: "Kept for the backward pass",
  logits: "Logits",
  working: "Worked on at once",
  cache: "Keys and values of the answers",
};

/** What makes less of the largest part, by the kind of run. */
const ADVICE: Partial<Record<RunKind, string>> = {
  sft: "Set rows at once to auto, compute layers again, shorten rows, or take QLoRA.",
  reward: "Make the batch smaller, shorten rows, compute layers again, or hold the base in 4 bits.",
  preference: "Make the batch smaller, shorten rows, or compute layers again.",
  ppo: "Make the rollout batch smaller or its minibatches more, shorten completions, or hold the base in 4 bits.",
};

function MemoryParts({ memory, room, kind }: { memory: MemoryEstimate; room: number | null; kind: RunKind | undefined }) {
  return (
    <>
      {room !== null && memory.bytes > room && (
        <p role="alert" className="mt-3 rounded-md bg-flagged-soft px-3 py-2 text-sm text-flagged">
          More than the {formatBytes(room)} that the largest worker has. {kind !== undefined && (ADVICE[kind] ?? "Make the batch smaller.")}
        </p>
      )}
      <details className="mt-3 text-xs">
        <summary className="text-muted">What the memory is made of, at its peak</summary>
        <dl className="figures mt-2 grid grid-cols-[1fr_auto] gap-x-4 gap-y-1">
          {memory.parts.map(({ part, bytes }) => (
            <Fragment key={part}>
              <dt className="text-muted">{PART_LABELS[part]}</dt>
              <dd className="text-right">{formatBytes(bytes)}</dd>
            </Fragment>
          ))}
        </dl>
        <p className="mt-2 text-muted">
          With rows as long as the settings let them be{room !== null && `; the largest worker has ${formatBytes(room)}`}.
        </p>
      </details>
    </>
  );
}

function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export function EstimateCard({ input, missing }: { input: EstimateInput | null; missing: string }) {
  const client = useTRPCClient();
  const settled = useSettled(input === null ? null : JSON.stringify(input), SETTLE_MS);
  const estimate = useQuery({
    queryKey: ["run.estimate", settled],
    queryFn: () => {
      if (input === null) throw new Error("Nothing to estimate");
      return client.run.estimate.mutate(input);
    },
    enabled: settled !== null && input !== null && JSON.stringify(input) === settled,
    retry: false,
  });
  const { data } = estimate;
  const kind = input?.config.kind === "sweep" ? input.config.trial.kind : input?.config.kind;
  return (
    <Card>
      <CardHeader title="What it will take" />
      <CardBody className="text-sm" aria-live="polite">
        {input === null && <p className="text-muted">{missing}</p>}
        {input !== null && estimate.isError && <p className="text-failed">{errorMessage(estimate.error)}</p>}
        {input !== null && data === undefined && !estimate.isError && <Skeleton className="h-20" />}
        {input !== null && data !== undefined && (
          <dl className="figures grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
            {data.trials !== null && (
              <>
                <dt className="text-muted">trials</dt>
                <dd className="text-right font-medium">{data.trials.toLocaleString("en")}</dd>
              </>
            )}
            <dt className="text-muted">
              {kind !== undefined && STEP_UNITS[kind]}
              {data.trials !== null && " in all"}
            </dt>
            <dd className="text-right font-medium">
              {data.steps === null ? <span className="font-normal text-muted">known once it runs</span> : data.steps.toLocaleString("en")}
            </dd>
            <dt className="text-muted">Time</dt>
            <dd className="text-right">
              {data.time === null ? (
                <span className="text-muted">no past run to go by</span>
              ) : (
                <>
                  <span className="font-medium">about {formatDuration(data.time.seconds)}</span>
                  <div className="text-xs text-muted">
                    {formatDuration(data.time.low)} to {formatDuration(data.time.high)} at the pace of {data.time.runs} past{" "}
                    {data.time.runs === 1 ? "run" : "runs"}
                    {data.sameBase ? "" : " of other models"}
                  </div>
                </>
              )}
            </dd>
            {data.cost !== null && (
              <>
                <dt className="text-muted">Cost</dt>
                <dd className="text-right">
                  <span className="font-medium">
                    {data.cost === 0 ? "none, as no price is set" : `at most about $${formatNumber(data.cost)}`}
                  </span>
                  {data.cost > 0 && <div className="text-xs text-muted">if every completion were as long as allowed</div>}
                </dd>
              </>
            )}
            {input.endpointId === null && <dt className="text-muted">Memory</dt>}
            <dd className={input.endpointId === null ? "text-right" : "hidden"}>
              {data.memory === null ? (
                <span className="text-muted">model files not readable here</span>
              ) : (
                <>
                  <span className="font-medium">about {formatBytes(data.memory.bytes)}</span>
                  {data.parameters !== null && (
                    <div className="text-xs text-muted">model of {formatNumber(data.parameters / 1e6)} million weights</div>
                  )}
                </>
              )}
            </dd>
          </dl>
        )}
        {input !== null && data?.memory != null && <MemoryParts memory={data.memory} room={data.room} kind={kind} />}
      </CardBody>
    </Card>
  );
}
