"use client";
/** "3 minutes ago", with the exact time on hover; keeps itself current. */
import { useSyncExternalStore } from "react";

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

/** `now` and `date` in ms since 1970. Under 45 s it is "just now". */
export function formatRelativeTime(date: number, now: number): string {
  const seconds = (date - now) / 1000;
  if (Math.abs(seconds) < 45) return seconds > 5 ? "in a moment" : "just now";
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(Math.sign(seconds), "minute");
}

/** One clock for all times on the page: ticks every 15 s while anybody listens. */
let ticks = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    timer = setInterval(() => {
      ticks += 1;
      for (const notify of listeners) notify();
    }, 15_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export function RelativeTime({ date, className }: { date: Date | string; className?: string }) {
  const value = typeof date === "string" ? new Date(date) : date;
  useSyncExternalStore(
    subscribe,
    () => ticks,
    () => 0,
  );
  return (
    <time
      dateTime={value.toISOString()}
      title={exact.format(value)}
      className={className}
      // Server and browser differ in clock and time zone; the browser's view is the right one.
      suppressHydrationWarning
    >
      {formatRelativeTime(value.getTime(), Date.now())}
    </time>
  );
}
