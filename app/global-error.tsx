"use client";
/** When even the root layout failed: plain, with nothing that could fail again. */
export default function GlobalError({ reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body style={{ fontFamily: "system-ui, sans-serif", margin: "4rem auto", maxWidth: "40rem", padding: "0 1rem" }}>
        <main>
          <h1>Hone could not be shown</h1>
          <p>Something went wrong on the server. What was saved before is kept.</p>
          <button type="button" onClick={reset}>
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
