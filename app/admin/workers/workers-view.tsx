"use client";
/** Workers with engine, heartbeat and the run in hand; asks again every 5 s. */
import { useQuery } from "@tanstack/react-query";
import { Cpu } from "lucide-react";
import Link from "next/link";
import { formatBytes } from "@/domain/run-format";
import { Badge } from "../../components/ui/badge";
import { Card } from "../../components/ui/card";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { PageHeader } from "../../components/ui/page-header";
import { Progress } from "../../components/ui/progress";
import { RelativeTime } from "../../components/ui/relative-time";
import { SkeletonTable } from "../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { errorMessage, useTRPC } from "../../trpc";

export function WorkersView() {
  const trpc = useTRPC();
  const workers = useQuery(trpc.worker.list.queryOptions(undefined, { refetchInterval: 5_000 }));
  return (
    <>
      <PageHeader
        title="Workers"
        description="Each trains one run at a time, taken from the queue. A run whose worker falls silent goes on at another from its last checkpoint."
      />
      <Card>
        {workers.isPending && <SkeletonTable rows={2} label="Loading workers" />}
        {workers.isError && <ErrorState message={errorMessage(workers.error)} onRetry={() => void workers.refetch()} />}
        {workers.data?.length === 0 && (
          <EmptyState icon={<Cpu aria-hidden="true" />} title="No worker in the last day">
            Runs wait in the queue until one starts. Start one on this machine, or on any machine that reaches the database and the file
            store, with <code className="text-text">npm run worker</code>.
          </EmptyState>
        )}
        {workers.data !== undefined && workers.data.length > 0 && (
          <Table label="Workers" holdFirst>
            <THead>
              <Tr>
                <Th>Name</Th>
                <Th>State</Th>
                <Th>Engine</Th>
                <Th>Run</Th>
                <Th>Heartbeat</Th>
                <Th>Started</Th>
              </Tr>
            </THead>
            <TBody>
              {workers.data.map((worker) => (
                <Tr key={worker.id}>
                  <Td className="font-medium whitespace-nowrap">{worker.name}</Td>
                  <Td>
                    {!worker.alive ? (
                      <Badge tone="failed">silent</Badge>
                    ) : worker.run === null ? (
                      <Badge>idle</Badge>
                    ) : (
                      <Badge tone="running">working</Badge>
                    )}
                  </Td>
                  <Td className="whitespace-nowrap text-muted">
                    {worker.engine}
                    {worker.memoryBytes !== null && (
                      <div className="figures text-xs">
                        {formatBytes(worker.memoryBytes)} memory
                        {worker.gpuMemoryBytes !== null && `, ${formatBytes(worker.gpuMemoryBytes)} on the GPU`}
                      </div>
                    )}
                  </Td>
                  <Td className="min-w-48">
                    {worker.run === null ? (
                      <span className="text-muted">–</span>
                    ) : (
                      <>
                        <Link href={`/runs/${worker.run.id}`} className="font-medium text-accent hover:underline">
                          {worker.run.name}
                        </Link>
                        <div className="mt-1 flex items-center gap-2">
                          <Progress
                            label={`Progress of ${worker.run.name}`}
                            tone="running"
                            value={worker.run.step}
                            max={worker.run.totalSteps}
                            className="w-24"
                          />
                          <span className="figures text-xs whitespace-nowrap text-muted">
                            {worker.run.step}
                            {worker.run.totalSteps !== null && ` of ${worker.run.totalSteps}`}
                          </span>
                        </div>
                      </>
                    )}
                  </Td>
                  <Td className="whitespace-nowrap text-muted">
                    <RelativeTime date={worker.heartbeatAt} />
                  </Td>
                  <Td className="whitespace-nowrap text-muted">
                    <RelativeTime date={worker.startedAt} />
                  </Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        )}
      </Card>
    </>
  );
}
