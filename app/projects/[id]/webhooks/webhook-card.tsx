"use client";
/** One webhook: where it goes, how the last day went, and what can be done with it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, KeyRound, Pencil, Trash2 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import type { ListedWebhook } from "@/server/services/webhook";
import { menuContent, menuItem } from "../../../components/shell/menu-styles";
import { Badge } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { Card, CardHeader } from "../../../components/ui/card";
import { ConfirmDialog } from "../../../components/ui/dialog";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";
import { Deliveries } from "./deliveries";

type Props = { projectId: string; webhook: ListedWebhook; onEdit: () => void; onSecret: (made: { url: string; secret: string }) => void };

function lastDay({ delivered, pending, failed }: ListedWebhook): string {
  const parts = [
    `${delivered} delivered`,
    ...(pending > 0 ? [`${pending} on the way`] : []),
    ...(failed > 0 ? [`${failed} given up`] : []),
  ];
  return `Last 24 hours: ${parts.join(", ")}`;
}

export function WebhookCard({ projectId, webhook, onEdit, onSecret }: Props) {
  const trpc = useTRPC();
  const toast = useToast();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"renew" | "remove" | null>(null);
  const finish = {
    onError: (error: unknown) => toast({ title: "Nothing was changed", description: errorMessage(error), tone: "failed" as const }),
    onSettled: () => {
      setAsking(null);
      return queries.invalidateQueries(trpc.webhook.pathFilter());
    },
  };
  const test = useMutation(trpc.webhook.test.mutationOptions({ ...finish, onSuccess: () => toast({ title: "A test is on its way" }) }));
  const renew = useMutation(trpc.webhook.renewSecret.mutationOptions({ ...finish, onSuccess: onSecret }));
  const remove = useMutation(
    trpc.webhook.remove.mutationOptions({ ...finish, onSuccess: () => toast({ title: "The webhook is removed" }) }),
  );
  return (
    <Card aria-label={webhook.url}>
      <CardHeader
        title={
          <span className="flex flex-wrap items-center gap-2 break-all">
            {webhook.url}
            {webhook.enabled ? <Badge tone="chosen">on</Badge> : <Badge tone="flagged">off</Badge>}
          </span>
        }
        description={webhook.disabledReason ?? lastDay(webhook)}
        actions={
          <>
            <Button size="sm" loading={test.isPending} disabled={!webhook.enabled} onClick={() => test.mutate({ webhookId: webhook.id })}>
              Send a test
            </Button>
            <DropdownMenu.Root modal={false}>
              <DropdownMenu.Trigger asChild>
                <Button variant="ghost" size="icon" aria-label={`Actions for ${webhook.url}`}>
                  <Ellipsis aria-hidden="true" className="size-4" />
                </Button>
              </DropdownMenu.Trigger>
              <DropdownMenu.Content align="end" sideOffset={4} className={menuContent}>
                <DropdownMenu.Item className={menuItem} onSelect={onEdit}>
                  <Pencil aria-hidden="true" className="size-4 text-muted" />
                  Change
                </DropdownMenu.Item>
                <DropdownMenu.Item className={menuItem} onSelect={() => setAsking("renew")}>
                  <KeyRound aria-hidden="true" className="size-4 text-muted" />
                  New secret
                </DropdownMenu.Item>
                <DropdownMenu.Item className={menuItem} onSelect={() => setAsking("remove")}>
                  <Trash2 aria-hidden="true" className="size-4 text-muted" />
                  Remove
                </DropdownMenu.Item>
              </DropdownMenu.Content>
            </DropdownMenu.Root>
          </>
        }
      />
      <ul aria-label="Events" className="flex flex-wrap gap-x-3 gap-y-1 border-b px-4 py-2">
        {webhook.events.map((event) => (
          <li key={event}>
            <code className="text-xs">{event}</code>
          </li>
        ))}
      </ul>
      <Deliveries webhookId={webhook.id} />
      <ConfirmDialog
        open={asking === "renew"}
        onOpenChange={() => setAsking(null)}
        title="Make a new secret"
        description="It is shown once and signs every delivery from now on. The receiver refuses them until it has the new one; they are tried again."
        confirmLabel="Make a new secret"
        loading={renew.isPending}
        onConfirm={() => renew.mutate({ webhookId: webhook.id })}
      />
      <ConfirmDialog
        open={asking === "remove"}
        onOpenChange={() => setAsking(null)}
        title="Remove this webhook"
        description="Nothing more is sent there, and its deliveries are forgotten, also those on the way."
        confirmLabel="Remove"
        danger
        loading={remove.isPending}
        onConfirm={() => remove.mutate({ projectId, webhookId: webhook.id })}
      />
    </Card>
  );
}
