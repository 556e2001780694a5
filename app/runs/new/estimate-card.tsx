"use client";
/** What the run will take, before it starts; asked again a moment after each change. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunConfig } from "@/domain/run";
import { STEP_UNITS } from "@/domain/run-estimate";
import { formatBytes, formatDuration, formatNumber } from "@/domain/run-format";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPCClient } from "../../trpc";

export type EstimateInput = {
  projectId: string;
  config: RunConfig;
  baseCheckpointId: string;
  rewardCheckpointId: string | null;
  datasetVersionId: string | null;
};

const SETTLE_MS = 400;

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
            <dt className="text-muted">Memory</dt>
            <dd className="text-right">
              {data.bytes === null ? (
                <span className="text-muted">model files not readable here</span>
              ) : (
                <>
                  <span className="font-medium">about {formatBytes(data.bytes)}</span>
                  {data.parameters !== null && (
                    <div className="text-xs text-muted">model of {formatNumber(data.parameters / 1e6)} million weights</div>
                  )}
                </>
              )}
            </dd>
          </dl>
        )}
      </CardBody>
    </Card>
  );
}
