/** The web process: how it is started, and when it serves. */
import { createServer } from "node:net";
import path from "node:path";
import type { Env } from "../../server/env";
import { ROOT } from "./root";

/** What `node` is given to run the web process. */
export const webArguments = ({ port, host }: Pick<Env, "port" | "host">): string[] => [
  // Requests leave much short-lived garbage: with room for it, less of it is moved about before it is dropped.
  "--max-semi-space-size=64",
  // Without it four times what is in use may lie about before it is looked through, and memory seems to grow under load.
  "--heap-growing-percent=50",
  path.join(ROOT, "scripts/lib/serve.mjs"),
  "--port",
  String(port),
  "--hostname",
  host,
];

/** Whether something else listens there already. */
export function isPortTaken(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(true);
      else if (error.code === "EACCES") reject(new Error(`PORT: ${port} may not be used by this account; choose one above 1023`));
      else reject(new Error(`HOST: cannot listen on ${host}: ${error.message}`));
    });
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}

/** Waits until the web process says that it and its database serve. @throws when it has ended, or after `timeoutMs`. */
export async function waitUntilServing(
  { port, host }: Pick<Env, "port" | "host">,
  hasEnded: () => boolean,
  timeoutMs = 60_000,
): Promise<void> {
  const address = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const response = await fetch(`http://${address.includes(":") ? `[${address}]` : address}:${port}/api/health`);
      if (response.ok) return;
    } catch {
      // Not listening yet.
    }
    if (hasEnded()) throw new Error("The web process ended before it served; see web.log in the data folder");
    if (Date.now() > deadline)
      throw new Error(`The web process does not serve after ${timeoutMs / 1000} s; see web.log in the data folder`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
