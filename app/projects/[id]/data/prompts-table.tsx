"use client";
/** One row per prompt; the whole of it is a click away. */
import type { inferRouterOutputs } from "@trpc/server";
import Link from "next/link";
import type { AppRouter } from "@/server/root";
import { Badge } from "../../../components/ui/badge";
import { RelativeTime } from "../../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../../components/ui/table";
import { formatCount } from "../../format";
import type { PromptFilter, PromptSort } from "./use-prompt-filter";

type Row = inferRouterOutputs<AppRouter>["prompt"]["list"]["rows"][number];

export function PromptsTable({
  projectId,
  rows,
  filter,
  onFilter,
}: {
  projectId: string;
  rows: readonly Row[];
  filter: PromptFilter;
  onFilter: (change: Partial<PromptFilter>) => void;
}) {
  const head = (sort: PromptSort, label: string, numeric: boolean) => (
    <Th numeric={numeric} sort={filter.sort === sort ? "desc" : null} onSort={() => onFilter({ sort })}>
      {label}
    </Th>
  );
  return (
    <Table label="Prompts">
      <THead>
        <Tr>
          <Th>Prompt</Th>
          <Th>Split</Th>
          {head("completions", "Completions", true)}
          <Th numeric>Items</Th>
          {head("judgements", "Judgements", true)}
          <Th>Reference</Th>
          {head("newest", "Added", false)}
        </Tr>
      </THead>
      <TBody>
        {rows.map((row) => (
          <Tr key={row.id}>
            <Td className="max-w-0 min-w-52 sm:w-1/2">
              <Link href={`/projects/${projectId}/prompts/${row.id}`} className="line-clamp-1 font-medium hover:underline">
                {row.messages.at(-1)?.content}
              </Link>
              {row.messages.length > 1 && <span className="text-xs text-muted">{row.messages.length} messages</span>}
            </Td>
            <Td>
              <Badge>{row.split}</Badge>
            </Td>
            <Td numeric>{formatCount(row.completions)}</Td>
            <Td numeric>{formatCount(row.items)}</Td>
            <Td numeric>{formatCount(row.judgements)}</Td>
            <Td className="text-muted">{row.hasReference ? "yes" : "–"}</Td>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={row.createdAt} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
