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
    return <div className="m-auto"><EmptyState title="There is no such project" action={<Button asChild><Link href="/annotate">All projects</Link></Button>} /></div>;
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
  const status = `${counts}${outboxState.trouble !== null ? `. ${waiting} kept here, sent when the server can be reached` : ""}`;

  return (
    <>
      <p aria-live="polite" className="sr-only">{said}</p>
      <div className="mx-auto flex w-full max-w-7xl items-center justify-between gap-3 px-4 pt-3 text-sm text-muted sm:px-6">
        <h1 className="truncate font-medium text-text">{project?.name ?? <Skeleton className="h-5 w-40" />}</h1>
        <Link href={`/annotate/${slug}/history`} className="underline pointer-coarse:py-3">My judgements</Link>
      </div>
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
        <ItemForm key={`${held.task.itemId}:${held.answer === null}`} task={held.task} start={held.answer} onSubmit={submit} onUndo={() => void undo()} status={status} />
      ) : sessionState?.phase === "empty" ? (
        <div className="m-auto">
          <EmptyState
            title="Nothing left to judge"
            action={<><Button onClick={() => room?.session.lookAgain()}>Look again</Button><Button onClick={() => void undo()}>Undo the last one</Button><Button asChild><Link href={`/annotate/${slug}/history`}>My judgements</Link></Button></>}
          >
            Every item of this project has its judgements, or is with somebody else. {counts}
          </EmptyState>
        </div>
      ) : sessionState?.phase === "failed" ? (
        <ErrorState title="The next item could not be loaded" message={`${sessionState.problem ?? ""} Your votes are kept.`} onRetry={() => room?.session.lookAgain()} />
      ) : (
        <div className="mx-auto w-full max-w-7xl space-y-4 p-4 sm:p-6" role="status" aria-label="Loading the next item">
          <Skeleton className="h-40" />
          <div className="grid gap-4 md:grid-cols-2"><Skeleton className="h-32" /><Skeleton className="h-32" /></div>
        </div>
      )}
    </>
  );
}
