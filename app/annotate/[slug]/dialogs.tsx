"use client";
/** Skip with a cause, flag with a note, the keys, the guidelines. */
import { useState } from "react";
import { type ItemMode, type SkipCause, skipCauseSchema } from "@/domain/judgement";
import { Button } from "../../components/ui/button";
import { Dialog, DialogContent } from "../../components/ui/dialog";
import { Field, Textarea } from "../../components/ui/field";
import { Kbd } from "../../components/ui/kbd";
import { TextView } from "../../components/text/text-view";

type Openness = { open: boolean; onOpenChange: (open: boolean) => void };

const CAUSES: Record<SkipCause, string> = {
  cannot_judge: "I cannot judge this",
  unclear_prompt: "The prompt is unclear",
  not_my_language: "Not my language",
  other: "Something else",
};

export function SkipDialog({ open, onOpenChange, onSkip }: Openness & { onSkip: (cause: SkipCause) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent title="Skip this item" description="Somebody else will judge it; it does not come back to you.">
        <fieldset
          aria-label="Cause"
          className="grid gap-2"
          onKeyDown={(event) => {
            const cause = skipCauseSchema.options[Number(event.key) - 1];
            if (cause !== undefined) onSkip(cause);
          }}
        >
          {skipCauseSchema.options.map((cause, i) => (
            <Button key={cause} size="lg" data-start={i === 0 ? "" : undefined} onClick={() => onSkip(cause)}>
              {CAUSES[cause]}{" "}
              <span className="hidden pointer-fine:inline">
                <Kbd>{i + 1}</Kbd>
              </span>
            </Button>
          ))}
        </fieldset>
      </DialogContent>
    </Dialog>
  );
}

export function FlagDialog({ open, onOpenChange, onFlag }: Openness & { onFlag: (note: string) => void }) {
  const [note, setNote] = useState("");
  const send = () => {
    if (note.trim() === "") return;
    onFlag(note.trim());
    setNote("");
  };
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title="Flag this item"
        description="A researcher will look at it. It is not judged."
        footer={
          <Button variant="primary" disabled={note.trim() === ""} onClick={send}>
            Flag
          </Button>
        }
      >
        <Field label="What is wrong with it?" hint="Ctrl Enter sends it">
          <Textarea
            value={note}
            maxLength={2000}
            rows={4}
            onChange={(event) => setNote(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
            }}
          />
        </Field>
      </DialogContent>
    </Dialog>
  );
}

type KeyHelp = readonly (readonly [keys: string[], what: string])[];

const MODE_KEYS: Record<ItemMode, KeyHelp> = {
  pairwise: [
    [["1", "…", "7"], "A much better … B much better"],
    [["←", "→"], "One step towards A or B"],
    [["B"], "Both bad"],
    [["D"], "Mark the words that differ"],
  ],
  best_of_n: [
    [["1", "…", "9"], "Choose A … I"],
    [["←", "→"], "The answer before or after"],
    [["B"], "None is good"],
    [["D"], "Mark the words that differ from A; again, from B"],
  ],
  rating: [
    [["1", "…", "9"], "Give this score and go on; 0 is 10"],
    [["←", "→"], "One less or one more"],
    [["↑", "↓"], "Go to another scale"],
    [["D"], "Mark the words that differ from A; again, from B"],
  ],
  edit: [
    [["E"], "Edit; Escape leaves the field"],
    [["Ctrl", "Enter"], "Submit from within the field"],
    [["D"], "Mark the words that you changed"],
  ],
  demonstration: [
    [["E"], "Write; Escape leaves the field"],
    [["Ctrl", "Enter"], "Submit from within the field"],
  ],
  ranking: [
    [["↑", "↓"], "Go to another answer"],
    [["Alt", "↑"], "Move the answer up; with ↓ down"],
    [["1", "…", "9"], "Move the answer to this place"],
    [["T"], "Tie the answer with the one above"],
    [["D"], "Mark the words that differ from A; again, from B"],
  ],
};

const COMMON_KEYS: KeyHelp = [
  [["Enter"], "Submit"],
  [["Z"], "Undo the last judgement"],
  [["S"], "Skip; then 1 to 4 for the cause"],
  [["F"], "Flag"],
  [["C"], "Comment; Escape leaves the field"],
  [["R"], "Raw text"],
  [["/"], "Find in the prompt and the answers"],
  [["G"], "Guidelines"],
  [["?"], "These keys"],
];

export function HelpDialog({ mode, ...props }: Openness & { mode: ItemMode }) {
  return (
    <Dialog {...props}>
      <DialogContent title="Keys">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
          {[...MODE_KEYS[mode], ...COMMON_KEYS].map(([keys, what]) => (
            <div key={what} className="contents">
              <dt className="flex gap-1">
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}

export function GuidelinesDialog({ guideline, ...props }: Openness & { guideline: { version: number; body: string } | null }) {
  return (
    <Dialog {...props}>
      <DialogContent title="Guidelines" description={guideline ? `Version ${guideline.version}` : undefined}>
        {guideline ? <TextView text={guideline.body} mode="rendered" /> : <p>This project has no guidelines yet.</p>}
      </DialogContent>
    </Dialog>
  );
}
