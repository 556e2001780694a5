"use client";
/** Time on the item: input counts as active, thirty seconds without it and a hidden tab do not. */
import { useCallback, useEffect, useRef } from "react";
import { type Attention, countTime, noteHidden, noteInput, startAttention } from "@/domain/annotation/attention";

const EVENTS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll"] as const;

/** Gives a function that says how much time has been spent since the component appeared, in whole ms. */
export function useAttention(): () => { activeMs: number; idleMs: number } {
  const attention = useRef<Attention | null>(null);
  useEffect(() => {
    attention.current = startAttention(performance.now(), document.hidden);
    const input = () => {
      if (attention.current) attention.current = noteInput(attention.current, performance.now());
    };
    const visibility = () => {
      if (attention.current) attention.current = noteHidden(attention.current, performance.now(), document.hidden);
    };
    for (const event of EVENTS) window.addEventListener(event, input, { passive: true });
    document.addEventListener("visibilitychange", visibility);
    return () => {
      for (const event of EVENTS) window.removeEventListener(event, input);
      document.removeEventListener("visibilitychange", visibility);
    };
  }, []);
  return useCallback(() => {
    const now = performance.now();
    const { activeMs, idleMs } = countTime(attention.current ?? startAttention(now), now);
    return { activeMs: Math.round(activeMs), idleMs: Math.round(idleMs) };
  }, []);
}
