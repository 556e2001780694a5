/**
 * One AbortSignal that aborts when the process is asked to stop. Open event streams end on it;
 * without that, `next start` waits for them for ever after SIGTERM.
 */
type Shutdown = { controller: AbortController };

/** On globalThis, because the bundler may load this module more than once in a process. */
const store = globalThis as typeof globalThis & { honeShutdown?: Shutdown };

function createShutdown(): Shutdown {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGTERM", abort);
  process.once("SIGINT", abort);
  return { controller };
}

/** Aborted from the first SIGTERM or SIGINT on. */
export function shutdownSignal(): AbortSignal {
  store.honeShutdown ??= createShutdown();
  return store.honeShutdown.controller.signal;
}
