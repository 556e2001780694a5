"use client";
/** The votes of one person on their way: what an earlier tab left is sent from whatever page of the room is opened next. */
import { createContext, type ReactNode, use, useEffect, useMemo, useSyncExternalStore } from "react";
import { errorMessage, useTRPCClient } from "../trpc";
import { isRefusal, schedule } from "./lib/delivery";
import { Outbox, type OutboxState } from "./lib/outbox";
import { lasting } from "./lib/storage";

const OutboxContext = createContext<Outbox | null>(null);

export function OutboxProvider({ userId, children }: { userId: string; children: ReactNode }) {
  const client = useTRPCClient();
  const outbox = useMemo(
    () =>
      new Outbox({
        storage: lasting,
        prefix: `hone:vote:${userId}:`,
        schedule,
        send: async (submission) => {
          try {
            await client.annotate.submit.mutate(submission);
            return { kind: "stored" };
          } catch (error) {
            return { kind: isRefusal(error) ? "refused" : "unreachable", message: errorMessage(error) };
          }
        },
      }),
    [client, userId],
  );
  useEffect(() => {
    const deliver = () => outbox.deliver();
    outbox.load();
    deliver();
    window.addEventListener("online", deliver);
    return () => {
      window.removeEventListener("online", deliver);
      outbox.stop();
    };
  }, [outbox]);
  return <OutboxContext value={outbox}>{children}</OutboxContext>;
}

const EMPTY: OutboxState = { votes: [], trouble: null };

export function useOutbox(): { outbox: Outbox; state: OutboxState } {
  const outbox = use(OutboxContext);
  if (outbox === null) throw new Error("useOutbox outside of OutboxProvider");
  return { outbox, state: useSyncExternalStore(outbox.subscribe, outbox.getState, () => EMPTY) };
}
