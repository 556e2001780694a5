"use client";
/** The outbox and the session of one person in one project, tied to React and to the browser's events. */
import { useQuery } from "@tanstack/react-query";
import { TRPCClientError } from "@trpc/client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { AppRouter } from "@/server/root";
import { errorMessage, useTRPC, useTRPCClient } from "../../trpc";
import { Outbox } from "../lib/outbox";
import { Session } from "../lib/session";
import { lasting, ofTab } from "../lib/storage";

/** The server's answer will not change by asking again. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const status = (error as TRPCClientError<AppRouter>).data?.httpStatus;
  return status !== undefined && status >= 400 && status < 500 && status !== 429 && status !== 401;
}

const schedule = (run: () => void, ms: number) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

const LEASE_CHECK_MS = 20_000;

export function useRoom(slug: string, userId: string) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const projects = useQuery(trpc.annotate.projects.queryOptions());
  const project = projects.data?.find((known) => known.slug === slug);
  const projectId = project?.id;

  const room = useMemo(() => {
    if (projectId === undefined) return null;
    const outbox = new Outbox({
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
    });
    const session = new Session({
      outbox,
      storage: ofTab,
      key: `hone:held:${userId}:${projectId}`,
      projectId,
      now: () => Date.now(),
      schedule,
      api: {
        next: (holding) => client.annotate.next.mutate({ projectId, holding }),
        renew: (itemId) => client.annotate.renew.mutate({ itemId }),
        release: (itemId) => client.annotate.release.mutate({ itemId }),
        undo: () => client.annotate.undo.mutate({ projectId }),
        explain: (error) => ({ refused: isRefusal(error), message: errorMessage(error) }),
      },
    });
    return { outbox, session };
  }, [client, projectId, userId]);

  useEffect(() => {
    if (room === null) return;
    const { outbox, session } = room;
    outbox.load();
    outbox.deliver();
    session.start();
    const online = () => {
      outbox.deliver();
      session.lookAgain();
    };
    const timer = setInterval(() => session.keepLeases(), LEASE_CHECK_MS);
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("online", online);
      clearInterval(timer);
      outbox.stop();
      session.stop();
    };
  }, [room]);

  const none = useMemo(() => ({ subscribe: () => () => undefined, outbox: { votes: [], trouble: null } as const, session: null }), []);
  const outboxState = useSyncExternalStore(room?.outbox.subscribe ?? none.subscribe, room?.outbox.getState ?? (() => none.outbox), () => none.outbox);
  const sessionState = useSyncExternalStore(room?.session.subscribe ?? none.subscribe, room?.session.getState ?? (() => none.session), () => none.session);
  return { projects, project, room, outboxState, sessionState };
}
