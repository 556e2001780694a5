"use client";
/** What can be done with an item, under the thumb on phones: the choice, submit, and the rest in one row. */
import { BookOpen, CircleHelp, Diff, Flag, type LucideIcon, Search, SkipForward, Type, Undo2 } from "lucide-react";
import type { Answer, Form } from "@/domain/annotation/answer";
import type { Command } from "@/domain/annotation/keys";
import { type AnnotationTask, letterOf } from "@/domain/annotation/task";
import { MARGIN_LABELS } from "@/domain/judgement";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { Kbd } from "../../components/ui/kbd";
import type { Reading } from "./answer-card";
import { BestOfNBar } from "./best-of-n-form";
import { MarginScale } from "./margin-scale";

type Props = {
  task: AnnotationTask;
  answer: Answer;
  reading: Reading;
  note: string;
  onRun: (command: Command) => void;
  onForm: (form: Form) => void;
};

/** What is chosen, or what is asked. */
function inWords(form: Form, count: number): string {
  switch (form.mode) {
    case "pairwise":
      return form.choice === null ? "Which is better?" : form.choice === "both_bad" ? "Both bad" : (MARGIN_LABELS[form.choice + 3] ?? "");
    case "best_of_n":
      return form.choice === null
        ? "Which is best?"
        : form.choice === "both_bad"
          ? count > 2
            ? "None is good"
            : "Both bad"
          : `${letterOf(form.choice)} is best`;
    case "ranking":
      return "Best on top: drag, or use the arrows";
    case "rating": {
      const open = form.scores.flat().filter((score) => score === null).length;
      return open === 0 ? "Every score is given" : `${open} ${open === 1 ? "score" : "scores"} to give`;
    }
    case "edit":
      return "Make the answer what it should have been";
    case "demonstration":
      return "Write the ideal answer";
    default:
      return form satisfies never;
  }
}

const Key = ({ children }: { children: string }) => (
  <span className="hidden sm:pointer-fine:inline">
    <Kbd>{children}</Kbd>
  </span>
);

/** A word and its key; on phones a sign above a short word. */
function Tool({
  icon: Icon,
  word,
  short = word,
  letter,
  on,
  className,
  onClick,
}: {
  icon: LucideIcon;
  word: string;
  short?: string;
  letter: string;
  on?: boolean;
  className?: string;
  onClick: () => void;
}) {
  return (
    <Button
      variant="ghost"
      aria-label={word}
      aria-pressed={on}
      className={cn(
        "aria-pressed:bg-accent-soft aria-pressed:text-accent max-sm:h-12 max-sm:min-w-0 max-sm:flex-1 max-sm:flex-col max-sm:gap-0.5 max-sm:px-0 max-sm:text-[11px] sm:px-2.5",
        className,
      )}
      onClick={onClick}
    >
      <Icon aria-hidden="true" className="size-4 sm:hidden" />
      <span aria-hidden="true" className="sm:hidden">
        {short}
      </span>
      <span aria-hidden="true" className="max-sm:hidden">
        {word}
      </span>
      <Key>{letter}</Key>
    </Button>
  );
}

export function ActionBar({ task, answer: { form }, reading, note, onRun, onForm }: Props) {
  const noneGood = form.mode !== "pairwise" && form.mode !== "best_of_n" ? null : task.completions.length > 2 ? "None is good" : "Both bad";
  return (
    <div className="sticky bottom-0 z-10 border-t bg-surface pb-[env(safe-area-inset-bottom)]">
      <div className="mx-auto w-full max-w-5xl space-y-1 p-2 sm:space-y-2 sm:p-3">
        {form.mode === "pairwise" && <MarginScale choice={form.choice} onChoose={(choice) => onForm({ ...form, choice })} />}
        {form.mode === "best_of_n" && (
          <BestOfNBar count={task.completions.length} form={form} onChoose={(choice) => onForm({ ...form, choice })} />
        )}
        {/* One line for both, so that a note moves nothing. */}
        <p
          role={note === "" ? undefined : "alert"}
          className={cn(
            "min-h-5 text-center text-sm",
            note === "" ? "text-muted" : "font-medium text-flagged",
            note === "" && form.mode === "pairwise" && "sm:hidden",
          )}
        >
          {note === "" ? inWords(form, task.completions.length) : note}
        </p>
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <div className="order-2 flex w-full sm:order-1 sm:w-auto">
            <Tool icon={Undo2} word="Undo" letter="Z" onClick={() => onRun({ kind: "undo" })} />
            <Tool icon={SkipForward} word="Skip" letter="S" onClick={() => onRun({ kind: "skip" })} />
            <Tool icon={Flag} word="Flag" letter="F" onClick={() => onRun({ kind: "flag" })} />
            {form.mode !== "demonstration" && (form.mode === "edit" || task.completions.length > 1) && (
              <Tool
                icon={Diff}
                word="Differences"
                short="Diff"
                letter="D"
                on={reading.mode === "diff"}
                onClick={() => onRun({ kind: "diff" })}
              />
            )}
            <Tool icon={Type} word="Raw text" short="Raw" letter="R" on={reading.mode === "raw"} onClick={() => onRun({ kind: "raw" })} />
            <Tool icon={Search} word="Find" letter="/" onClick={() => onRun({ kind: "find" })} />
            <Tool
              icon={BookOpen}
              word="Guidelines"
              short="Guide"
              letter="G"
              className="xl:hidden"
              onClick={() => onRun({ kind: "guidelines" })}
            />
            <Tool icon={CircleHelp} word="Keys" letter="?" className="max-sm:hidden" onClick={() => onRun({ kind: "help" })} />
          </div>
          <div className="order-1 flex w-full gap-2 sm:order-2 sm:ml-auto sm:w-auto">
            {noneGood !== null && (
              <Button
                aria-pressed={(form.mode === "pairwise" || form.mode === "best_of_n") && form.choice === "both_bad"}
                className="min-h-11 aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent sm:min-h-9"
                onClick={() => onRun({ kind: "both_bad" })}
              >
                {noneGood} <Key>B</Key>
              </Button>
            )}
            <Button variant="primary" className="min-h-11 flex-1 sm:min-h-9 sm:min-w-36" onClick={() => onRun({ kind: "submit" })}>
              Submit <Key>Enter</Key>
            </Button>
          </div>
        </div>
      </div>
    </div>
  );
}
