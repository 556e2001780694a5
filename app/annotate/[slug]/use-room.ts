"use client";
/** The session of one person in one project, tied to React and to the browser's events. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { errorMessage, useTRPC, useTRPCClient } from "../../trpc";
import { useOutbox } from "../outbox-provider";
import { isRefusal, schedule } from "../lib/delivery";
import { Session } from "../lib/session";
import { lasting, ofTab } from "../lib/storage";

const LEASE_CHECK_MS = 20_000;

const nothing = () => null;
const subscribeToNothing = () => () => undefined;

export function useRoom(slug: string, userId: string) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const { outbox } = useOutbox();
  const projects = useQuery(trpc.annotate.projects.queryOptions());
  const project = projects.data?.find((known) => known.slug === slug);
  const projectId = project?.id;

  const session = useMemo(() => {
    if (projectId === undefined) return null;
    return new Session({
      outbox,
      storage: ofTab,
      key: `hone:held:${userId}:${projectId}`,
      drafts: lasting,
      draftPrefix: `hone:draft:${userId}:`,
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
  }, [client, outbox, projectId, userId]);

  useEffect(() => {
    if (session === null) return;
    session.start();
    const online = () => session.lookAgain();
    const timer = setInterval(() => session.keepLeases(), LEASE_CHECK_MS);
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("online", online);
      clearInterval(timer);
      session.stop();
    };
  }, [session]);

  const state = useSyncExternalStore(session?.subscribe ?? subscribeToNothing, session?.getState ?? nothing, nothing);
  return { projects, project, session, state };
}
