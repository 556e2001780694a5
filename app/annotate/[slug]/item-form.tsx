"use client";
/** One item: the answers, what is chosen so far, and every way to choose it. */
import { useEffect, useRef, useState } from "react";
import { type Answer, finishAnswer, type Form, isUntouchedAnswer, parseDraft, startAnswer } from "@/domain/annotation/answer";
import { applyCommand, setScore } from "@/domain/annotation/apply-command";
import type { Command } from "@/domain/annotation/keys";
import { type AnnotationTask, letterOf } from "@/domain/annotation/task";
import type { JudgementValue } from "@/domain/judgement";
import { Conversation } from "../../components/text/conversation";
import { ImageHosts } from "../../components/text/markdown-text";
import { TextView } from "../../components/text/text-view";
import { ActionBar } from "./action-bar";
import type { Reading } from "./answer-card";
import { BestOfNForm } from "./best-of-n-form";
import { Comment, Reasons } from "./remarks";
import { FlagDialog, GuidelinesDialog, HelpDialog, SkipDialog } from "./dialogs";
import { FindBar } from "./find-bar";
import { PairwiseForm } from "./pairwise-form";
import { RankingForm } from "./ranking-form";
import { RatingForm } from "./rating-form";
import { useAttention } from "./use-attention";
import { useKeys } from "./use-keys";
import { WrittenForm } from "./written-form";

export type Submitted = { value: JudgementValue; answer: Answer; activeMs: number; idleMs: number; untouched: boolean };
type Opened = "skip" | "flag" | "help" | "guidelines" | null;

type Props = {
  task: AnnotationTask;
  /** What was chosen before a reload or an undo. */
  start: Answer | null;
  onKeep: (answer: Answer) => void;
  onSubmit: (submitted: Submitted) => void;
  onUndo: () => void;
  /** One of several things on a page: keys count only inside it. */
  preview?: boolean;
};

/** D once compares, with more than two answers again and again from another one, and then no more. */
function nextDiff({ mode, base }: Reading, count: number): Reading {
  if (mode !== "diff" || base === null) return { mode: "diff", base: 0 };
  return base + 1 < count && count > 2 ? { mode: "diff", base: base + 1 } : { mode: "rendered", base: null };
}

export function ItemForm({ task, start, onKeep, onSubmit, onUndo, preview = false }: Props) {
  const [hand, setHand] = useState(() => ({ answer: start ?? parseDraft(task.draft, task) ?? startAnswer(task), focused: 0 }));
  const { answer, focused } = hand;
  const [reading, setReading] = useState<Reading>({ mode: "rendered", base: null });
  const [opened, setOpened] = useState<Opened>(null);
  const [finding, setFinding] = useState(false);
  const [warned, setWarned] = useState(false);
  const [note, setNote] = useState("");
  const room = useRef<HTMLDivElement>(null);
  const timeSpent = useAttention();
  const keep = useRef(onKeep);
  useEffect(() => {
    keep.current = onKeep;
  });
  const kept = useRef(answer);
  useEffect(() => {
    if (kept.current !== answer) keep.current(answer);
    kept.current = answer;
  }, [answer]);

  const change = (part: Partial<Answer>) => {
    setNote("");
    setHand((known) => ({ ...known, answer: { ...known.answer, ...part } }));
  };
  const focus = (place: number) => setHand((known) => ({ ...known, focused: place }));
  const send = (value: JudgementValue) => onSubmit({ value, answer, ...timeSpent(), untouched: isUntouchedAnswer(answer, task) });
  const submit = () => {
    const finished = finishAnswer(answer, task);
    if ("problem" in finished) return setNote(finished.problem);
    if (isUntouchedAnswer(answer, task) && !warned) {
      setWarned(true);
      return setNote(`${task.mode === "edit" ? "Nothing is changed" : "The order is as it was shown"}. Submit once more if it is right.`);
    }
    send(finished.value);
  };
  const field = (name: string) => room.current?.querySelector<HTMLElement>(`textarea[name="${name}"]`);
  const run = (command: Command) => {
    switch (command.kind) {
      case "digit":
      case "step":
      case "focus":
      case "move":
      case "tie":
      case "both_bad":
        setNote("");
        return setHand((known) => applyCommand(known, command, task));
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
        return task.mode === "edit" || task.completions.length > 1 ? setReading(nextDiff(reading, task.completions.length)) : undefined;
      case "raw":
        return setReading({ mode: reading.mode === "raw" ? "rendered" : "raw", base: null });
      case "find":
        return setFinding(true);
      case "write":
        return field("written")?.focus();
      case "comment":
        return field("comment")?.focus();
      default:
        return command satisfies never;
    }
  };
  useKeys(task.mode, preview ? room : null, run);

  const toggle = (kind: Exclude<Opened, null>) => ({
    open: opened === kind,
    onOpenChange: (open: boolean) => setOpened(open ? kind : null),
  });
  const toForm = (form: Form) => change({ form });
  return (
    <ImageHosts value={task.imageHosts}>
      <div ref={room} className="@container flex flex-1 flex-col">
        {finding && <FindBar within={room} onClose={() => setFinding(false)} />}
        <div className="mx-auto flex w-full max-w-7xl flex-1 gap-6 p-3 sm:px-6 sm:py-4">
          <div className="min-w-0 flex-1 space-y-3 sm:space-y-4">
            {task.sentBack !== null && (
              <p className="rounded-md border border-flagged bg-flagged-soft px-3 py-2 text-sm">
                A reviewer sent your judgement of this item back: {task.sentBack}
              </p>
            )}
            <section aria-label="Prompt" className="rounded-lg bg-sunken p-3 sm:p-4">
              <h2 className="sr-only">Prompt</h2>
              <Conversation messages={task.messages} mode={reading.mode} />
            </section>
            {reading.mode === "diff" && task.completions.length > 2 && (
              <DiffBase task={task} base={reading.base} onBase={(base) => setReading({ mode: "diff", base })} />
            )}
            <Choices task={task} form={answer.form} reading={reading} focused={focused} onFocus={focus} onForm={toForm} />
            <Reasons offered={task.reasons} chosen={answer.reasons} onChange={(reasons) => change({ reasons })} />
            <Comment value={answer.comment} onChange={(comment) => change({ comment })} />
          </div>
          <aside aria-label="Guidelines" className={preview ? "hidden" : "hidden w-80 shrink-0 xl:block"}>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <div tabIndex={0} className="sticky top-4 max-h-[calc(100dvh-11rem)] overflow-y-auto rounded-lg border bg-surface p-4 text-sm">
              <p className="mb-2 text-xs text-muted">Guidelines{task.guideline ? `, version ${task.guideline.version}` : ""}</p>
              {task.guideline ? <TextView text={task.guideline.body} mode="rendered" /> : "This project has no guidelines yet."}
            </div>
          </aside>
        </div>
        <ActionBar task={task} answer={answer} reading={reading} note={note} onRun={run} onForm={toForm} />
        <SkipDialog {...toggle("skip")} onSkip={(cause) => send({ kind: "skip", cause })} />
        <FlagDialog {...toggle("flag")} onFlag={(text) => send({ kind: "flag", note: text })} />
        <HelpDialog {...toggle("help")} mode={task.mode} />
        <GuidelinesDialog {...toggle("guidelines")} guideline={task.guideline} />
      </div>
    </ImageHosts>
  );
}

type ChoicesProps = {
  task: AnnotationTask;
  form: Form;
  reading: Reading;
  focused: number;
  onFocus: (place: number) => void;
  onForm: (form: Form) => void;
};

function Choices({ task, form, reading, focused, onFocus, onForm }: ChoicesProps) {
  switch (form.mode) {
    case "pairwise":
      return <PairwiseForm task={task} form={form} reading={reading} />;
    case "best_of_n":
      return <BestOfNForm task={task} form={form} reading={reading} onChoose={(choice) => onForm({ ...form, choice })} />;
    case "ranking":
      return (
        <RankingForm
          task={task}
          ranking={form.ranking}
          focused={focused}
          reading={reading}
          onFocus={onFocus}
          onChange={(ranking) => onForm({ ...form, ranking })}
        />
      );
    case "rating":
      return (
        <RatingForm
          task={task}
          form={form}
          reading={reading}
          focused={focused}
          onFocus={onFocus}
          onScore={(cell, score) => onForm(setScore(form, cell, score, task))}
        />
      );
    case "edit":
    case "demonstration":
      return <WrittenForm task={task} form={form} reading={reading} onChange={(text) => onForm({ ...form, text })} />;
    default:
      return form satisfies never;
  }
}

/** With more than two answers: which of them the others are compared with. */
function DiffBase({ task, base, onBase }: { task: AnnotationTask; base: number | null; onBase: (base: number) => void }) {
  return (
    <fieldset className="flex flex-wrap items-center gap-2 text-sm">
      <legend className="float-left mr-1 text-muted">Marked: what differs from</legend>
      {task.completions.map(({ id }, position) => (
        <button
          key={id}
          type="button"
          aria-label={`Differences from answer ${letterOf(position)}`}
          aria-pressed={base === position}
          onClick={() => onBase(position)}
          className="min-h-8 min-w-8 rounded-md border border-control bg-surface font-semibold aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent pointer-coarse:min-h-11 pointer-coarse:min-w-11"
        >
          {letterOf(position)}
        </button>
      ))}
    </fieldset>
  );
}
