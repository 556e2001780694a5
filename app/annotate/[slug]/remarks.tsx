"use client";
/** What is said beside a choice: reasons of the project, and words of one's own. */
import { cn } from "../../components/ui/cn";

export function Reasons({
  offered,
  chosen,
  onChange,
}: {
  offered: readonly string[];
  chosen: readonly string[];
  onChange: (reasons: string[]) => void;
}) {
  if (offered.length === 0) return null;
  return (
    <fieldset className="flex flex-wrap gap-2" aria-label="Reasons">
      {offered.map((reason) => {
        const on = chosen.includes(reason);
        return (
          <button
            key={reason}
            type="button"
            aria-pressed={on}
            // The mouse takes no focus: Enter still submits after a click.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onChange(on ? chosen.filter((known) => known !== reason) : [...chosen, reason])}
            className={cn(
              "rounded-full border px-3 py-1 text-sm pointer-coarse:min-h-11",
              on ? "border-accent bg-accent-soft" : "border-control bg-surface hover:bg-sunken",
            )}
          >
            {reason}
          </button>
        );
      })}
    </fieldset>
  );
}

export function Comment({ value, onChange }: { value: string; onChange: (comment: string) => void }) {
  return (
    <label className="block">
      <span className="sr-only">Comment</span>
      <textarea
        id="comment"
        dir="auto"
        rows={1}
        maxLength={4000}
        placeholder="Comment (optional)"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="field-sizing-content w-full rounded-md border border-control bg-surface px-3 py-2"
      />
    </label>
  );
}
