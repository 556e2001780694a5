"use client";
/** One row a model; on phones its facts stand below its name instead of in columns. */
import Link from "next/link";
import { formatBytes } from "@/domain/run-format";
import type { ListedModel } from "@/server/services/model-list";
import { Badge } from "../components/ui/badge";
import { RelativeTime } from "../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../components/ui/table";
import { ModelActions } from "./model-actions";
import type { ModelColumn, ModelFilter } from "./use-model-filter";

/** "10.9 M", "135 M", "1.24 B". */
function formatParameters(n: number): string {
  const [size, unit] = n >= 1e9 ? [1e9, "B"] : n >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  return `${Number((n / size).toPrecision(3))} ${unit}`;
}

function Origin({ model }: { model: ListedModel }) {
  const { shipped, runId, runName, parentName, projectName } = model;
  if (shipped) return <>ships with the product</>;
  if (runId !== null)
    return (
      <>
        {projectName} ·{" "}
        <Link href={`/runs/${runId}`} className="hover:underline">
          run {runName}
        </Link>
      </>
    );
  return <>{parentName === null ? "added" : `merged from ${parentName}`}</>;
}

const DESKTOP = "hidden md:table-cell";

export function ModelsTable({
  rows,
  admin,
  filter,
  onFilter,
}: {
  rows: readonly ListedModel[];
  admin: boolean;
  filter: ModelFilter;
  onFilter: (change: Partial<ModelFilter>) => void;
}) {
  const head = (column: ModelColumn, label: string, numeric = false) => (
    <Th
      numeric={numeric}
      className={column === "name" ? undefined : DESKTOP}
      sort={filter.sort === column ? filter.direction : null}
      onSort={() => onFilter({ sort: column, direction: filter.sort === column && filter.direction === "desc" ? "asc" : "desc" })}
    >
      {label}
    </Th>
  );
  return (
    <Table label="Models">
      <THead>
        <Tr>
          {head("name", "Model")}
          {head("kind", "Kind")}
          {head("parameters", "Parameters", true)}
          {head("size", "Size", true)}
          <Th className="hidden lg:table-cell">Stored as</Th>
          <Th className="hidden lg:table-cell">Vocabulary</Th>
          {head("runs", "Runs", true)}
          {head("created", "Added")}
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </Tr>
      </THead>
      <TBody>
        {rows.map((model) => {
          const { id, name, kind, facts, promoted, sweepId, usedBy, createdAt } = model;
          const short =
            facts === null
              ? "files not on this machine"
              : [facts.family, `${formatParameters(facts.parameters)} parameters`, formatBytes(facts.bytes), facts.dtype]
                  .filter(Boolean)
                  .join(" · ");
          return (
            <Tr key={id}>
              <Td className="max-w-96 min-w-40 py-2">
                <Link href={`/checkpoints/${id}`} className="font-medium break-words hover:underline">
                  {name}
                </Link>{" "}
                {promoted === true && <Badge tone="chosen">promoted</Badge>} {sweepId !== null && <Badge>trial</Badge>}
                <div className="text-xs text-muted">
                  <Origin model={model} />
                  {facts?.licence != null && ` · ${facts.licence}`}
                </div>
                <div className="figures text-xs text-muted md:hidden">
                  {kind} · {short}
                  {usedBy > 0 && ` · ${usedBy} ${usedBy === 1 ? "run" : "runs"}`}
                </div>
              </Td>
              <Td className={`${DESKTOP} whitespace-nowrap`}>
                <Badge>{kind}</Badge> {facts?.family ?? (facts?.rank != null && <span className="text-muted">rank {facts.rank}</span>)}
              </Td>
              <Td numeric className={DESKTOP}>
                {facts === null ? "–" : formatParameters(facts.parameters)}
              </Td>
              <Td numeric className={DESKTOP}>
                {facts === null ? <span title="Its files are not on this machine">–</span> : formatBytes(facts.bytes)}
              </Td>
              <Td className="hidden whitespace-nowrap lg:table-cell">{facts?.dtype ?? "–"}</Td>
              <Td className="figures hidden whitespace-nowrap lg:table-cell">
                {facts?.vocabulary == null ? (
                  "–"
                ) : (
                  <>
                    {facts.vocabulary.toLocaleString("en")} <span className="text-xs text-muted">{facts.tokenizer}</span>
                  </>
                )}
              </Td>
              <Td numeric className={DESKTOP}>
                {usedBy === 0 ? "–" : usedBy.toLocaleString("en")}
              </Td>
              <Td className={`${DESKTOP} whitespace-nowrap text-muted`}>
                <RelativeTime date={createdAt} />
              </Td>
              <Td className="w-12 text-right">
                <ModelActions model={model} admin={admin} />
              </Td>
            </Tr>
          );
        })}
      </TBody>
    </Table>
  );
}
