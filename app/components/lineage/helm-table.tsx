"use client";
/** HELM's seven metrics of one evaluation, each with what it says and what it cannot say. */
import { HELM_CARDS } from "@/domain/helm-cards";
import { metricDefinition } from "@/domain/metric-definitions";
import { Card, CardHeader } from "../ui/card";
import { Interval } from "../ui/interval";
import { Table, TBody, Td, Th, THead, Tr } from "../ui/table";

type Score = { metric: string; value: number; low: number | null; high: number | null; n: number; signature: string };

/** Nothing without such scores; of several evaluations the newest, which comes first, counts. */
export function HelmTable({ scores }: { scores: readonly Score[] }) {
  if (!scores.some(({ metric }) => metric.startsWith("helm/"))) return null;
  return (
    <Card>
      <CardHeader title="Seven metrics" description="HELM's (Liang et al. 2022) in forms that can be computed here, with 95 % intervals" />
      <Table label="Seven metrics of HELM">
        <THead>
          <Tr>
            <Th>Metric</Th>
            <Th>Value</Th>
            <Th>What it says</Th>
            <Th>What it cannot say</Th>
          </Tr>
        </THead>
        <TBody>
          {HELM_CARDS.map(({ name, metrics, says, cannotSay }) => (
            <Tr key={name}>
              <Td className="font-medium">{name}</Td>
              <Td className="py-2">
                {metrics.map((metric) => {
                  const score = scores.find((known) => known.metric === metric);
                  const { label, percent = false } = metricDefinition(metric);
                  if (score === undefined)
                    return (
                      metric === metrics[0] && (
                        <span key={metric} className="text-muted">
                          nothing to count
                        </span>
                      )
                    );
                  return (
                    <div key={metric} title={score.signature}>
                      <Interval
                        value={score.value}
                        low={score.low}
                        high={score.high}
                        n={score.n}
                        percent={percent}
                        digits={percent ? 1 : 3}
                      />
                      {label !== name && <div className="text-xs text-muted">{label}</div>}
                    </div>
                  );
                })}
              </Td>
              <Td className="min-w-56 py-2 text-xs">{says}</Td>
              <Td className="min-w-56 py-2 text-xs text-muted">{cannotSay}</Td>
            </Tr>
          ))}
        </TBody>
      </Table>
    </Card>
  );
}
