"use client";
/** Texts compared word by word: what another one does not have at the same place, or what was taken out and put in. */
import { cn } from "../ui/cn";
import { useComparison } from "./use-comparison";

const ALIEN = "The two have too little in common to be compared.";
const TEXT = "prose-hone whitespace-pre-wrap [unicode-bidi:plaintext]";

export function DiffText({ text, other }: { text: string; other: string }) {
  const { parts, alien } = useComparison("differences", text, other);
  const same = parts?.every(({ changed }) => !changed) ?? false;
  return (
    <>
      {(alien || same) && <p className="mb-2 text-sm text-muted">{alien ? ALIEN : "Every word of it is in the other one, too."}</p>}
      <p dir="auto" className={TEXT}>
        {(parts ?? [{ text, changed: false }]).map(({ text: part, changed }, i) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
          changed ? (
            <mark key={i} className="rounded-sm bg-accent-soft text-text underline decoration-accent decoration-2">
              {part}
            </mark>
          ) : (
            <span key={i}>{part}</span>
          ),
        )}
      </p>
    </>
  );
}

/** `before` with what was taken out struck through and what was put in underlined. */
export function ChangesText({ before, after }: { before: string; after: string }) {
  const { parts, alien } = useComparison("changes", after, before);
  return (
    <>
      {(alien || before === after) && <p className="mb-2 text-sm text-muted">{alien ? ALIEN : "Nothing is changed yet."}</p>}
      <p dir="auto" className={TEXT}>
        {(parts ?? [{ text: after, change: "same" as const }]).map(({ text, change }, i) => {
          const Tag = change === "removed" ? "del" : change === "added" ? "ins" : "span";
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
          return (
            <Tag
              key={i}
              className={cn(
                change === "removed" && "rounded-sm bg-rejected-soft text-rejected",
                change === "added" && "rounded-sm bg-chosen-soft text-chosen decoration-2",
              )}
            >
              {text}
            </Tag>
          );
        })}
      </p>
    </>
  );
}
