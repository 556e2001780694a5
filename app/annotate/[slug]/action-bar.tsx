"use client";
/** What can be done with an item, under the thumb on phones: the steps, submit, and the rest in one row. */
import type { Answer } from "@/domain/annotation/answer";
import type { Command } from "@/domain/annotation/keys";
import { MARGIN_LABELS } from "@/domain/judgement";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { Kbd } from "../../components/ui/kbd";
import type { TextMode } from "../../components/text-view";
import { MarginScale } from "./margin-scale";

type Props = { answer: Answer; mode: TextMode; note: string; onRun: (command: Command) => void; onChoose: (choice: NonNullable<Answer["choice"]>) => void };

function inWords({ choice, ranking }: Answer): string {
  if (ranking !== null) return "Best on top: drag, or use the arrows";
  if (choice === null) return "Which is better?";
  return choice === "both_bad" ? "Both bad" : (MARGIN_LABELS[choice + 3] ?? "");
}

const Key = ({ children }: { children: string }) => <span className="hidden sm:pointer-fine:inline"><Kbd>{children}</Kbd></span>;

export function ActionBar({ answer, mode, note, onRun, onChoose }: Props) {
  const pair = answer.ranking === null;
  const tool = "max-sm:px-1 max-sm:text-xs";
  const pressed = "aria-pressed:bg-accent-soft aria-pressed:text-accent";
  return (
    <div className="sticky bottom-0 z-10 border-t bg-surface pb-[env(safe-area-inset-bottom)]">
      <div className="mx-auto w-full max-w-5xl space-y-1.5 p-2 sm:space-y-2 sm:p-3">
        {pair && <MarginScale choice={answer.choice} onChoose={onChoose} />}
        {/* One line for both, so that a note moves nothing. */}
        <p role={note === "" ? undefined : "alert"} className={cn("min-h-5 text-center text-sm", note === "" ? "text-muted sm:hidden" : "font-medium text-flagged")}>
          {note === "" ? inWords(answer) : note}
        </p>
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <div className="order-2 flex w-full justify-between sm:order-1 sm:w-auto sm:gap-1">
            <Button variant="ghost" className={tool} onClick={() => onRun({ kind: "undo" })}>Undo <Key>Z</Key></Button>
            <Button variant="ghost" className={tool} onClick={() => onRun({ kind: "skip" })}>Skip <Key>S</Key></Button>
            <Button variant="ghost" className={tool} onClick={() => onRun({ kind: "flag" })}>Flag <Key>F</Key></Button>
            {pair && <Button variant="ghost" className={cn(tool, pressed)} aria-pressed={mode === "diff"} onClick={() => onRun({ kind: "diff" })}>Differences <Key>D</Key></Button>}
            <Button variant="ghost" className={cn(tool, pressed)} aria-pressed={mode === "raw"} onClick={() => onRun({ kind: "raw" })}>Raw <Key>R</Key></Button>
            <Button variant="ghost" className={cn(tool, "xl:hidden")} onClick={() => onRun({ kind: "guidelines" })}>Guidelines <Key>G</Key></Button>
            <Button variant="ghost" className={cn(tool, "max-sm:hidden")} onClick={() => onRun({ kind: "help" })}>Keys <Key>?</Key></Button>
          </div>
          <div className="order-1 flex w-full gap-2 sm:order-2 sm:ml-auto sm:w-auto">
            {pair && (
              <Button aria-pressed={answer.choice === "both_bad"} className={cn("min-h-11 aria-pressed:border-accent sm:min-h-9", pressed)} onClick={() => onRun({ kind: "both_bad" })}>
                Both bad <Key>B</Key>
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
