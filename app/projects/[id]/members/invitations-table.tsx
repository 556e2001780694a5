"use client";
/** Invitations of a project: how far each is used, and taking one back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { InvitationState } from "@/domain/invitation";
import type { ListedInvitation } from "@/server/services/member";
import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { RelativeTime } from "../../../components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";

const STATES: Readonly<Record<InvitationState, string>> = { open: "open", revoked: "revoked", expired: "expired", used_up: "used up" };

export function InvitationsTable({ invitations }: { invitations: readonly ListedInvitation[] }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const revoke = useMutation(
    trpc.member.revoke.mutationOptions({
      onSuccess: () => toast({ title: "The invitation is revoked" }),
      onError: (error) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" }),
      onSettled: () => queries.invalidateQueries(trpc.member.pathFilter()),
    }),
  );
  return (
    <Table label="Invitations">
      <THead>
        <Tr>
          <Th>State</Th>
          <Th>Role</Th>
          <Th>For</Th>
          <Th numeric>Used</Th>
          <Th>Until</Th>
          <Th>Made</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </Tr>
      </THead>
      <TBody>
        {invitations.map(({ id, state, role, email, uses, maxUses, expiresAt, createdAt, createdBy }) => (
          <Tr key={id}>
            <Td>
              <Badge tone={state === "open" ? "chosen" : "neutral"}>{STATES[state]}</Badge>
            </Td>
            <Td>{role}</Td>
            <Td className="min-w-44 text-muted [overflow-wrap:anywhere]">{email ?? "whoever has the link"}</Td>
            <Td numeric>
              {uses} of {maxUses}
            </Td>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={expiresAt} />
            </Td>
            <Td className="whitespace-nowrap text-muted">
              <RelativeTime date={createdAt} />
              {createdBy !== null && ` by ${createdBy}`}
            </Td>
            <Td className="text-right">
              {state === "open" && (
                <Button
                  size="sm"
                  variant="ghost"
                  loading={revoke.isPending && revoke.variables.invitationId === id}
                  onClick={() => revoke.mutate({ invitationId: id })}
                >
                  Revoke
                </Button>
              )}
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
