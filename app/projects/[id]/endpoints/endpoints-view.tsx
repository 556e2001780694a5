"use client";
/** The project's endpoints: what each is, its limits and prices, and what can be done with it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Cloud, Pencil, Plus, Sparkles, Trash2, Zap } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { ShownEndpoint } from "@/server/services/endpoint";
import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Card, CardHeader } from "../../../components/ui/card";
import { ConfirmDialog } from "../../../components/ui/dialog";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { SkeletonTable } from "../../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../../components/ui/table";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";
import { formatCount } from "../../format";
import { EndpointDialog } from "./endpoint-dialog";
import { TryDialog } from "./try-dialog";

const limitOf = ({ requestsPerMinute, tokensPerMinute, concurrency }: ShownEndpoint["settings"]) =>
  [
    requestsPerMinute === null ? null : `${formatCount(requestsPerMinute)} requests/min`,
    tokensPerMinute === null ? null : `${formatCount(tokensPerMinute)} tokens/min`,
    `${concurrency} at once`,
  ]
    .filter((part) => part !== null)
    .join(", ");

const priceOf = ({ inputPrice, outputPrice }: ShownEndpoint["settings"]) =>
  inputPrice === 0 && outputPrice === 0 ? "free" : `$${inputPrice} in, $${outputPrice} out`;

export function EndpointsView({ projectId, admin }: { projectId: string; admin: boolean }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const endpoints = useQuery(trpc.endpoint.list.queryOptions({ projectId }));
  const [open, setOpen] = useState<{ what: "new" } | { what: "edit" | "try" | "remove"; endpoint: ShownEndpoint } | null>(null);
  const close = () => setOpen(null);
  const remove = useMutation(
    trpc.endpoint.remove.mutationOptions({
      onSuccess: () => toast({ title: "The endpoint is removed, its key deleted" }),
      onError: (error: unknown) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" }),
      onSettled: () => {
        close();
        return queries.invalidateQueries(trpc.endpoint.list.queryFilter());
      },
    }),
  );
  const mayChange = ({ shared }: ShownEndpoint) => admin || !shared;
  const addButton = (
    <Button variant="primary" onClick={() => setOpen({ what: "new" })}>
      <Plus aria-hidden="true" className="size-4" />
      Register an endpoint
    </Button>
  );
  return (
    <>
      <Card>
        <CardHeader
          title="Endpoints"
          description="Models behind OpenAI-compatible addresses. Sample runs take completions from them; judge runs ask them which answer is better."
          actions={endpoints.data !== undefined && endpoints.data.length > 0 && addButton}
        />
        {endpoints.isPending && <SkeletonTable rows={2} label="Loading endpoints" />}
        {endpoints.isError && <ErrorState message={errorMessage(endpoints.error)} onRetry={() => void endpoints.refetch()} />}
        {endpoints.data?.length === 0 && (
          <EmptyState icon={<Cloud aria-hidden="true" />} title="No endpoint yet" action={addButton}>
            A provider with a key, or a server of your own: vLLM, Ollama and llama.cpp all speak this protocol.
            {admin ? "" : " One in the server's own network (localhost, 10.x, 192.168.x) is for an admin to register."}
          </EmptyState>
        )}
        {endpoints.data !== undefined && endpoints.data.length > 0 && (
          <Table label="Endpoints" holdFirst>
            <THead>
              <Tr>
                <Th>Name</Th>
                <Th>Address</Th>
                <Th>Limits</Th>
                <Th>Per million tokens</Th>
                <Th>Key</Th>
                <Th>
                  <span className="sr-only">Actions</span>
                </Th>
              </Tr>
            </THead>
            <TBody>
              {endpoints.data.map((endpoint) => (
                <Tr key={endpoint.id}>
                  <Td className="min-w-40">
                    <span className="font-medium">{endpoint.name}</span>{" "}
                    {endpoint.shared && <Badge title="Registered by an admin for every project">all projects</Badge>}
                    <div className="text-xs text-muted">{endpoint.model}</div>
                  </Td>
                  <Td className="max-w-80 truncate text-muted" title={endpoint.settings.baseUrl}>
                    {endpoint.settings.baseUrl}
                  </Td>
                  <Td className="figures min-w-40 text-muted">{limitOf(endpoint.settings)}</Td>
                  <Td className="figures whitespace-nowrap text-muted">{priceOf(endpoint.settings)}</Td>
                  <Td className="figures whitespace-nowrap text-muted">
                    {!endpoint.hasKey ? "none" : endpoint.keyEnd === null ? "set" : `… ${endpoint.keyEnd}`}
                  </Td>
                  <Td>
                    <div className="flex justify-end gap-1">
                      <Button size="sm" onClick={() => setOpen({ what: "try", endpoint })}>
                        <Zap aria-hidden="true" className="size-3.5" />
                        Try it
                      </Button>
                      <Button size="sm" asChild>
                        <Link href={`/runs/new?kind=sample&project=${projectId}&endpoint=${endpoint.id}`}>
                          <Sparkles aria-hidden="true" className="size-3.5" />
                          Sample
                        </Link>
                      </Button>
                      {mayChange(endpoint) && (
                        <>
                          <Button
                            size="icon"
                            variant="ghost"
                            aria-label={`Change ${endpoint.name}`}
                            onClick={() => setOpen({ what: "edit", endpoint })}
                          >
                            <Pencil aria-hidden="true" className="size-4" />
                          </Button>
                          <Button
                            size="icon"
                            variant="ghost"
                            aria-label={`Remove ${endpoint.name}`}
                            onClick={() => setOpen({ what: "remove", endpoint })}
                          >
                            <Trash2 aria-hidden="true" className="size-4" />
                          </Button>
                        </>
                      )}
                    </div>
                  </Td>
                </Tr>
              ))}
            </TBody>
          </Table>
        )}
      </Card>
      {(open?.what === "new" || open?.what === "edit") && (
        <EndpointDialog
          projectId={projectId}
          admin={admin}
          endpoint={open.what === "edit" ? open.endpoint : null}
          onClose={close}
          onSaved={(endpoint) => setOpen(endpoint === null ? null : { what: "try", endpoint })}
        />
      )}
      {open?.what === "try" && <TryDialog projectId={projectId} endpoint={open.endpoint} onClose={close} />}
      <ConfirmDialog
        open={open?.what === "remove"}
        onOpenChange={close}
        title={`Remove ${open?.what === "remove" ? open.endpoint.name : "the endpoint"}?`}
        description="Its key is deleted and no run can ask it any more; one that is at work fails with its next start. Completions and runs stay."
        confirmLabel="Remove"
        danger
        loading={remove.isPending}
        onConfirm={() => open?.what === "remove" && remove.mutate({ projectId, endpointId: open.endpoint.id })}
      />
    </>
  );
}
