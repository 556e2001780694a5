/** The live stream of a run's events: everything after a sequence number, then whatever comes, each once and in order. */
import { readRunEvents } from "../../db/queries/run-events";
import type { StoredRunEvent } from "../../domain/run-series";
import { requireProject } from "../access";
import type { UserContext } from "../context";
import type { RunListener } from "../run-listener";

const PAGE = 500;
/** Without a notification, the table is looked at this often, ms: a lost one delays and never loses. */
const FALLBACK_MS = 10_000;

export type RunEventPage = { lastSeq: number; events: StoredRunEvent[] };

/** A signal that can be raised before anybody waits for it. */
function createBell(signal: AbortSignal) {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const wait = async (timeoutMs: number): Promise<void> => {
    if (!rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    }
    rung = false;
  };
  signal.addEventListener("abort", ring, { once: true });
  return { ring, wait, stop: () => signal.removeEventListener("abort", ring) };
}

/**
 * Pages of events with a sequence number above `afterSeq`, until `signal` aborts. It listens before it
 * reads, and reads by sequence number, so that nothing is missed or sent twice. Throws NOT_FOUND.
 */
export async function* streamRunEvents(
  ctx: UserContext,
  input: { runId: string; afterSeq: number },
  { listener, signal }: { listener: RunListener; signal: AbortSignal },
): AsyncGenerator<RunEventPage> {
  const bell = createBell(signal);
  const unsubscribe = listener.subscribe(input.runId, bell.ring);
  try {
    await listener.ready();
    let cursor = input.afterSeq;
    while (!signal.aborted) {
      // Asked with each page: whoever is removed from the project hears no more of it.
      await requireProject(ctx, { run: input.runId }, "researcher");
      const rows = await readRunEvents(ctx.db, input.runId, cursor, PAGE);
      const last = rows.at(-1);
      if (last !== undefined) {
        cursor = last.seq;
        yield { lastSeq: cursor, events: rows.map(({ seq, attempt, event, createdAt }) => ({ seq, attempt, event, createdAt })) };
      }
      if (rows.length < PAGE) await bell.wait(FALLBACK_MS);
    }
  } finally {
    unsubscribe();
    bell.stop();
  }
}
