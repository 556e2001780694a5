/**
 * The calls that annotators make all day (annotate.*), answered in front of Next.js: its way of a request through proxy, router and
 * renderer costs more than the call itself. Procedures, context and headers are the same as behind app/api/trpc.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import compression from "compression";
import { parseCookie } from "cookie";
import { SECURITY_HEADERS } from "../domain/security-headers";
import type { ServiceContext } from "./context";
import { getDb } from "./database";
import { networkAddress } from "./network-address";
import { appRouter } from "./root";
import { userOfCookies } from "./session-token";
import { logServerError } from "./trpc";

const PREFIX = "/api/trpc/";
/** Of one request; a judgement's texts are far below it. */
const MAX_BODY_BYTES = 4_000_000;

const compress = compression();

async function createContext(req: IncomingMessage): Promise<ServiceContext> {
  const cookies = Object.entries(parseCookie(req.headers.cookie ?? "")).map(([name, value = ""]) => ({ name, value }));
  const forwarded = req.headers["x-forwarded-for"];
  return {
    db: getDb(),
    user: await userOfCookies(cookies),
    address: networkAddress([forwarded].flat()[0] ?? req.socket.remoteAddress ?? null),
  };
}

/** Answers where every procedure of the request is one of annotate's; false, and nothing done, for all else. */
function handleAnnotate(req: IncomingMessage, res: ServerResponse): boolean {
  const url = req.url ?? "";
  if (req.method !== "POST" || !url.startsWith(PREFIX)) return false;
  const query = url.indexOf("?");
  const path = url.slice(PREFIX.length, query === -1 ? undefined : query);
  if (!path.split(/,|%2C/i).every((name) => name.startsWith("annotate."))) return false;
  for (const { key, value } of SECURITY_HEADERS) res.setHeader(key, value);
  const answer = () =>
    nodeHTTPRequestHandler({
      router: appRouter,
      createContext: () => createContext(req),
      req,
      res,
      path,
      maxBodySize: MAX_BODY_BYTES,
      onError: logServerError,
    });
  // What compresses looks at a request as Express has it, which is the same in all that it reads.
  compress(req as Parameters<typeof compress>[0], res as Parameters<typeof compress>[1], () => void answer());
  return true;
}

export type AnnotateHandler = typeof handleAnnotate;

/** Gives the handler to the process's server (scripts/lib/serve.mjs), which is not part of the bundle. */
export function offerAnnotateHandler(): void {
  (globalThis as typeof globalThis & { honeAnnotate?: AnnotateHandler }).honeAnnotate = handleAnnotate;
}
