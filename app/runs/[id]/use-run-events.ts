"use client";
/**
 * The events of a run as they come. Each reconnect goes on after the last one seen; whatever arrives
 * twice all the same is taken once, by its sequence number.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useState } from "react";
import { mergeEvents, type StoredRunEvent } from "@/domain/run-series";
import { errorMessage, useTRPC } from "../../trpc";

export type ConnectionState = { state: "live" | "connecting" | "failed"; message: string };

const RETRY_MS = 3_000;

export function useRunEvents(id: string): { events: readonly StoredRunEvent[]; connection: ConnectionState; reconnect: () => void } {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [events, setEvents] = useState<readonly StoredRunEvent[]>([]);
  const { status, error, reset } = useSubscription(
    trpc.run.events.subscriptionOptions(
      { id },
      {
        onData: ({ data }) => {
          setEvents((known) => mergeEvents(known, data.events));
          // States, checkpoints and requests change the run itself; metrics do so step by step.
          if (data.events.some(({ event }) => event.kind !== "metric" && event.kind !== "sample")) {
            void queryClient.invalidateQueries(trpc.run.get.queryFilter({ id }));
          }
        },
      },
    ),
  );
  const httpStatus = error?.data?.httpStatus ?? null;
  const refused = status === "error" && httpStatus !== null && httpStatus >= 400 && httpStatus < 500 && httpStatus !== 429;
  useEffect(() => {
    if (status !== "error" || refused) return;
    const timer = setTimeout(reset, RETRY_MS);
    return () => clearTimeout(timer);
  }, [status, refused, reset]);

  const connection: ConnectionState =
    status === "pending"
      ? { state: "live", message: "Live" }
      : refused
        ? { state: "failed", message: errorMessage(error) }
        : { state: "connecting", message: events.length === 0 ? "Connecting" : "Connection lost, trying again. What is shown stays." };
  return { events, connection, reconnect: reset };
}
