"use client";
/** Sends what is chosen so far to the server, for another device: a moment after the last change, and not after the vote. */
import { useCallback, useEffect, useRef } from "react";
import { type Answer, isEmptyAnswer } from "@/domain/annotation/answer";
import type { AnnotationTask } from "@/domain/annotation/task";
import { useTRPCClient } from "../../trpc";

const DRAFT_DELAY_MS = 800;

/** `task` is the one at hand; with the next one, what waits to be sent of it is dropped. */
export function useDraftSaver(task: AnnotationTask | undefined): (answer: Answer) => void {
  const client = useTRPCClient();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const itemId = task?.itemId;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another item is what ends the draft of this one
  useEffect(() => () => clearTimeout(timer.current), [itemId]);
  return useCallback(
    (answer) => {
      clearTimeout(timer.current);
      if (task === undefined || isEmptyAnswer(answer, task)) return;
      // One that does not get through is still in this browser.
      timer.current = setTimeout(
        () => void client.annotate.saveDraft.mutate({ itemId: task.itemId, value: answer }).catch(() => undefined),
        DRAFT_DELAY_MS,
      );
    },
    [client, task],
  );
}
