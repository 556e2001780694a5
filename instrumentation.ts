/** Next.js runs this once when a web process starts: what goes on in its background. */
export async function register(): Promise<void> {
  // In this form the bundler leaves the import out of what is built for other runtimes.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { startBackground } = await import("./server/background");
    startBackground();
  }
}
