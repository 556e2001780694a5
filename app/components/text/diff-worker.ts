/** Compares texts beside the page, so that no key waits for it. */
import { markChanges, markDifferences } from "@/domain/annotation/word-diff";

export type Comparison = { kind: "differences" | "changes"; text: string; other: string };

self.onmessage = ({ data: { id, kind, text, other } }: MessageEvent<Comparison & { id: number }>) => {
  self.postMessage({ id, parts: kind === "changes" ? markChanges(other, text) : markDifferences(text, other) });
};
