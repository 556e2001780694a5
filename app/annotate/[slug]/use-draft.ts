"use client";
/** Keeps what is chosen so far: in this tab at once, over a reload; on the server a moment later, for another device. */
import { useEffect, useRef } from "react";
import { type Answer, isEmptyAnswer } from "@/domain/annotation/answer";
import { useTRPCClient } from "../../trpc";

const DRAFT_DELAY_MS = 800;

export function useDraft(itemId: string, answer: Answer, onKeep: (answer: Answer) => void): void {
  const client = useTRPCClient();
  const keep = useRef(onKeep);
  useEffect(() => {
    keep.current = onKeep;
  });
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    keep.current(answer);
    if (isEmptyAnswer(answer)) return;
    // One that does not get through is still in this tab.
    const timer = setTimeout(() => void client.annotate.saveDraft.mutate({ itemId, value: answer }).catch(() => undefined), DRAFT_DELAY_MS);
    return () => clearTimeout(timer);
  }, [answer, client, itemId]);
}
