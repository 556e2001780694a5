"use client";
/** One item: the answers, what is chosen so far, and every way to choose it. */
import { useEffect, useRef, useState } from "react";
import { type Answer, answerToValue, isUntouchedAnswer, parseDraft, startAnswer, stepMargin } from "@/domain/annotation/answer";
import { type Command, commandOfKey } from "@/domain/annotation/keys";
import { moveCard, toggleTie } from "@/domain/annotation/ranking";
import type { AnnotationTask } from "@/domain/annotation/task";
import type { JudgementValue } from "@/domain/judgement";
import { cn } from "../../components/ui/cn";
import { ActionBar } from "./action-bar";
import { FlagDialog, GuidelinesDialog, HelpDialog, SkipDialog } from "./dialogs";
import { PairwiseTexts } from "./pairwise-form";
import { RankingForm } from "./ranking-form";
import { type TextMode, TextView } from "../../components/text-view";
import { useAttention } from "./use-attention";
import { useDraft } from "./use-draft";

export type Submitted = { value: JudgementValue; answer: Answer; activeMs: number; idleMs: number; untouched: boolean };
type Opened = "skip" | "flag" | "help" | "guidelines" | null;

/** Keys belong to the field or dialog that has the focus. */
const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && target.closest("input:not([type=radio]), textarea, select, [role=dialog], [role=menu]") !== null;

type Props = {
  task: AnnotationTask;
  /** What was chosen before a reload or an undo. */
  start: Answer | null;
  onKeep: (answer: Answer) => void;
  onSubmit: (submitted: Submitted) => void;
  onUndo: () => void;
};

export function ItemForm({ task, start, onKeep, onSubmit, onUndo }: Props) {
  const [answer, setAnswer] = useState<Answer>(() => start ?? parseDraft(task.draft, task.mode, task.completions.length) ?? startAnswer(task.mode, task.completions.length));
  const [focused, setFocused] = useState(0);
  const [mode, setMode] = useState<TextMode>("rendered");
  const [opened, setOpened] = useState<Opened>(null);
  const [warned, setWarned] = useState(false);
  const [note, setNote] = useState("");
  const timeSpent = useAttention();
  useDraft(task.itemId, answer, onKeep);

  const change = (part: Partial<Answer>) => {
    setNote("");
    setAnswer((known) => ({ ...known, ...part }));
  };
  const send = (value: JudgementValue) => {
    onSubmit({ value, answer, ...timeSpent(), untouched: isUntouchedAnswer(answer) });
  };
  const submit = () => {
    const value = answerToValue(answer);
    if (value === null) return setNote("Choose which answer is better first.");
    if (isUntouchedAnswer(answer) && !warned) {
      setWarned(true);
      return setNote("The order is as it was shown. Submit once more if it is right.");
    }
    send(value);
  };
  const run = (command: Command) => {
    const { ranking } = answer;
    switch (command.kind) {
      case "digit": {
        if (ranking === null) return change({ choice: command.digit - 4 });
        const to = Math.min(command.digit, ranking.order.length) - 1;
        change({ ranking: moveCard(ranking, focused, to) });
        return setFocused(to);
      }
      case "step":
        return change({ choice: stepMargin(answer.choice, command.step) });
      case "focus":
        return setFocused(Math.min(task.completions.length - 1, Math.max(0, focused + command.step)));
      case "move":
        if (ranking !== null) change({ ranking: moveCard(ranking, focused, focused + command.step) });
        return setFocused(Math.min(task.completions.length - 1, Math.max(0, focused + command.step)));
      case "tie":
        return ranking === null ? undefined : change({ ranking: toggleTie(ranking, focused) });
      case "both_bad":
        return change({ choice: "both_bad" });
      case "submit":
        return submit();
      case "undo":
        return onUndo();
      case "skip":
      case "flag":
      case "help":
      case "guidelines":
        return setOpened(command.kind);
      case "diff":
        return answer.ranking === null ? setMode(mode === "diff" ? "rendered" : "diff") : undefined;
      case "raw":
        return setMode(mode === "raw" ? "rendered" : "raw");
      case "comment":
        return document.getElementById("comment")?.focus();
      default:
        return command satisfies never;
    }
  };
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.repeat || isTyping(event.target)) return;
      const command = commandOfKey(event, task.mode);
      // Enter on a button is that button's own.
      if (command === null || (command.kind === "submit" && event.target instanceof HTMLButtonElement)) return;
      event.preventDefault();
      latest.current(command);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [task.mode]);

  const toggle = (kind: Exclude<Opened, null>) => ({ open: opened === kind, onOpenChange: (open: boolean) => setOpened(open ? kind : null) });
  return (
    <div className="flex flex-1 flex-col">
      <div className="animate-fade-in mx-auto flex w-full max-w-7xl flex-1 gap-6 p-3 sm:px-6 sm:py-4">
        <div className="min-w-0 flex-1 space-y-3 sm:space-y-4">
          <section aria-label="Prompt" className="rounded-lg bg-sunken p-3 sm:p-4">
            {task.messages.map(({ role, content }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: messages of a prompt never change places
              <div key={i} className="not-first:mt-3">
                {task.messages.length > 1 && <p className="text-xs font-medium text-muted">{role}</p>}
                <TextView text={content} mode={mode === "diff" ? "rendered" : mode} />
              </div>
            ))}
          </section>
          {answer.ranking === null ? (
            <PairwiseTexts task={task} mode={mode} choice={answer.choice} />
          ) : (
            <RankingForm task={task} ranking={answer.ranking} focused={focused} mode={mode} onFocus={setFocused} onChange={(ranking) => change({ ranking })} />
          )}
          <fieldset className="flex flex-wrap gap-2" aria-label="Reasons">
            {task.reasons.map((reason) => {
              const on = answer.reasons.includes(reason);
              return (
                <button
                  key={reason}
                  type="button"
                  aria-pressed={on}
                  onClick={() => change({ reasons: on ? answer.reasons.filter((known) => known !== reason) : [...answer.reasons, reason] })}
                  className={cn("rounded-full border px-3 py-1 text-sm pointer-coarse:min-h-11", on ? "border-accent bg-accent-soft" : "border-control bg-surface hover:bg-sunken")}
                >
                  {reason}
                </button>
              );
            })}
          </fieldset>
          <label className="block">
            <span className="sr-only">Comment</span>
            <textarea
              id="comment"
              rows={1}
              maxLength={4000}
              placeholder="Comment (optional)"
              value={answer.comment}
              onChange={(event) => change({ comment: event.target.value })}
              onKeyDown={(event) => {
                // The keys of the room are this field's while it has the focus; Escape gives them back.
                if (event.key === "Escape") event.currentTarget.blur();
              }}
              className="field-sizing-content w-full rounded-md border border-control bg-surface px-3 py-2"
            />
          </label>
        </div>
        <aside aria-label="Guidelines" className="hidden w-80 shrink-0 xl:block">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <div tabIndex={0} className="sticky top-4 max-h-[calc(100dvh-11rem)] overflow-y-auto rounded-lg border bg-surface p-4 text-sm">
            <p className="mb-2 text-xs text-muted">Guidelines{task.guideline ? `, version ${task.guideline.version}` : ""}</p>
            {task.guideline ? <TextView text={task.guideline.body} mode="rendered" /> : "This project has no guidelines yet."}
          </div>
        </aside>
      </div>
      <ActionBar answer={answer} mode={mode} note={note} onRun={run} onChoose={(choice) => change({ choice })} />
      <SkipDialog {...toggle("skip")} onSkip={(cause) => send({ kind: "skip", cause })} />
      <FlagDialog {...toggle("flag")} onFlag={(text) => send({ kind: "flag", note: text })} />
      <HelpDialog {...toggle("help")} mode={task.mode} />
      <GuidelinesDialog {...toggle("guidelines")} guideline={task.guideline} />
    </div>
  );
}
