"use client";
/** Several answers, of which one is chosen. */
import type { FormOf } from "@/domain/annotation/answer";
import { type AnnotationTask, letterOf } from "@/domain/annotation/task";
import { Button } from "../../components/ui/button";
import { AnswerCard, type Reading } from "./answer-card";

type Props = { task: AnnotationTask; form: FormOf<"best_of_n">; reading: Reading; onChoose: (position: number) => void };

export function BestOfNForm({ task, form, reading, onChoose }: Props) {
  return (
    <div className="grid gap-4 @3xl:grid-cols-2">
      {task.completions.map(({ id }, position) => {
        const chosen = form.choice === position;
        return (
          <AnswerCard
            key={id}
            completions={task.completions}
            position={position}
            reading={reading}
            chosen={chosen}
            actions={
              <Button
                size="sm"
                aria-pressed={chosen}
                aria-label={`Choose answer ${letterOf(position)}`}
                className="aria-pressed:border-accent aria-pressed:bg-accent aria-pressed:text-on-accent"
                onClick={() => onChoose(position)}
              >
                {chosen ? "Best" : "Choose"}
              </Button>
            }
          />
        );
      })}
    </div>
  );
}

/** The same choice under the thumb. */
export function BestOfNBar({ count, form, onChoose }: { count: number; form: FormOf<"best_of_n">; onChoose: (position: number) => void }) {
  return (
    <fieldset>
      <legend className="sr-only">Which answer is best?</legend>
      <div className="flex gap-1">
        {Array.from({ length: count }, (_, position) => {
          const chosen = form.choice === position;
          return (
            <label
              key={letterOf(position)}
              className={`relative flex min-h-12 min-w-0 flex-1 cursor-pointer flex-col items-center justify-center rounded-md border py-1 text-sm leading-tight font-semibold has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent ${chosen ? "border-accent bg-accent text-on-accent" : "border-control bg-surface hover:bg-sunken"}`}
            >
              <input
                type="radio"
                name="best"
                className="sr-only"
                checked={chosen}
                onChange={() => onChoose(position)}
                aria-label={`${letterOf(position)} is best`}
              />
              <span aria-hidden="true">{letterOf(position)}</span>
              <span
                aria-hidden="true"
                className={`hidden font-mono text-[11px] font-normal sm:pointer-fine:block ${chosen ? "text-on-accent" : "text-muted"}`}
              >
                {position + 1}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
