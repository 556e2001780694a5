"use client";
/** Where the project's events are sent, and what became of them. */
import { useQuery } from "@tanstack/react-query";
import { Plus, Webhook } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { ListedWebhook } from "@/server/services/webhook";
import { Button } from "../../../components/ui/button";
import { Card } from "../../../components/ui/card";
import { EmptyState, ErrorState } from "../../../components/ui/empty-state";
import { SecretDialog } from "../../../components/ui/secret-dialog";
import { Skeleton } from "../../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../../trpc";
import { WebhookCard } from "./webhook-card";
import { WebhookDialog } from "./webhook-dialog";

export function WebhooksView({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const webhooks = useQuery(trpc.webhook.list.queryOptions({ projectId }));
  const [editing, setEditing] = useState<ListedWebhook | "new" | null>(null);
  const [made, setMade] = useState<{ url: string; secret: string } | null>(null);
  const add = (
    <Button variant="primary" onClick={() => setEditing("new")}>
      <Plus aria-hidden="true" className="size-4" />
      New webhook
    </Button>
  );
  return (
    <>
      <div className="mb-4 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <p className="max-w-[75ch] text-sm text-muted">
          A webhook tells another program when something happens here. Each delivery is signed, and tried again for three days until it is
          taken.{" "}
          <Link href="/developers#webhooks" className="text-accent underline">
            How to verify one
          </Link>
        </p>
        {webhooks.data !== undefined && webhooks.data.length > 0 && add}
      </div>
      {webhooks.isPending && <Skeleton className="h-40" />}
      {webhooks.isError && <ErrorState message={errorMessage(webhooks.error)} onRetry={() => void webhooks.refetch()} />}
      {webhooks.data?.length === 0 && (
        <Card>
          <EmptyState icon={<Webhook aria-hidden="true" />} title="No webhooks yet" action={add}>
            Programs can ask the API instead; a webhook saves them the asking.
          </EmptyState>
        </Card>
      )}
      <div className="flex flex-col gap-4">
        {webhooks.data?.map((webhook) => (
          <WebhookCard key={webhook.id} projectId={projectId} webhook={webhook} onEdit={() => setEditing(webhook)} onSecret={setMade} />
        ))}
      </div>
      <WebhookDialog
        projectId={projectId}
        webhook={editing}
        onClose={() => setEditing(null)}
        onCreated={(next) => {
          setEditing(null);
          setMade(next);
        }}
      />
      <SecretDialog
        secret={made?.secret ?? null}
        title="The webhook's secret"
        description="It is shown this once. The receiver needs it to know that a delivery comes from here."
        onClose={() => setMade(null)}
      />
    </>
  );
}
