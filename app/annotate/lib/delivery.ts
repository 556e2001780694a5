/** What an answer of the server means for what was sent. */
import { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "@/server/root";

/** The server's answer will not change by asking again. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof TRPCClientError)) return false;
  const status = (error as TRPCClientError<AppRouter>).data?.httpStatus;
  return status !== undefined && status >= 400 && status < 500 && status !== 429 && status !== 401;
}

/** Calls `run` after `ms`; returns how to call it off. */
export function schedule(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
