"use client";
/** One completion: its letter, what can be done with it, and its text or its whole conversation. */
import type { ReactNode } from "react";
import { letterOf, type ShownCompletion } from "@/domain/annotation/task";
import { Conversation } from "../../components/text/conversation";
import { type TextMode, TextView } from "../../components/text/text-view";
import { cn } from "../../components/ui/cn";

/** Reading: how texts are shown, and the shown position that "diff" marks the differences from. */
export type Reading = { mode: TextMode; base: number | null };

/** Of a pair each is compared with the other; of more, all with the base. */
export function textToCompare(completions: readonly ShownCompletion[], position: number, base: number | null): string | undefined {
  if (base === null) return undefined;
  const other = completions.length === 2 ? 1 - position : base;
  return other === position ? undefined : completions[other]?.text;
}

export function CompletionText({
  completions,
  position,
  reading,
}: {
  completions: readonly ShownCompletion[];
  position: number;
  reading: Reading;
}) {
  const completion = completions[position];
  if (completion === undefined) return null;
  const other = textToCompare(completions, position, reading.base);
  if (completion.turns !== undefined && reading.mode !== "diff")
    return <Conversation messages={completion.turns} mode={reading.mode} named />;
  return <TextView text={completion.text} mode={reading.mode} other={other} />;
}

type Props = {
  completions: readonly ShownCompletion[];
  position: number;
  reading: Reading;
  chosen?: boolean;
  mark?: string;
  actions?: ReactNode;
  children?: ReactNode;
};

export function AnswerCard({ completions, position, reading, chosen = false, mark, actions, children }: Props) {
  const letter = letterOf(position);
  return (
    <section
      aria-label={`Answer ${letter}`}
      data-answer={position}
      className={cn("min-w-0 scroll-mt-4 rounded-lg border bg-surface p-3 sm:p-4", chosen && "border-accent ring-1 ring-accent")}
    >
      <div className="mb-2 flex min-h-6 items-center justify-between gap-2 text-sm">
        <h2 className="font-semibold text-muted">{completions.length === 1 ? "Answer" : letter}</h2>
        {chosen && mark !== undefined && <span className="font-semibold text-accent">{mark}</span>}
        {reading.mode === "diff" && reading.base === position && completions.length > 2 && (
          <span className="text-muted">the others are compared with this one</span>
        )}
        {actions}
      </div>
      <CompletionText completions={completions} position={position} reading={reading} />
      {children}
    </section>
  );
}
