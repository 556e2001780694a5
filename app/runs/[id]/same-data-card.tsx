"use client";
/** Runs on the same rows: what pretrained weights are worth against random ones, one method against another. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { RunConfig } from "@/domain/run";
import { flattenConfig } from "@/domain/run-fields";
import { formatNumber } from "@/domain/run-format";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { Card, CardHeader } from "../../components/ui/card";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { useTRPC } from "../../trpc";
import { RunStateBadge } from "../run-state";
import type { RunDetail } from "./results-tab";

/** Settings in which two runs are not alike, as text; a few of them. */
function differences(config: RunConfig, to: RunConfig): string {
  const theirs = new Map(flattenConfig(to));
  const own = flattenConfig(config).filter(([path, value]) => theirs.get(path) !== value);
  return own.length === 0
    ? "the same settings"
    : own
        .slice(0, 4)
        .map(([path, value]) => `${path} ${value}`)
        .join(", ") + (own.length > 4 ? `, ${own.length - 4} more` : "");
}

export function SameDataCard({ run }: { run: RunDetail }) {
  const trpc = useTRPC();
  const found = useQuery(trpc.run.sameData.queryOptions({ id: run.id }));
  const { config } = run;
  if (found.data === undefined || config.kind !== "sft") return null;
  const scratch = config.method === "full" && config.initialisation === "pretrained";
  if (found.data.length < 2 && !scratch) return null;
  return (
    <Card>
      <CardHeader
        title="On the same data"
        description="Runs on this dataset version and what they reached; a random start shows what the pretrained weights are worth"
        actions={
          scratch && (
            <Button asChild size="sm">
              <Link href={`/runs/new?from=${run.id}&set=initialisation:random`}>Start it from random weights</Link>
            </Button>
          )
        }
      />
      <Table label="Runs on the same data">
        <THead>
          <Tr>
            <Th>Run</Th>
            <Th>State</Th>
            <Th>Starts from</Th>
            <Th numeric>Lowest validation loss</Th>
            <Th numeric>At step</Th>
            <Th>Compared with this run</Th>
          </Tr>
        </THead>
        <TBody>
          {found.data.map((row) => (
            <Tr key={row.id} className={cn(row.id === run.id && "bg-accent-soft")}>
              <Td className="max-w-72 min-w-40">
                {row.id === run.id ? (
                  <span className="font-medium">{row.name} (this run)</span>
                ) : (
                  <Link href={`/runs/${row.id}?tab=results`} className="font-medium hover:underline">
                    {row.name}
                  </Link>
                )}
              </Td>
              <Td>
                <RunStateBadge state={row.state} />
              </Td>
              <Td className="whitespace-nowrap">
                {row.config.kind === "sft" && row.config.initialisation === "random" ? "random weights" : row.baseCheckpointName}
              </Td>
              <Td numeric>{row.best === null ? "–" : formatNumber(row.best.value)}</Td>
              <Td numeric>{row.best === null ? "–" : row.best.step}</Td>
              <Td className="max-w-96 min-w-48 py-2 text-xs text-muted">{row.id === run.id ? "" : differences(row.config, config)}</Td>
            </Tr>
          ))}
        </TBody>
      </Table>
    </Card>
  );
}
