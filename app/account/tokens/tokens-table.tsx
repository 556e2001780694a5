"use client";
/** One row a token; those that work come with a button that ends them. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ListedToken } from "@/server/services/api-token";
import { Badge } from "../../components/ui/badge";
import { Button } from "../../components/ui/button";
import { ConfirmDialog } from "../../components/ui/dialog";
import { RelativeTime } from "../../components/ui/relative-time";
import { Table, TBody, Td, Th, THead, Tr } from "../../components/ui/table";
import { useToast } from "../../components/ui/toast";
import { errorMessage, useTRPC } from "../../trpc";

export function TokensTable({ tokens }: { tokens: readonly ListedToken[] }) {
  const trpc = useTRPC();
  const toast = useToast();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<ListedToken | null>(null);
  const revoke = useMutation(
    trpc.token.revoke.mutationOptions({
      onSuccess: () => toast({ title: `${asking?.name ?? "The token"} is revoked` }),
      onError: (error) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" }),
      onSettled: () => {
        setAsking(null);
        return queries.invalidateQueries(trpc.token.list.queryFilter());
      },
    }),
  );
  return (
    <>
      <Table label="API tokens" holdFirst>
        <THead>
          <Tr>
            <Th>Token</Th>
            <Th>May</Th>
            <Th>Project</Th>
            <Th>Last used</Th>
            <Th>Ends</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </Tr>
        </THead>
        <TBody>
          {tokens.map((token) => {
            const works = token.revokedAt === null && !token.expired;
            return (
              <Tr key={token.id} className={works ? undefined : "text-muted"}>
                <Td>
                  <div className="flex flex-wrap items-center gap-x-2">
                    <span className="font-medium">{token.name}</span>
                    {token.revokedAt !== null && <Badge tone="failed">revoked</Badge>}
                    {token.revokedAt === null && token.expired && <Badge tone="flagged">expired</Badge>}
                  </div>
                  <code className="text-xs text-muted">{token.prefix}…</code>
                </Td>
                <Td>
                  <ul className="flex min-w-44 flex-wrap gap-x-2 gap-y-1 py-1">
                    {token.scopes.map((scope) => (
                      <li key={scope}>
                        <code className="text-xs whitespace-nowrap">{scope}</code>
                      </li>
                    ))}
                  </ul>
                </Td>
                <Td>{token.projectName ?? <span className="text-muted">all</span>}</Td>
                <Td className="whitespace-nowrap text-muted">
                  {token.lastUsedAt === null ? "never" : <RelativeTime date={token.lastUsedAt} />}
                </Td>
                <Td className="whitespace-nowrap text-muted">
                  {token.revokedAt !== null ? "–" : token.expiresAt === null ? "never" : <RelativeTime date={token.expiresAt} />}
                </Td>
                <Td className="text-right">
                  {works && (
                    <Button size="sm" aria-label={`Revoke ${token.name}`} onClick={() => setAsking(token)}>
                      Revoke
                    </Button>
                  )}
                </Td>
              </Tr>
            );
          })}
        </TBody>
      </Table>
      <ConfirmDialog
        open={asking !== null}
        onOpenChange={() => setAsking(null)}
        title={`Revoke ${asking?.name ?? ""}`}
        description="What uses it is refused with its next request. This cannot be taken back; a new token can be made."
        confirmLabel="Revoke"
        danger
        loading={revoke.isPending}
        onConfirm={() => asking !== null && revoke.mutate({ tokenId: asking.id })}
      />
    </>
  );
}
