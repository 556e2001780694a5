"use client";
/** Two answers side by side and the seven steps between them. */
import type { Answer } from "@/domain/annotation/answer";
import type { AnnotationTask } from "@/domain/annotation/task";
import { letterOf } from "@/domain/annotation/task";
import { MARGIN_LABELS } from "@/domain/judgement";
import { cn } from "../../components/ui/cn";
import { type TextMode, TextView } from "../../components/text-view";

export function PairwiseTexts({ task, mode, choice }: { task: AnnotationTask; mode: TextMode; choice: Answer["choice"] }) {
  return (
    <div className="grid gap-4 md:grid-cols-2">
      {task.completions.map(({ id, text }, position) => {
        const preferred = typeof choice === "number" && (position === 0 ? choice < 0 : choice > 0);
        return (
          <section key={id} aria-label={`Answer ${letterOf(position)}`} className={cn("rounded-lg border bg-surface p-4", preferred && "border-accent ring-1 ring-accent")}>
            <h2 className="mb-2 flex items-center justify-between text-sm font-semibold text-muted">
              {letterOf(position)}
              {preferred && <span className="text-accent">Preferred</span>}
            </h2>
            <TextView text={text} mode={mode} other={task.completions[1 - position]?.text} />
          </section>
        );
      })}
    </div>
  );
}

export function MarginScale({ choice, onChoose }: { choice: Answer["choice"]; onChoose: (choice: NonNullable<Answer["choice"]>) => void }) {
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
                "relative flex min-h-14 cursor-pointer flex-col items-center justify-center rounded-md border px-0.5 py-1 text-center text-xs leading-tight has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
                chosen ? "border-accent bg-accent text-on-accent" : "border-control bg-surface hover:bg-sunken",
              )}
            >
              <input type="radio" name="margin" className="sr-only" checked={chosen} onChange={() => onChoose(margin)} aria-label={label} />
              <span aria-hidden="true" className="font-semibold">{margin === 0 ? "=" : `${margin < 0 ? "A" : "B"}${"+".repeat(Math.abs(margin) - 1)}`}</span>
              <span aria-hidden="true" className="hidden sm:block">{label}</span>
            </label>
          );
        })}
      </div>
      <p aria-hidden="true" className="mt-1 min-h-5 text-center text-sm text-muted sm:hidden">
        {typeof choice === "number" ? MARGIN_LABELS[choice + 3] : choice === "both_bad" ? "Both bad" : "Which is better?"}
      </p>
    </fieldset>
  );
}
