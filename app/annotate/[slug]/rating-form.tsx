"use client";
/** Each answer on each scale of the project: by buttons, and by digits that walk from scale to scale. */
import { useEffect, useRef } from "react";
import type { FormOf } from "@/domain/annotation/answer";
import { type AnnotationTask, letterOf } from "@/domain/annotation/task";
import type { Scale } from "@/domain/scale";
import { cn } from "../../components/ui/cn";
import { AnswerCard, type Reading } from "./answer-card";

type Props = {
  task: AnnotationTask;
  form: FormOf<"rating">;
  reading: Reading;
  focused: number;
  onFocus: (cell: number) => void;
  onScore: (cell: number, score: number) => void;
};

export function RatingForm({ task, form, reading, focused, onFocus, onScore }: Props) {
  const width = task.scales.length;
  return (
    <div className={cn("grid gap-4", task.completions.length > 1 && "@3xl:grid-cols-2")}>
      {task.completions.map(({ id }, position) => (
        <AnswerCard key={id} completions={task.completions} position={position} reading={reading}>
          <div className="mt-4 space-y-3 border-t pt-3">
            {task.scales.map((scale, j) => {
              const cell = position * width + j;
              return (
                <ScaleRow
                  key={scale.name}
                  scale={scale}
                  group={`${id}-${j}`}
                  owner={task.completions.length > 1 ? letterOf(position) : null}
                  score={form.scores[position]?.[j] ?? null}
                  focused={cell === focused}
                  onFocus={() => onFocus(cell)}
                  onScore={(score) => onScore(cell, score)}
                />
              );
            })}
          </div>
        </AnswerCard>
      ))}
    </div>
  );
}

type RowProps = {
  scale: Scale;
  group: string;
  owner: string | null;
  score: number | null;
  focused: boolean;
  onFocus: () => void;
  onScore: (score: number) => void;
};

function ScaleRow({ scale, group, owner, score, focused, onFocus, onScore }: RowProps) {
  const row = useRef<HTMLFieldSetElement>(null);
  // Where the keys are must be seen. The first row is not gone to: the answer above it is read first.
  const shown = useRef(focused);
  useEffect(() => {
    // A finger or a mouse is there already: what it presses must not move away under it.
    const pressed = row.current?.contains(document.activeElement) === true;
    if (focused && !shown.current && !pressed) row.current?.scrollIntoView({ block: "nearest" });
    shown.current = focused;
  }, [focused]);
  const { name, points, low, high } = scale;
  return (
    <fieldset
      ref={row}
      onFocusCapture={onFocus}
      className={cn(
        "scroll-mt-20 scroll-mb-44 rounded-md border border-transparent p-1.5",
        focused && "pointer-fine:border-accent pointer-fine:bg-accent-soft",
      )}
    >
      <legend className="sr-only">{owner === null ? name : `${name}, answer ${owner}`}</legend>
      <p aria-hidden="true" className="mb-1 flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
        <span className="font-medium">{name}</span>
        {(low !== "" || high !== "") && (
          <span className="text-xs text-muted">
            1 {low}
            {high === "" ? "" : ` – ${points} ${high}`}
          </span>
        )}
      </p>
      <div className={cn("grid gap-1", points > 7 ? "grid-cols-5 sm:grid-cols-10" : "auto-cols-fr grid-flow-col")}>
        {Array.from({ length: points }, (_, i) => i + 1).map((value) => {
          const chosen = score === value;
          const words =
            value === 1 && low !== "" ? `${value}, ${low}` : value === points && high !== "" ? `${value}, ${high}` : String(value);
          return (
            <label
              key={value}
              className={cn(
                "relative flex h-9 cursor-pointer items-center justify-center rounded-md border text-sm tabular-nums has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:h-11",
                chosen ? "border-accent bg-accent font-semibold text-on-accent" : "border-control bg-surface hover:bg-sunken",
              )}
            >
              <input type="radio" name={group} className="sr-only" checked={chosen} onChange={() => onScore(value)} aria-label={words} />
              <span aria-hidden="true">{value}</span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
