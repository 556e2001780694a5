"use client";
/** Item after item: acknowledged at once, submitted behind, the next one already there. */
import { useQueryClient, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useEffect, useState } from "react";
import { type Answer, describeValue } from "@/domain/annotation/answer";
import { Button } from "../../components/ui/button";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";
import { prefetchPlugins } from "../../components/text/use-plugins";
import { useOutbox } from "../outbox-provider";
import { ItemForm, type Submitted } from "./item-form";
import { useDraftSaver } from "./use-draft-saver";
import { useKeys } from "./use-keys";
import { useRoom } from "./use-room";

/** The item's form hears the keys; while there is none, the last vote can still be taken back. */
function UndoKey({ onUndo }: { onUndo: () => void }) {
  useKeys("pairwise", null, ({ kind }) => {
    if (kind === "undo") onUndo();
  });
  return null;
}

export function JudgingRoom({ slug, userId }: { slug: string; userId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { projects, project, session, state } = useRoom(slug, userId);
  const { outbox, state: outboxState } = useOutbox();
  const statistics = useQuery({
    ...trpc.annotate.statistics.queryOptions({ projectId: project?.id ?? "" }),
    enabled: project !== undefined,
  });
  const [said, setSaid] = useState("");
  const held = state?.tasks[0];
  const saveDraft = useDraftSaver(held?.task);
  const waitingTasks = state?.tasks;
  useEffect(() => {
    prefetchPlugins(
      waitingTasks?.flatMap(({ task }) => [...task.messages.map(({ content }) => content), ...task.completions.map(({ text }) => text)]) ??
        [],
    );
  }, [waitingTasks]);
  /** Made on this page since the statistics were read. */
  const [made, setMade] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: newly read statistics count what was made before
  useEffect(() => setMade(0), [statistics.dataUpdatedAt]);

  if (projects.error)
    return (
      <ErrorState title="The project could not be loaded" message={errorMessage(projects.error)} onRetry={() => void projects.refetch()} />
    );
  if (projects.data !== undefined && project === undefined) {
    return (
      <div className="m-auto">
        <EmptyState
          title="There is no such project"
          action={
            <Button asChild>
              <Link href="/annotate">All projects</Link>
            </Button>
          }
        >
          It was removed, or the address is misspelt.
        </EmptyState>
      </div>
    );
  }
  const keep = (answer: Answer) => {
    if (held === undefined) return;
    session?.keepAnswer(held.task.itemId, answer);
    saveDraft(answer);
  };
  const undo = async () => {
    const problem = await session?.undo();
    setSaid(problem ?? "The last judgement is taken back.");
    void queries.invalidateQueries({ queryKey: trpc.annotate.statistics.queryKey() });
  };
  const submit = ({ value, answer, ...rest }: Submitted) => {
    if (held === undefined || session === null) return;
    outbox.add({
      submission: {
        itemId: held.task.itemId,
        clientEventId: crypto.randomUUID(),
        value,
        reasons: answer.reasons,
        comment: answer.comment,
        ...rest,
      },
      held: { task: held.task, answer },
      madeAt: Date.now(),
      problem: null,
    });
    session.advance();
    setMade((known) => known + 1);
    setSaid(`${describeValue(value, held.task.completions.length)}. Next item.`);
    window.scrollTo({ top: 0 });
  };
  const refused = outboxState.votes.filter(({ problem }) => problem !== null);
  const waiting = outboxState.votes.length - refused.length;
  const counts = statistics.data ? `${statistics.data.today + made} judged today, ${Math.max(0, statistics.data.open - made)} left` : "";

  return (
    <>
      {held === undefined && <UndoKey onUndo={() => void undo()} />}
      <div className="mx-auto flex w-full max-w-7xl items-center gap-x-4 px-3 pt-2 text-sm text-muted sm:px-6 sm:pt-3">
        <div className="min-w-0 sm:flex sm:items-baseline sm:gap-3">
          <h1 className="truncate font-medium text-text">{project?.name ?? <Skeleton className="h-5 w-40" />}</h1>
          <p className="figures min-h-5 text-xs">{counts}</p>
        </div>
        <p aria-live="polite" className="ml-auto min-w-0 truncate max-sm:sr-only">
          {said}
        </p>
        <Link href={`/annotate/${slug}/history`} className="shrink-0 underline max-sm:ml-auto pointer-coarse:py-3">
          My judgements
        </Link>
      </div>
      {outboxState.trouble !== null && waiting > 0 && (
        <p role="status" className="mx-3 mt-2 rounded-md border border-flagged bg-flagged-soft px-3 py-2 text-sm sm:mx-6">
          {waiting === 1 ? "One judgement is" : `${waiting} judgements are`} kept here, sent when the server can be reached. You can go on.
        </p>
      )}
      {refused.map(({ submission, problem, held: voted }) => (
        <div
          key={submission.clientEventId}
          role="alert"
          className="mx-4 mt-3 flex flex-wrap items-center justify-between gap-2 rounded-md border border-failed bg-failed-soft p-3 text-sm sm:mx-6"
        >
          <span>
            {describeValue(submission.value, voted?.task.completions.length)} was not stored: {problem}
          </span>
          <span className="flex gap-2">
            <Button size="sm" onClick={() => outbox.retry(submission.clientEventId)}>
              Try again
            </Button>
            <Button size="sm" onClick={() => outbox.discard(submission.clientEventId)}>
              Dismiss
            </Button>
          </span>
        </div>
      ))}
      {state?.lost && (
        <div
          role="alert"
          className="mx-4 mt-3 flex flex-wrap items-center justify-between gap-2 rounded-md border border-flagged bg-flagged-soft p-3 text-sm sm:mx-6"
        >
          <span>Your time on this item ran out. You can still submit it if another judgement is wanted.</span>
          <Button size="sm" onClick={() => session?.advance()}>
            Next item
          </Button>
        </div>
      )}
      {held !== undefined ? (
        <ItemForm
          key={`${held.task.itemId}:${held.takenAt}`}
          task={held.task}
          start={session?.draftOf(held.task.itemId) ?? held.answer}
          onKeep={keep}
          onSubmit={submit}
          onUndo={() => void undo()}
        />
      ) : state?.phase === "empty" ? (
        <div className="m-auto">
          <EmptyState
            title="Nothing left to judge"
            action={
              <>
                <Button onClick={() => session?.lookAgain()}>Look again</Button>
                <Button onClick={() => void undo()}>Undo the last one</Button>
                <Button asChild>
                  <Link href={`/annotate/${slug}/history`}>My judgements</Link>
                </Button>
              </>
            }
          >
            Every item of this project has its judgements, or is with somebody else. New ones appear when a researcher adds them; looking
            again costs nothing.
          </EmptyState>
        </div>
      ) : state?.phase === "failed" ? (
        <ErrorState
          title="The next item could not be loaded"
          message={`${state.problem ?? ""} Your votes are kept.`}
          onRetry={() => session?.lookAgain()}
        />
      ) : (
        <div
          className="mx-auto w-full max-w-7xl space-y-3 p-3 sm:space-y-4 sm:px-6 sm:py-4"
          role="status"
          aria-label="Loading the next item"
        >
          <Skeleton className="h-40" />
          <div className="grid gap-4 md:grid-cols-2">
            <Skeleton className="h-32" />
            <Skeleton className="h-32" />
          </div>
        </div>
      )}
    </>
  );
}
