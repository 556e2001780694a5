/**
 * The web process: `node serve.mjs --port P --hostname H`. Next.js, and before it the annotators' calls, whose handler its own
 * bundle offers (server/annotate-handler.ts).
 */
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import next from "next";

const { values } = parseArgs({ options: { port: { type: "string" }, hostname: { type: "string" } } });
const port = Number(values.port);
const hostname = values.hostname;
const dir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

// Longer than the minute that load balancers and browsers keep a connection: whoever closes first must not be us, as a request may be
// on its way just then.
const server = createServer({ keepAliveTimeout: 75_000 });
const app = next({ dev: false, dir, hostname, port, httpServer: server });
await app.prepare();
const handle = app.getRequestHandler();
server.on("request", (req, res) => {
  if (!globalThis.honeAnnotate?.(req, res)) void handle(req, res);
});

for (const signal of ["SIGTERM", "SIGINT"])
  process.once(signal, () => {
    // Streams end on the same signal (server/shutdown.ts); what is being answered is answered.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
server.listen(port, hostname);
