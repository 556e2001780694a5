"use client";
/** A text with the words marked that another one does not have at the same place. */
import { useDifferences } from "./use-differences";

export function DiffText({ text, other }: { text: string; other: string }) {
  const { parts, alien } = useDifferences(text, other);
  const changes = parts?.filter(({ changed }) => changed).length ?? 0;
  return (
    <>
      {(alien || (parts !== null && changes === 0)) && (
        <p className="mb-2 text-sm text-muted">{alien ? "The two have too little in common to be compared." : "Every word of it is in the other one, too."}</p>
      )}
      <p dir="auto" className="prose-hone whitespace-pre-wrap">
        {(parts ?? [{ text, changed: false }]).map(({ text: part, changed }, i) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
          changed ? <mark key={i} className="rounded-sm bg-accent-soft text-text underline decoration-accent decoration-2">{part}</mark> : <span key={i}>{part}</span>,
        )}
      </p>
    </>
  );
}
