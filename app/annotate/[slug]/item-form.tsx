"use client";
/** One item: the answers, what is chosen so far, and every way to choose it. */
import { useEffect, useRef, useState } from "react";
import { type Answer, answerToValue, isEmptyAnswer, isUntouchedAnswer, parseDraft, startAnswer, stepMargin } from "@/domain/annotation/answer";
import { type Attention, countTime, noteHidden, noteInput, startAttention } from "@/domain/annotation/attention";
import { type Command, commandOfKey } from "@/domain/annotation/keys";
import { moveCard, toggleTie } from "@/domain/annotation/ranking";
import type { AnnotationTask } from "@/domain/annotation/task";
import type { JudgementValue } from "@/domain/judgement";
import { Button } from "../../components/ui/button";
import { cn } from "../../components/ui/cn";
import { Kbd } from "../../components/ui/kbd";
import { useTRPCClient } from "../../trpc";
import { FlagDialog, GuidelinesDialog, HelpDialog, SkipDialog } from "./dialogs";
import { MarginScale, PairwiseTexts } from "./pairwise-form";
import { RankingForm } from "./ranking-form";
import { type TextMode, TextView } from "../../components/text-view";

export type Submitted = { value: JudgementValue; answer: Answer; activeMs: number; idleMs: number; untouched: boolean };
type Opened = "skip" | "flag" | "help" | "guidelines" | null;

const DRAFT_DELAY_MS = 800;

/** Keys belong to the field or dialog that has the focus. */
const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && target.closest("input:not([type=radio]), textarea, select, [role=dialog], [role=menu]") !== null;

export function ItemForm({ task, start, onSubmit, onUndo, status }: { task: AnnotationTask; start: Answer | null; onSubmit: (submitted: Submitted) => void; onUndo: () => void; status: string }) {
  const client = useTRPCClient();
  const [answer, setAnswer] = useState<Answer>(() => start ?? parseDraft(task.draft, task.mode, task.completions.length) ?? startAnswer(task.mode, task.completions.length));
  const [focused, setFocused] = useState(0);
  const [mode, setMode] = useState<TextMode>("rendered");
  const [opened, setOpened] = useState<Opened>(null);
  const [warned, setWarned] = useState(false);
  const [note, setNote] = useState("");
  const attention = useRef<Attention | null>(null);

  // Time on the item: input counts as active, thirty seconds without it and a hidden tab do not.
  useEffect(() => {
    attention.current = startAttention(performance.now(), document.hidden);
    const input = () => {
      if (attention.current) attention.current = noteInput(attention.current, performance.now());
    };
    const visibility = () => {
      if (attention.current) attention.current = noteHidden(attention.current, performance.now(), document.hidden);
    };
    const events = ["keydown", "pointerdown", "pointermove", "wheel", "scroll"] as const;
    for (const event of events) window.addEventListener(event, input, { passive: true });
    document.addEventListener("visibilitychange", visibility);
    return () => {
      for (const event of events) window.removeEventListener(event, input);
      document.removeEventListener("visibilitychange", visibility);
    };
  }, []);

  // What is chosen so far is kept on the server, so that a reload or another device goes on from it.
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    if (isEmptyAnswer(answer)) return;
    const timer = setTimeout(() => void client.annotate.saveDraft.mutate({ itemId: task.itemId, value: answer }).catch(() => undefined), DRAFT_DELAY_MS);
    return () => clearTimeout(timer);
  }, [answer, client, task.itemId]);

  const change = (part: Partial<Answer>) => {
    setNote("");
    setAnswer((known) => ({ ...known, ...part }));
  };
  const send = (value: JudgementValue) => {
    const time = countTime(attention.current ?? startAttention(performance.now()), performance.now());
    onSubmit({ value, answer, activeMs: Math.round(time.activeMs), idleMs: Math.round(time.idleMs), untouched: isUntouchedAnswer(answer) });
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
        return setMode(mode === "diff" ? "rendered" : "diff");
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
      <div className="animate-fade-in mx-auto flex w-full max-w-7xl flex-1 gap-6 p-4 sm:p-6">
        <div className="min-w-0 flex-1 space-y-4">
          <section aria-label="Prompt" className="rounded-lg bg-sunken p-4">
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
            <textarea id="comment" rows={1} maxLength={4000} placeholder="Comment (optional)" value={answer.comment} onChange={(event) => change({ comment: event.target.value })} className="w-full rounded-md border border-control bg-surface px-3 py-2" />
          </label>
        </div>
        <aside aria-label="Guidelines" className="hidden w-80 shrink-0 xl:block">
          <div className="sticky top-4 rounded-lg border bg-surface p-4 text-sm">
            <p className="mb-2 text-xs text-muted">Guidelines{task.guideline ? `, version ${task.guideline.version}` : ""}</p>
            {task.guideline ? <TextView text={task.guideline.body} mode="rendered" /> : "This project has no guidelines yet."}
          </div>
        </aside>
      </div>
      <div className="sticky bottom-0 border-t bg-surface/95 backdrop-blur-sm">
        <div className="mx-auto w-full max-w-3xl space-y-2 p-3">
          {answer.ranking === null && <MarginScale choice={answer.choice} onChoose={(choice) => change({ choice })} />}
          {note !== "" && <p role="alert" className="text-center text-sm text-flagged">{note}</p>}
          <div className="grid grid-cols-4 gap-2 sm:flex sm:justify-center">
            <Button onClick={onUndo}>Undo <span className="hidden sm:inline"><Kbd>Z</Kbd></span></Button>
            <Button onClick={() => setOpened("skip")}>Skip <span className="hidden sm:inline"><Kbd>S</Kbd></span></Button>
            <Button onClick={() => setOpened("flag")}>Flag <span className="hidden sm:inline"><Kbd>F</Kbd></span></Button>
            {answer.ranking === null && (
              <Button aria-pressed={answer.choice === "both_bad"} className={cn(answer.choice === "both_bad" && "border-accent bg-accent-soft")} onClick={() => change({ choice: "both_bad" })}>Both bad</Button>
            )}
            <Button variant="primary" className="col-span-4 min-h-11 sm:min-w-40" onClick={submit}>Submit <span className="hidden sm:inline"><Kbd>Enter</Kbd></span></Button>
          </div>
          <div className="flex items-center justify-between gap-2 text-xs text-muted">
            <span>{status}</span>
            <span className="flex gap-3">
              {task.mode === "pairwise" && <button type="button" className="underline pointer-coarse:min-h-11" aria-pressed={mode === "diff"} onClick={() => run({ kind: "diff" })}>Differences</button>}
              <button type="button" className="underline pointer-coarse:min-h-11 xl:hidden" onClick={() => setOpened("guidelines")}>Guidelines</button>
              <button type="button" className="underline pointer-coarse:min-h-11" onClick={() => setOpened("help")}>Keys</button>
            </span>
          </div>
        </div>
      </div>
      <SkipDialog {...toggle("skip")} onSkip={(cause) => send({ kind: "skip", cause })} />
      <FlagDialog {...toggle("flag")} onFlag={(text) => send({ kind: "flag", note: text })} />
      <HelpDialog {...toggle("help")} />
      <GuidelinesDialog {...toggle("guidelines")} guideline={task.guideline} />
    </div>
  );
}
