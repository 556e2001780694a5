/** tRPC over HTTP: queries, mutations and, as server-sent events, subscriptions. */
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { appRouter } from "@/server/root";
import { createContext } from "@/server/session";
import { logServerError } from "@/server/trpc";

export const dynamic = "force-dynamic";

function handler(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    createContext,
    onError: logServerError,
  });
}

export { handler as GET, handler as POST };
