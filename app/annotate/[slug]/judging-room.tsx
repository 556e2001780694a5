"use client";
/** Item after item: acknowledged at once, submitted behind, the next one already there. */
import { useQueryClient, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useEffect, useState } from "react";
import { describeValue } from "@/domain/annotation/answer";
import { Button } from "../../components/ui/button";
import { EmptyState, ErrorState } from "../../components/ui/empty-state";
import { Skeleton } from "../../components/ui/skeleton";
import { errorMessage, useTRPC } from "../../trpc";
import { ItemForm, type Submitted } from "./item-form";
import { useRoom } from "./use-room";

export function JudgingRoom({ slug, userId }: { slug: string; userId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { projects, project, room, outboxState, sessionState } = useRoom(slug, userId);
  const statistics = useQuery({ ...trpc.annotate.statistics.queryOptions({ projectId: project?.id ?? "" }), enabled: project !== undefined });
  const [said, setSaid] = useState("");
  /** Made on this page since the statistics were read. */
  const [made, setMade] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: newly read statistics count what was made before
  useEffect(() => setMade(0), [statistics.dataUpdatedAt]);

  if (projects.error) return <ErrorState title="The project could not be loaded" message={errorMessage(projects.error)} onRetry={() => void projects.refetch()} />;
  if (projects.data !== undefined && project === undefined) {
    return <div className="m-auto"><EmptyState title="There is no such project" action={<Button asChild><Link href="/annotate">All projects</Link></Button>}>It was removed, or the address is misspelt.</EmptyState></div>;
  }
  const held = sessionState?.tasks[0];
  const undo = async () => {
    const problem = await room?.session.undo();
    setSaid(problem ?? "The last judgement is taken back.");
    void queries.invalidateQueries({ queryKey: trpc.annotate.statistics.queryKey() });
  };
  const submit = ({ value, answer, ...rest }: Submitted) => {
    if (held === undefined || room === null) return;
    room.outbox.add({
      submission: { itemId: held.task.itemId, clientEventId: crypto.randomUUID(), value, reasons: answer.reasons, comment: answer.comment, ...rest },
      task: held.task,
      answer,
      madeAt: Date.now(),
      problem: null,
    });
    room.session.advance();
    setMade((known) => known + 1);
    setSaid(`${describeValue(value)}. Next item.`);
    window.scrollTo({ top: 0 });
  };
  const refused = outboxState.votes.filter(({ problem }) => problem !== null);
  const waiting = outboxState.votes.length - refused.length;
  const counts = statistics.data ? `${statistics.data.today + made} judged today, ${Math.max(0, statistics.data.open - made)} left` : "";

  return (
    <>
      <div className="mx-auto flex w-full max-w-7xl items-center gap-x-4 px-3 pt-2 text-sm text-muted sm:px-6 sm:pt-3">
        <div className="min-w-0 sm:flex sm:items-baseline sm:gap-3">
          <h1 className="truncate font-medium text-text">{project?.name ?? <Skeleton className="h-5 w-40" />}</h1>
          <p className="figures min-h-5 text-xs">{counts}</p>
        </div>
        <p aria-live="polite" className="ml-auto min-w-0 truncate max-sm:sr-only">{said}</p>
        <Link href={`/annotate/${slug}/history`} className="shrink-0 underline max-sm:ml-auto pointer-coarse:py-3">My judgements</Link>
      </div>
      {outboxState.trouble !== null && waiting > 0 && (
        <p role="status" className="mx-3 mt-2 rounded-md border border-flagged bg-flagged-soft px-3 py-2 text-sm sm:mx-6">
          {waiting === 1 ? "One judgement is" : `${waiting} judgements are`} kept here, sent when the server can be reached. You can go on.
        </p>
      )}
      {refused.map(({ submission, problem }) => (
        <div key={submission.clientEventId} role="alert" className="mx-4 mt-3 flex flex-wrap items-center justify-between gap-2 rounded-md border border-failed bg-failed-soft p-3 text-sm sm:mx-6">
          <span>{describeValue(submission.value)} was not stored: {problem}</span>
          <span className="flex gap-2">
            <Button size="sm" onClick={() => room?.outbox.retry(submission.clientEventId)}>Try again</Button>
            <Button size="sm" onClick={() => room?.outbox.discard(submission.clientEventId)}>Dismiss</Button>
          </span>
        </div>
      ))}
      {sessionState?.lost && (
        <div role="alert" className="mx-4 mt-3 flex flex-wrap items-center justify-between gap-2 rounded-md border border-flagged bg-flagged-soft p-3 text-sm sm:mx-6">
          <span>Your time on this item ran out. You can still submit it if another judgement is wanted.</span>
          <Button size="sm" onClick={() => room?.session.advance()}>Next item</Button>
        </div>
      )}
      {held !== undefined ? (
        <ItemForm key={`${held.task.itemId}:${held.takenAt}`} task={held.task} start={held.answer} onKeep={(answer) => room?.session.keepAnswer(held.task.itemId, answer)} onSubmit={submit} onUndo={() => void undo()} />
      ) : sessionState?.phase === "empty" ? (
        <div className="m-auto">
          <EmptyState
            title="Nothing left to judge"
            action={<><Button onClick={() => room?.session.lookAgain()}>Look again</Button><Button onClick={() => void undo()}>Undo the last one</Button><Button asChild><Link href={`/annotate/${slug}/history`}>My judgements</Link></Button></>}
          >
            Every item of this project has its judgements, or is with somebody else. New ones appear when a researcher adds them; looking again costs nothing.
          </EmptyState>
        </div>
      ) : sessionState?.phase === "failed" ? (
        <ErrorState title="The next item could not be loaded" message={`${sessionState.problem ?? ""} Your votes are kept.`} onRetry={() => room?.session.lookAgain()} />
      ) : (
        <div className="mx-auto w-full max-w-7xl space-y-3 p-3 sm:space-y-4 sm:px-6 sm:py-4" role="status" aria-label="Loading the next item">
          <Skeleton className="h-40" />
          <div className="grid gap-4 md:grid-cols-2"><Skeleton className="h-32" /><Skeleton className="h-32" /></div>
        </div>
      )}
    </>
  );
}
