"use client";
/** A page that failed: what happened, and a way to try again. */
import Link from "next/link";
import { Button } from "./components/ui/button";

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="flex min-h-[60dvh] flex-col items-center justify-center gap-3 px-6 text-center" role="alert">
      <h1 className="text-xl font-semibold tracking-tight">This page could not be shown</h1>
      <p className="max-w-[60ch] text-sm text-muted">
        Something went wrong on the way. What was saved before is kept.
        {error.digest !== undefined && (
          <>
            {" "}
            The server's log has it under <code>{error.digest}</code>.
          </>
        )}
      </p>
      <div className="mt-2 flex gap-2">
        <Button variant="primary" onClick={reset}>
          Try again
        </Button>
        <Button asChild>
          <Link href="/">To the start page</Link>
        </Button>
      </div>
    </main>
  );
}
