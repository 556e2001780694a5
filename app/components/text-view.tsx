/** A prompt or a completion: Markdown without raw HTML, plain text, or with the words marked that the other lacks. */
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { markDifferences } from "@/domain/annotation/word-diff";

export type TextMode = "rendered" | "raw" | "diff";

export function TextView({ text, mode, other }: { text: string; mode: TextMode; other?: string }) {
  const parts = mode === "diff" && other !== undefined ? markDifferences(text, other) : null;
  if (parts !== null) {
    return (
      <p dir="auto" className="max-w-[75ch] whitespace-pre-wrap break-words">
        {parts.map(({ text: part, changed }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
          <span key={i}>{changed ? <mark className="rounded-sm bg-accent-soft text-text underline decoration-2">{part}</mark> : part}</span>
        ))}
      </p>
    );
  }
  if (mode === "raw") return <p dir="auto" className="max-w-[75ch] font-mono text-sm whitespace-pre-wrap break-words">{text}</p>;
  return (
    <div dir="auto" className="prose-hone max-w-[75ch] break-words [&_p]:whitespace-pre-wrap [&_p+p]:mt-3 [&_pre]:overflow-x-auto [&_ul]:list-disc [&_ul]:pl-5 [&_ol]:list-decimal [&_ol]:pl-5">
      <Markdown remarkPlugins={[remarkGfm]}>{text}</Markdown>
    </div>
  );
}
