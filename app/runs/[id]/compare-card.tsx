"use client";
/** This evaluation against another one on the same prompts: paired differences and whether chance explains them. */
import { useQuery } from "@tanstack/react-query";
import { metricDefinition } from "@/domain/metric-definitions";
import { Card, CardBody, CardHeader } from "../../components/ui/card";
import { ErrorState } from "../../components/ui/empty-state";
import { Field, Select } from "../../components/ui/field";
import { formatInterval, formatP, Interval } from "../../components/ui/interval";
import { Skeleton } from "../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { errorMessage, useTRPC } from "../../trpc";

/** Differences whose p value is above this are shown in grey. */
const SIGNIFICANT = 0.05;

export function CompareCard({
  runId,
  against,
  onAgainst,
}: {
  runId: string;
  against: string | null;
  onAgainst: (id: string | null) => void;
}) {
  const trpc = useTRPC();
  const runs = useQuery(trpc.run.comparable.queryOptions({ id: runId }));
  const chosen = runs.data?.find(({ id }) => id === against);
  if (runs.isError)
    return (
      <ErrorState title="Other evaluations could not be loaded" message={errorMessage(runs.error)} onRetry={() => void runs.refetch()} />
    );
  return (
    <Card>
      <CardHeader title="Compare with another evaluation" description="Row by row on the prompts that both answered" />
      <CardBody className="flex flex-col gap-3">
        {runs.data?.length === 0 ? (
          <p className="text-sm text-muted">
            No other evaluation has answered these prompts yet. One of another checkpoint with the same split and number of prompts can be
            compared.
          </p>
        ) : (
          <Field label="Baseline" className="max-w-md">
            <Select value={chosen?.id ?? ""} onChange={({ target }) => onAgainst(target.value === "" ? null : target.value)}>
              <option value="">Choose an evaluation</option>
              {runs.data?.map(({ id, name, checkpointName, shared }) => (
                <option key={id} value={id}>
                  {checkpointName} ({name}, {shared} prompts)
                </option>
              ))}
            </Select>
          </Field>
        )}
      </CardBody>
      {chosen !== undefined && <Comparison runId={runId} baselineId={chosen.id} />}
    </Card>
  );
}

function Comparison({ runId, baselineId }: { runId: string; baselineId: string }) {
  const trpc = useTRPC();
  const comparison = useQuery(trpc.run.compare.queryOptions({ id: runId, baselineId }));
  if (comparison.isPending) return <Skeleton className="m-4 h-40" />;
  if (comparison.isError)
    return (
      <ErrorState
        title="The evaluations could not be compared"
        message={errorMessage(comparison.error)}
        onRetry={() => void comparison.refetch()}
      />
    );
  const { metrics, prompts, seed, duels } = comparison.data;
  return (
    <>
      {duels.length > 0 && (
        <CardBody className="flex flex-col gap-1 text-sm">
          {duels.map(({ by, raw, lengthControlled }) => (
            <p key={by}>
              Its answer wins by the {by === "reward" ? "reward model's" : "hidden taste's"} score on{" "}
              <Interval value={raw.value} low={raw.low} high={raw.high} percent /> of the prompts; at equal length on{" "}
              <Interval value={lengthControlled.value} low={lengthControlled.low} high={lengthControlled.high} percent />{" "}
              <span className="text-xs text-muted">(logistic regression on the difference in words, Dubois et al. 2024)</span>
            </p>
          ))}
        </CardBody>
      )}
      <Table label="Paired differences">
        <THead>
          <Tr>
            <Th>Metric</Th>
            <Th numeric>This run</Th>
            <Th numeric>Baseline</Th>
            <Th numeric>Difference</Th>
            <Th numeric>p, bootstrap</Th>
            <Th numeric>p, randomisation</Th>
          </Tr>
        </THead>
        <TBody>
          {metrics.map(({ metric, system, baseline, difference, low, high, pBootstrap, pRandomisation }) => {
            const { label, percent = false, better } = metricDefinition(metric);
            const digits = percent ? 1 : 3;
            return (
              <Tr key={metric}>
                <Td className="whitespace-nowrap">
                  {label}
                  {better === "lower" && <span className="text-xs text-muted"> (lower is better)</span>}
                </Td>
                <Td numeric>{formatInterval({ value: system, percent, digits })}</Td>
                <Td numeric>{formatInterval({ value: baseline, percent, digits })}</Td>
                <Td numeric>
                  <Interval
                    value={difference}
                    low={low}
                    high={high}
                    percent={percent}
                    digits={digits}
                    insignificant={pRandomisation > SIGNIFICANT}
                  />
                </Td>
                <Td numeric>{formatP(pBootstrap)}</Td>
                <Td numeric>{formatP(pRandomisation)}</Td>
              </Tr>
            );
          })}
        </TBody>
      </Table>
      <CardBody className="text-xs text-muted">
        {prompts.toLocaleString("en")} prompts. Difference: this run minus the baseline with its 95 % interval; grey where p is above{" "}
        {SIGNIFICANT}. p: how often chance alone gives a difference as large, by paired bootstrap resampling (1,000 samples, Koehn 2004) and
        by approximate randomisation (10,000 trials, Riezler and Maxwell 2005), as sacrebleu computes them but counting ties, seed {seed}.
        Each p is of one metric: among many metrics some fall below {SIGNIFICANT} by chance.
      </CardBody>
    </>
  );
}
