"use client";
/** The browser's side of tRPC: batched calls, live events over SSE, and the query cache. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import superjson from "superjson";
import type { AppRouter } from "@/server/root";
import { ToastProvider } from "./components/ui/toast";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

const URL_PATH = "/api/trpc";

/** The server refused for good: asking again would give the same answer. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const status = (error as TRPCClientError<AppRouter>).data?.httpStatus;
  return status !== undefined && status >= 400 && status < 500 && status !== 429;
}

/** What to tell the person: the server's own words, or that it could not be reached. */
export function errorMessage(error: unknown): string {
  if (error instanceof TRPCClientError && (error as TRPCClientError<AppRouter>).data != null) return error.message;
  return "The server could not be reached. Check the connection and try again.";
}

/** The message of one input field from a failed call, or null. `field` as the server names it ("email"). */
export function fieldError(error: unknown, field: string): string | null {
  if (!(error instanceof TRPCClientError)) return null;
  const fields = (error as TRPCClientError<AppRouter>).data?.fields ?? [];
  return fields.find((f) => f.field === field)?.message ?? null;
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => !isFinal(error) && failures < 3,
      },
    },
  });
}

function createClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === "subscription",
        true: httpSubscriptionLink({ url: URL_PATH, transformer: superjson }),
        false: httpBatchLink({ url: URL_PATH, transformer: superjson, maxURLLength: 2_000 }),
      }),
    ],
  });
}

/** Everything the client components need around them. */
export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <ToastProvider>{children}</ToastProvider>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
