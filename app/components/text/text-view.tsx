"use client";
/** A prompt or a completion: Markdown without raw HTML, plain text, or with the words marked that another one lacks. */
import { memo } from "react";
import { DiffText } from "./diff-text";
import { MarkdownText } from "./markdown-text";
import { splitMarkdown } from "@/domain/annotation/markdown";
import { usePieces } from "./use-pieces";

export type TextMode = "rendered" | "raw" | "diff";

/** `other` is what "diff" marks the differences from; without one the text is shown as it is. */
export const TextView = memo(function TextView({ text, mode, other }: { text: string; mode: TextMode; other?: string | undefined }) {
  if (text.trim() === "") return <p className="text-muted">(empty)</p>;
  if (mode === "diff" && other !== undefined) return <DiffText text={text} other={other} />;
  return mode === "rendered" ? <MarkdownText text={text} /> : <RawText text={text} mono={mode === "raw"} />;
});

function RawText({ text, mono }: { text: string; mono: boolean }) {
  const pieces = usePieces(text, splitMarkdown);
  return (
    <div className={mono ? "prose-hone font-mono text-sm" : "prose-hone"}>
      {pieces.map((piece, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change places
        <p key={i} dir="auto" className="text-piece whitespace-pre-wrap [unicode-bidi:plaintext]">
          {piece}
        </p>
      ))}
    </div>
  );
}
