"use client";
/** The newest deliveries of a webhook, with what came of each; read again while some are on the way. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { MAX_ATTEMPTS } from "@/domain/webhook";
import type { ListedDelivery } from "@/server/services/webhook";
import { Badge, type Tone } from "../../../components/ui/badge";
import { Button } from "../../../components/ui/button";
import { ErrorState } from "../../../components/ui/empty-state";
import { RelativeTime } from "../../../components/ui/relative-time";
import { SkeletonTable } from "../../../components/ui/skeleton";
import { Table, TBody, Td, Th, THead, Tr } from "../../../components/ui/table";
import { useToast } from "../../../components/ui/toast";
import { errorMessage, useTRPC } from "../../../trpc";

const STATES: Readonly<Record<ListedDelivery["state"], readonly [Tone, string]>> = {
  pending: ["running", "on the way"],
  delivered: ["chosen", "delivered"],
  failed: ["failed", "given up"],
};

const SOON_MS = 2_000;
const LATER_MS = 15_000;

/** Often while something is about to be sent, rarely while it waits for its next try. */
function refreshEvery(rows: readonly ListedDelivery[] | undefined): number | false {
  const pending = rows?.filter(({ state }) => state === "pending") ?? [];
  if (pending.length === 0) return false;
  return pending.some(({ attempts }) => attempts <= 1) ? SOON_MS : LATER_MS;
}

export function Deliveries({ webhookId }: { webhookId: string }) {
  const trpc = useTRPC();
  const toast = useToast();
  const queries = useQueryClient();
  const deliveries = useQuery(
    trpc.webhook.deliveries.queryOptions({ webhookId }, { refetchInterval: ({ state }) => refreshEvery(state.data) }),
  );
  const resend = useMutation(
    trpc.webhook.resend.mutationOptions({
      onError: (error) => toast({ title: "It was not sent again", description: errorMessage(error), tone: "failed" }),
      onSettled: () => queries.invalidateQueries(trpc.webhook.pathFilter()),
    }),
  );
  if (deliveries.isPending) return <SkeletonTable rows={2} label="Loading deliveries" />;
  if (deliveries.data === undefined)
    return <ErrorState message={errorMessage(deliveries.error)} onRetry={() => void deliveries.refetch()} />;
  if (deliveries.data.length === 0) return <p className="px-4 py-6 text-center text-sm text-muted">Nothing was sent yet.</p>;
  return (
    <Table label="Deliveries">
      <THead>
        <Tr>
          <Th>Event</Th>
          <Th>State</Th>
          <Th numeric>Attempts</Th>
          <Th>Happened</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </Tr>
      </THead>
      <TBody>
        {deliveries.data.map(({ id, event, state, status, attempts, reason, dueAt, createdAt }) => {
          const [tone, word] = STATES[state];
          return (
            <Tr key={id}>
              <Td>
                <code className="text-xs whitespace-nowrap">{event}</code>
                <div className="text-xs text-muted" title="The message's webhook-id">
                  {id.slice(0, 8)}
                </div>
              </Td>
              <Td>
                <Badge tone={tone}>{word}</Badge> {status !== null && <span className="figures text-muted">{status}</span>}
                {reason !== null && <div className="max-w-[50ch] min-w-40 text-xs text-muted">{reason}</div>}
                {state === "pending" && attempts > 0 && (
                  <div className="text-xs text-muted">
                    Next try <RelativeTime date={dueAt} />
                  </div>
                )}
              </Td>
              <Td numeric>
                {attempts} of {MAX_ATTEMPTS}
              </Td>
              <Td className="whitespace-nowrap text-muted">
                <RelativeTime date={createdAt} />
              </Td>
              <Td className="text-right">
                {state !== "pending" && (
                  <Button
                    size="sm"
                    aria-label={`Send ${event} ${id.slice(0, 8)} again`}
                    loading={resend.isPending && resend.variables.deliveryId === id}
                    onClick={() => resend.mutate({ deliveryId: id })}
                  >
                    Send again
                  </Button>
                )}
              </Td>
            </Tr>
          );
        })}
      </TBody>
    </Table>
  );
}
