"use client";
/** The audit log of a project or of the installation: filtered, paged, and as CSV. The address reproduces the view. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { Download, ScrollText } from "lucide-react";
import Link from "next/link";
import { AUDIT_ACTIONS, type AuditAction, auditActionSchema, type AuditDetails } from "@/domain/audit";
import type { AppRouter } from "@/server/root";
import { errorMessage, useTRPC } from "../../trpc";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState, ErrorState } from "../ui/empty-state";
import { Field, Input, Select } from "../ui/field";
import { RelativeTime } from "../ui/relative-time";
import { SkeletonTable } from "../ui/skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "../ui/table";
import { useAuditFilter } from "./use-audit-filter";

type Entry = inferRouterOutputs<AppRouter>["audit"]["list"]["entries"][number];

/** `projectId` null is the log of the whole installation. */
export function AuditView({ projectId }: { projectId: string | null }) {
  const trpc = useTRPC();
  const { filter, query, change } = useAuditFilter();
  const actors = useQuery(trpc.audit.actors.queryOptions({ projectId }));
  const log = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions({ projectId, ...filter }, { getNextPageParam: ({ nextCursor }) => nextCursor }),
  );
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  const filtered = query !== "";
  return (
    <>
      <div className="mb-3 flex flex-wrap items-end gap-3">
        <Field label="Person">
          <Select className="w-44" value={filter.actorId ?? ""} onChange={(event) => change({ actorId: event.target.value })}>
            <option value="">Everybody</option>
            {actors.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Action">
          <Select className="w-56" value={filter.action ?? ""} onChange={(event) => change({ action: event.target.value })}>
            <option value="">Everything</option>
            {auditActionSchema.options.map((action) => (
              <option key={action} value={action}>
                {AUDIT_ACTIONS[action]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="From (UTC)">
          <Input type="date" value={filter.from ?? ""} onChange={(event) => change({ from: event.target.value })} />
        </Field>
        <Field label="To (UTC)">
          <Input type="date" value={filter.to ?? ""} onChange={(event) => change({ to: event.target.value })} />
        </Field>
        <Button asChild className="sm:ml-auto">
          <a
            href={`/api/audit?${new URLSearchParams([...(projectId === null ? [] : [["projectId", projectId]]), ...new URLSearchParams(query)])}`}
            download
          >
            <Download aria-hidden="true" className="size-4" />
            CSV
          </a>
        </Button>
      </div>
      <Card>
        {log.isPending && <SkeletonTable label="Loading the log" />}
        {log.isError && log.data === undefined && <ErrorState message={errorMessage(log.error)} onRetry={() => void log.refetch()} />}
        {log.data !== undefined && entries.length === 0 && (
          <EmptyState icon={<ScrollText aria-hidden="true" />} title={filtered ? "No entry is like this" : "Nothing has been logged yet"}>
            {filtered
              ? "Choose another person, action or time."
              : "Changes of settings, members and data, downloads, and who saw votes with names are written down here. Votes and page views are not."}
          </EmptyState>
        )}
        {entries.length > 0 && <EntriesTable entries={entries} projectId={projectId} />}
        {log.hasNextPage && (
          <div className="border-t p-2 text-center">
            <Button size="sm" variant="ghost" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              Older entries
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}

function EntriesTable({ entries, projectId }: { entries: readonly Entry[]; projectId: string | null }) {
  return (
    <Table label="Audit log">
      <THead>
        <Tr>
          <Th>Time</Th>
          <Th>Person</Th>
          <Th>Action</Th>
          {projectId === null && <Th>Project</Th>}
          <Th>On</Th>
          <Th>Details</Th>
        </Tr>
      </THead>
      <TBody>
        {entries.map((entry) => (
          <Tr key={entry.id}>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={entry.at} />
            </Td>
            <Td className="font-medium whitespace-nowrap">{entry.actor ?? "Hone"}</Td>
            <Td className="whitespace-nowrap">{AUDIT_ACTIONS[entry.action satisfies AuditAction]}</Td>
            {projectId === null && (
              <Td className="whitespace-nowrap">
                {entry.projectId === null ? (
                  "–"
                ) : (
                  <Link href={`/projects/${entry.projectId}/log`} className="hover:underline">
                    {entry.project}
                  </Link>
                )}
              </Td>
            )}
            <Td className="whitespace-nowrap" title={entry.targetId}>
              {entry.target ?? (entry.kind === "project" ? "the project" : `${entry.kind} ${entry.targetId.slice(0, 8)}`)}
            </Td>
            <Td className="min-w-56 text-xs text-muted">
              <Details {...entry.details} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

const show = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? "–"));

/** Settings as "name: before → after", what else there is as "name: value". */
function Details({ before = {}, after = {}, ...rest }: AuditDetails) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const text = [
    ...names.map((name) => `${name}: ${name in before ? `${show(before[name])} → ` : ""}${name in after ? show(after[name]) : "none"}`),
    ...Object.entries(rest).map(([name, value]) => `${name}: ${show(value)}`),
  ].join(", ");
  return (
    <span className="line-clamp-3 break-words" title={text}>
      {text}
    </span>
  );
}
