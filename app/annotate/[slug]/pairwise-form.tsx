"use client";
/** Two answers, side by side where there is room. */
import type { Answer } from "@/domain/annotation/answer";
import type { AnnotationTask } from "@/domain/annotation/task";
import { letterOf } from "@/domain/annotation/task";
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
