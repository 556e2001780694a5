/**
 * The address a request came from: the first hop that `next` or a proxy in front of it wrote down.
 * A caller can make it up where nothing in front overwrites it, so limits never rest on it alone.
 */
export function networkAddress(forwardedFor: string | null): string {
  return forwardedFor?.split(",")[0]?.trim() || "unknown";
}
