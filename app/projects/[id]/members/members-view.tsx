"use client";
/** Who works in a project, in which role, and the links by which others may join. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { PROJECT_ROLE_WORDS, PROJECT_ROLES, projectRoleSchema } from "@/domain/project-role";
import type { ListedMember } from "@/server/services/member";
import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../components/ui/card";
import { ConfirmDialog } from "../../../components/ui/dialog";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { Select } from "../../../components/ui/field";
import { RelativeTime } from "../../../components/ui/relative-time";
import { Skeleton } from "../../../components/ui/skeleton";
import { Table, TBody, Td, THead, Th, Tr } from "../../../components/ui/table";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";
import { formatCount } from "../../format";
import { InvitationsTable } from "./invitations-table";
import { InviteDialog } from "./invite-dialog";

export function MembersView({ projectId, ownId }: { projectId: string; ownId: string }) {
  const trpc = useTRPC();
  const project = useQuery(trpc.project.get.queryOptions({ projectId }));
  const list = useQuery(trpc.member.list.queryOptions({ projectId }));
  const [inviting, setInviting] = useState(false);
  if (list.isPending) return <Skeleton className="h-72" />;
  if (list.data === undefined) return <ErrorState message={errorMessage(list.error)} onRetry={() => void list.refetch()} />;
  const { members, invitations } = list.data;
  const inviteButton = (
    <Button variant="primary" onClick={() => setInviting(true)}>
      <UserPlus aria-hidden="true" className="size-4" />
      Invite by link
    </Button>
  );
  return (
    <div className="flex flex-col gap-4">
      <Card>
        <CardHeader
          title="Members"
          description={
            project.data === undefined
              ? undefined
              : whoElse(
                  project.data.access,
                  members.some(({ role }) => role === "owner"),
                )
          }
          actions={inviteButton}
        />
        {members.length === 0 ? (
          <EmptyState title="Nobody is a member yet">
            People join by a link that you send them. The first owner takes the project into their care.
          </EmptyState>
        ) : (
          <MembersTable projectId={projectId} members={members} ownId={ownId} />
        )}
      </Card>
      {invitations.length > 0 && (
        <Card>
          <CardHeader
            title="Invitations"
            description="A link is shown once, when it is made. Revoked, it lets nobody in any more; who came by it stays."
          />
          <InvitationsTable invitations={invitations} />
        </Card>
      )}
      <Card>
        <CardHeader title="Roles" description="Each includes the ones before it; admins of the installation may do everything." />
        <CardBody>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
            {PROJECT_ROLES.map((role) => (
              <div key={role} className="contents">
                <dt className="font-medium">{role}</dt>
                <dd className="text-muted">{PROJECT_ROLE_WORDS[role]}</dd>
              </div>
            ))}
          </dl>
        </CardBody>
      </Card>
      <InviteDialog projectId={projectId} open={inviting} onOpenChange={setInviting} />
    </div>
  );
}

function whoElse(access: "open" | "members", owned: boolean): string {
  if (access === "members") return "Only they can enter this project.";
  return `This project is open: everybody with an account may judge, and researchers ${owned ? "work with its data" : "may do everything, while it has no owner"}. Settings change that.`;
}

function MembersTable({ projectId, members, ownId }: { projectId: string; members: readonly ListedMember[]; ownId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const toast = useToast();
  const [removing, setRemoving] = useState<ListedMember | null>(null);
  const after = {
    onError: (error: unknown) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" as const }),
    onSettled: () => {
      setRemoving(null);
      return queries.invalidateQueries(trpc.member.pathFilter());
    },
  };
  const change = useMutation(
    trpc.member.change.mutationOptions({
      ...after,
      onSuccess: (_, { role, userId }) =>
        toast({ title: `${members.find((member) => member.userId === userId)?.name ?? "The member"} is now ${role}` }),
    }),
  );
  const remove = useMutation(trpc.member.remove.mutationOptions({ ...after, onSuccess: () => toast({ title: "The member was removed" }) }));
  return (
    <>
      <Table label="Members">
        <THead>
          <Tr>
            <Th>Person</Th>
            <Th>Role</Th>
            <Th numeric>Judgements</Th>
            <Th>Joined</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </Tr>
        </THead>
        <TBody>
          {members.map((member) => (
            <Tr key={member.userId}>
              <Td>
                <div className="flex flex-wrap items-center gap-x-2">
                  <span className="font-medium">{member.name}</span>
                  {member.userId === ownId && <Badge>you</Badge>}
                  {member.disabled && <Badge tone="failed">disabled</Badge>}
                </div>
                <div className="text-xs text-muted">{member.email}</div>
              </Td>
              <Td>
                <Select
                  aria-label={`Role of ${member.name}`}
                  className="w-36 pointer-coarse:w-40"
                  value={change.isPending && change.variables.userId === member.userId ? change.variables.role : member.role}
                  disabled={change.isPending}
                  onChange={(event) =>
                    change.mutate({ projectId, userId: member.userId, role: projectRoleSchema.parse(event.target.value) })
                  }
                >
                  {PROJECT_ROLES.map((role) => (
                    <option key={role} value={role}>
                      {role}
                    </option>
                  ))}
                </Select>
              </Td>
              <Td numeric>{formatCount(member.judgements)}</Td>
              <Td className="whitespace-nowrap text-muted">
                <RelativeTime date={member.createdAt} />
              </Td>
              <Td className="text-right">
                <Button size="sm" variant="ghost" onClick={() => setRemoving(member)} aria-label={`Remove ${member.name}`}>
                  Remove
                </Button>
              </Td>
            </Tr>
          ))}
        </TBody>
      </Table>
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={() => setRemoving(null)}
        title={`Remove ${removing?.name ?? ""}`}
        description={
          removing?.userId === ownId
            ? "You lose your role in this project at once. Your judgements stay; items you hold go back into the queue."
            : "They lose their role in this project with the next click. Their judgements stay; items they hold go back into the queue."
        }
        confirmLabel="Remove"
        danger
        loading={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ projectId, userId: removing.userId })}
      />
    </>
  );
}
