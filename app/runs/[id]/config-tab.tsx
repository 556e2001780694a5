"use client";
/** The config as stored, and what another run has otherwise. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { flattenConfig, RUN_FIELDS } from "@/domain/run-fields";
import { Card, CardHeader } from "../../components/ui/card";
import { Checkbox, Select } from "../../components/ui/field";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { cn } from "../../components/ui/cn";
import { useTRPC } from "../../trpc";
import type { RunDetail } from "./results-tab";

export function ConfigTab({ run }: { run: RunDetail }) {
  const trpc = useTRPC();
  const [otherId, setOtherId] = useState("");
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const candidates = useQuery(trpc.run.list.queryOptions({ kinds: [run.kind] }));
  const others = candidates.data?.filter(({ id }) => id !== run.id) ?? [];
  const other = others.find(({ id }) => id === otherId) ?? null;

  const own = new Map([
    ...flattenConfig(run.config),
    ["base checkpoint", run.baseCheckpointName ?? "–"],
    ["reward checkpoint", run.rewardCheckpointName ?? "–"],
    ["dataset version", run.datasetVersionId ?? "–"],
  ] satisfies [string, string][]);
  const theirs =
    other === null
      ? null
      : new Map([
          ...flattenConfig(other.config),
          ["base checkpoint", other.baseCheckpointName ?? "–"],
          ["reward checkpoint", other.rewardCheckpointName ?? "–"],
          ["dataset version", other.datasetVersionId ?? "–"],
        ] satisfies [string, string][]);
  const paths = [...new Set([...own.keys(), ...(theirs?.keys() ?? [])])];
  const different = (path: string) => theirs !== null && own.get(path) !== theirs.get(path);
  const shown = paths.filter((path) => !onlyDifferent || theirs === null || different(path));
  const labels = new Map(RUN_FIELDS[run.kind].map(({ path, label }) => [path, label]));
  return (
    <Card>
      <CardHeader
        title="Config"
        description={
          theirs === null
            ? "As stored with the run; the seed makes it repeatable"
            : `${paths.filter(different).length} of ${paths.length} values differ`
        }
        actions={
          <>
            <Select
              aria-label="Compare with"
              className="w-auto max-w-64"
              value={otherId}
              onChange={(event) => setOtherId(event.target.value)}
            >
              <option value="">Compare with another run</option>
              {others.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
            {theirs !== null && (
              <Checkbox label="Differences only" checked={onlyDifferent} onChange={(event) => setOnlyDifferent(event.target.checked)} />
            )}
          </>
        }
      />
      <Table label="Config">
        <THead>
          <Tr>
            <Th>Field</Th>
            <Th>{theirs === null ? "Value" : "This run"}</Th>
            {other !== null && <Th>{other.name}</Th>}
          </Tr>
        </THead>
        <TBody>
          {shown.map((path) => (
            <Tr key={path} className={cn(different(path) && "bg-flagged-soft")}>
              <Td>
                <code className="text-xs">{path}</code> {labels.has(path) && <span className="text-xs text-muted">{labels.get(path)}</span>}
              </Td>
              <Td className="figures">
                {own.get(path) ?? "–"}
                {different(path) && <span className="sr-only"> (differs)</span>}
              </Td>
              {theirs !== null && <Td className="figures">{theirs.get(path) ?? "–"}</Td>}
            </Tr>
          ))}
        </TBody>
      </Table>
    </Card>
  );
}
