"use client";
/** A text to write: an answer of one's own, or one that is put right beside the original. */
import { useDeferredValue } from "react";
import type { FormOf } from "@/domain/annotation/answer";
import type { AnnotationTask } from "@/domain/annotation/task";
import { MAX_WRITTEN } from "@/domain/judgement";
import { ChangesText } from "../../components/text/diff-text";
import { TextView } from "../../components/text/text-view";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import type { Reading } from "./answer-card";

/** Where the editor is found by key E. */
export const WRITTEN_ID = "written-answer";
/** Beyond it a field that grows with its text would be measured anew with every letter. */
const LONG = 20_000;

type Props = { task: AnnotationTask; form: FormOf<"edit" | "demonstration">; reading: Reading; onChange: (text: string) => void };

export function WrittenForm({ task, form, reading, onChange }: Props) {
  const original = form.mode === "edit" ? (task.completions[0]?.text ?? "") : null;
  const edited = useDeferredValue(form.text);
  const changed = original !== null && form.text !== original;
  return (
    <div className={cn("grid gap-4", original !== null && "@3xl:grid-cols-2")}>
      {original !== null && (
        <section aria-label="Answer" data-answer={0} className="min-w-0 rounded-lg border bg-surface p-3 sm:p-4">
          <h2 className="mb-2 min-h-6 text-sm font-semibold text-muted">{reading.mode === "diff" ? "Your changes" : "Answer"}</h2>
          {reading.mode === "diff" ? <ChangesText before={original} after={edited} /> : <TextView text={original} mode={reading.mode} />}
        </section>
      )}
      <section
        aria-label={original === null ? "Your answer" : "Edited answer"}
        className="flex min-w-0 flex-col rounded-lg border bg-surface p-3 sm:p-4"
      >
        <div className="mb-2 flex min-h-6 items-center justify-between gap-2 text-sm">
          <h2 className="font-semibold text-muted">{original === null ? "Your answer" : "Edited answer"}</h2>
          {changed && (
            <Button size="sm" variant="ghost" onClick={() => onChange(original)}>
              Start over
            </Button>
          )}
        </div>
        <textarea
          id={WRITTEN_ID}
          aria-label={original === null ? "Your answer" : "Edited answer"}
          dir="auto"
          rows={original === null ? 10 : 6}
          maxLength={MAX_WRITTEN}
          value={form.text}
          placeholder={original === null ? "Write the answer that you would want" : undefined}
          onChange={(event) => onChange(event.target.value)}
          className={cn(
            "w-full flex-1 rounded-md border border-control bg-surface px-3 py-2 leading-relaxed",
            form.text.length > LONG ? "h-[60dvh]" : "field-sizing-content min-h-40",
          )}
        />
      </section>
    </div>
  );
}
