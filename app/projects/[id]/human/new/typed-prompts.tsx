"use client";
/** Prompts that are typed for one evaluation. */
import { Plus, X } from "lucide-react";
import { Button } from "../../../../components/ui/button";
import { Textarea } from "../../../../components/ui/field";

export function TypedPrompts({
  texts,
  onChange,
  problem,
}: {
  texts: readonly string[];
  onChange: (texts: readonly string[]) => void;
  problem: (place: number) => string | null;
}) {
  return (
    <div className="flex flex-col gap-2">
      <p className="text-xs text-muted">They join the test split, so that nothing is ever trained on them.</p>
      {texts.map((text, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: prompts are told apart by their place
        <div key={i}>
          <div className="flex items-start gap-2">
            <Textarea
              aria-label={`Prompt ${i + 1}`}
              aria-invalid={problem(i) !== null || undefined}
              className="min-w-0 flex-1"
              rows={3}
              maxLength={20_000}
              value={text}
              onChange={(event) => onChange(texts.map((known, j) => (j === i ? event.target.value : known)))}
            />
            <Button
              size="icon"
              variant="ghost"
              aria-label={`Remove prompt ${i + 1}`}
              disabled={texts.length === 1}
              onClick={() => onChange(texts.filter((_, j) => j !== i))}
            >
              <X aria-hidden="true" className="size-4" />
            </Button>
          </div>
          {problem(i) !== null && (
            <p role="alert" className="text-sm text-failed">
              {problem(i)}
            </p>
          )}
        </div>
      ))}
      <div>
        <Button size="sm" disabled={texts.length >= 100} onClick={() => onChange([...texts, ""])}>
          <Plus aria-hidden="true" className="size-4" />
          Another prompt
        </Button>
      </div>
    </div>
  );
}
