"use client";
/** Freezes what is there now into an immutable version, and lists the versions. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { SimulatedBadge } from "../../../components/ui/badge";
import { Card } from "../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { RelativeTime } from "../../../components/ui/relative-time";
import { SkeletonTable } from "../../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../../components/ui/table";
import { errorMessage, useTRPC } from "../../../trpc";
import { FreezeForm } from "./freeze-form";

export function DatasetsView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const list = useQuery(trpc.dataset.list.queryOptions({ projectId }));
  return (
    <div className="grid gap-8 lg:grid-cols-[1fr_22rem]">
      <section aria-labelledby="versions">
        <h2 id="versions" className="mb-3 font-semibold">
          Versions
        </h2>
        <Card>
          {list.error ? (
            <ErrorState message={errorMessage(list.error)} onRetry={() => void list.refetch()} />
          ) : list.data === undefined ? (
            <SkeletonTable rows={4} label="Loading versions" />
          ) : list.data.length === 0 ? (
            <EmptyState title="No version is frozen yet">
              Training runs learn from a frozen version: its rows never change, and its hash says which they are.
            </EmptyState>
          ) : (
            <Table label="Dataset versions">
              <THead>
                <Tr>
                  <Th>Version</Th>
                  <Th numeric>Train</Th>
                  <Th numeric>Validation</Th>
                  <Th numeric>Test</Th>
                  <Th>Hash</Th>
                  <Th>Frozen</Th>
                </Tr>
              </THead>
              <TBody>
                {list.data.map(({ id, kind, version, counts, hash, simulated, createdAt }) => (
                  <Tr key={id}>
                    <Td className="whitespace-nowrap">
                      <Link className="font-medium hover:underline" href={`/projects/${projectId}/datasets/${id}`}>
                        {kind} v{version}
                      </Link>
                      {simulated && (
                        <span className="ml-2">
                          <SimulatedBadge />
                        </span>
                      )}
                    </Td>
                    <Td numeric>{counts.train}</Td>
                    <Td numeric>{counts.validation}</Td>
                    <Td numeric>{counts.test}</Td>
                    <Td>
                      <code title={hash}>{hash.slice(0, 10)}</code>
                    </Td>
                    <Td className="whitespace-nowrap text-muted">
                      <RelativeTime date={createdAt} />
                    </Td>
                  </Tr>
                ))}
              </TBody>
            </Table>
          )}
        </Card>
      </section>
      <FreezeForm projectId={projectId} />
    </div>
  );
}
