"use client";
/** A bar with its numbers in words: how much of how much. */
import { Progress as Primitive } from "radix-ui";
import { cn } from "./cn";

export function Progress({
  label,
  value,
  max,
  tone = "accent",
  className,
}: {
  /** What progresses; read by screen readers. */
  label: string;
  value: number;
  /** null: the end is not known. */
  max: number | null;
  tone?: "accent" | "running" | "chosen" | "failed";
  className?: string;
}) {
  const known = max !== null && max > 0;
  const share = known ? Math.min(1, Math.max(0, value / max)) : 0;
  const fill = { accent: "bg-accent", running: "bg-running", chosen: "bg-chosen", failed: "bg-failed" }[tone];
  return (
    <Primitive.Root
      value={known ? Math.min(Math.max(value, 0), max) : null}
      max={known ? max : 100}
      aria-label={label}
      getValueLabel={(v, m) => `${v} of ${m}`}
      className={cn("control h-1.5 overflow-hidden rounded-full bg-sunken", className)}
    >
      <Primitive.Indicator
        className={cn("h-full rounded-full transition-[width] duration-150", fill, !known && "animate-pulse")}
        style={{ width: known ? `${share * 100}%` : "100%" }}
      />
    </Primitive.Root>
  );
}
