/** Compares texts beside the page, so that no key waits for it. */
import { markDifferences } from "@/domain/annotation/word-diff";

self.onmessage = ({ data }: MessageEvent<{ id: number; text: string; other: string }>) => {
  self.postMessage({ id: data.id, parts: markDifferences(data.text, data.other) });
};
