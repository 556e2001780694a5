"use client";
/** Two answers, side by side where there is room. */
import type { FormOf } from "@/domain/annotation/answer";
import type { AnnotationTask } from "@/domain/annotation/task";
import { AnswerCard, type Reading } from "./answer-card";

export function PairwiseForm({ task, form, reading }: { task: AnnotationTask; form: FormOf<"pairwise">; reading: Reading }) {
  const { choice } = form;
  return (
    <div className="grid gap-4 @3xl:grid-cols-2">
      {task.completions.map(({ id }, position) => (
        <AnswerCard
          key={id}
          completions={task.completions}
          position={position}
          reading={reading}
          chosen={typeof choice === "number" && (position === 0 ? choice < 0 : choice > 0)}
          mark="Preferred"
        />
      ))}
    </div>
  );
}
