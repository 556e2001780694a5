/** What the room's parts need, without a browser: storage, timers, tasks. */
import { createStorage, type KeyedStorage } from "../../../../app/annotate/lib/storage";
import type { AnnotationTask } from "../../../../domain/annotation/task";

export const PROJECT_ID = "00000000-0000-4000-8000-000000000001";

/** Storage that lasts as long as the test; its own fallback, kept in memory. */
export const createMemoryStorage = (): KeyedStorage =>
  createStorage(() => {
    throw new Error("no storage here");
  });

export function createTask(itemId: string, more: Partial<AnnotationTask> = {}): AnnotationTask {
  return {
    itemId,
    projectId: PROJECT_ID,
    mode: "pairwise",
    messages: [{ role: "user", content: "?" }],
    completions: [
      { id: "a", text: "A" },
      { id: "b", text: "B" },
    ],
    leaseExpiresAt: new Date(0),
    leaseSeconds: 600,
    draft: null,
    guideline: null,
    reasons: [],
    scales: [],
    imageHosts: [],
    sentBack: null,
    ...more,
  };
}

/** Timers that run when they are told to. */
export function createTimer() {
  let entries: { run: () => void; ms: number }[] = [];
  return {
    schedule: (run: () => void, ms: number) => {
      const entry = { run, ms };
      entries.push(entry);
      return () => {
        entries = entries.filter((known) => known !== entry);
      };
    },
    waiting: () => entries.map(({ ms }) => ms),
    run: () => {
      const due = entries;
      entries = [];
      for (const { run } of due) run();
    },
  };
}

/** Lets every promise that can settle do so. */
export const flush = () => new Promise<void>((resolve) => setImmediate(resolve));
