"use client";
/** The seven steps between A and B, each with its key; on phones signs stand for the words below them. */
import type { FormOf } from "@/domain/annotation/answer";
import { MARGIN_LABELS } from "@/domain/judgement";
import { cn } from "../../components/ui/cn";

const signOf = (margin: number) => (margin === 0 ? "=" : `${margin < 0 ? "A" : "B"}${"+".repeat(Math.abs(margin) - 1)}`);

export function MarginScale({ choice, onChoose }: { choice: FormOf<"pairwise">["choice"]; onChoose: (margin: number) => void }) {
  return (
    <fieldset>
      <legend className="sr-only">Which answer is better?</legend>
      <div className="grid grid-cols-7 gap-1">
        {MARGIN_LABELS.map((label, i) => {
          const margin = i - 3;
          const chosen = choice === margin;
          return (
            <label
              key={label}
              className={cn(
                "relative flex min-h-12 cursor-pointer flex-col items-center justify-center rounded-md border px-0.5 py-1 text-center text-sm leading-tight has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
                chosen ? "border-accent bg-accent text-on-accent" : "border-control bg-surface hover:bg-sunken",
              )}
            >
              <input type="radio" name="margin" className="sr-only" checked={chosen} onChange={() => onChoose(margin)} aria-label={label} />
              <span aria-hidden="true" className="font-semibold sm:hidden">
                {signOf(margin)}
              </span>
              <span aria-hidden="true" className="hidden sm:block">
                {label}
              </span>
              <span
                aria-hidden="true"
                className={cn("hidden font-mono text-[11px] sm:pointer-fine:block", chosen ? "text-on-accent" : "text-muted")}
              >
                {i + 1}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
