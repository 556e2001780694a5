/**
 * Wakes the streams of a run when events of it were committed: one LISTEN connection for the process,
 * however many people watch. A notification only wakes; what is sent is always read from the table.
 */
import postgres from "postgres";
import { z } from "zod";
import { RUN_EVENTS_CHANNEL } from "../db/queries/run-events";
import { env } from "./env";
import { shutdownSignal } from "./shutdown";

const payloadSchema = z.object({ runId: z.uuid(), seq: z.number().int() });

export type RunListener = {
  /** Resolves when notifications arrive from now on. Rejects when the database cannot be reached. */
  ready(): Promise<void>;
  /** Calls `wake` for every commit to the run, and after a lost connection came back. Returns how to stop. */
  subscribe(runId: string, wake: () => void): () => void;
  close(): Promise<void>;
};

export function createRunListener(databaseUrl: string): RunListener {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  const wakes = new Map<string, Set<() => void>>();
  let listening: Promise<void> | undefined;

  const notify = (payload: string): void => {
    const { runId } = payloadSchema.parse(JSON.parse(payload));
    for (const wake of wakes.get(runId) ?? []) wake();
  };
  const wakeAll = (): void => {
    for (const set of wakes.values()) for (const wake of set) wake();
  };
  return {
    ready() {
      // postgres.js listens again by itself after a lost connection and then calls wakeAll.
      listening ??= sql.listen(RUN_EVENTS_CHANNEL, notify, wakeAll).then(
        () => undefined,
        (error: unknown) => {
          listening = undefined;
          throw error;
        },
      );
      return listening;
    },
    subscribe(runId, wake) {
      const set = wakes.get(runId) ?? new Set();
      wakes.set(runId, set);
      set.add(wake);
      return () => {
        set.delete(wake);
        if (set.size === 0 && wakes.get(runId) === set) wakes.delete(runId);
      };
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

/** On globalThis: the bundler may load this module more than once in a process. */
const store = globalThis as typeof globalThis & { honeRunListener?: RunListener };

/** The process's listener; closed on shutdown. */
export function getRunListener(): RunListener {
  if (store.honeRunListener === undefined) {
    const listener = createRunListener(env().databaseUrl);
    shutdownSignal().addEventListener("abort", () => void listener.close().catch(() => undefined), { once: true });
    store.honeRunListener = listener;
  }
  return store.honeRunListener;
}
