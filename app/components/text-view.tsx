/** A prompt or a completion: Markdown without raw HTML, plain text, or with the words marked that the other lacks. */
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { markDifferences } from "@/domain/annotation/word-diff";

export type TextMode = "rendered" | "raw" | "diff";

export function TextView({ text, mode, other }: { text: string; mode: TextMode; other?: string }) {
  const parts = mode === "diff" && other !== undefined ? markDifferences(text, other) : null;
  if (parts !== null) {
    return (
      <p dir="auto" className="prose-hone whitespace-pre-wrap">
        {parts.map(({ text: part, changed }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
          <span key={i}>{changed ? <mark className="rounded-sm bg-accent-soft text-text underline decoration-2">{part}</mark> : part}</span>
        ))}
      </p>
    );
  }
  if (mode === "raw") return <p dir="auto" className="prose-hone font-mono text-sm whitespace-pre-wrap">{text}</p>;
  return (
    <div dir="auto" className="prose-hone [&_p]:whitespace-pre-wrap">
      <Markdown remarkPlugins={[remarkGfm]}>{text}</Markdown>
    </div>
  );
}
