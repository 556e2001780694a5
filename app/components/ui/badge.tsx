/** Badges: a word for a state, with a colour of fixed meaning that never stands alone. */
import { Bot } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./cn";

const TONES = {
  neutral: "bg-sunken text-text",
  accent: "bg-accent-soft text-accent",
  chosen: "bg-chosen-soft text-chosen",
  rejected: "bg-rejected-soft text-rejected",
  tie: "bg-tie-soft text-tie",
  flagged: "bg-flagged-soft text-flagged",
  running: "bg-running-soft text-running",
  failed: "bg-failed-soft text-failed",
} as const;
export type Tone = keyof typeof TONES;

export function Badge({
  tone = "neutral",
  icon,
  title,
  className,
  children,
}: {
  tone?: Tone;
  icon?: ReactNode;
  title?: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      title={title}
      className={cn("inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-xs font-medium whitespace-nowrap", TONES[tone], className)}
    >
      {icon}
      {children}
    </span>
  );
}

/** Stands wherever something comes from simulated annotators. */
export function SimulatedBadge() {
  return (
    <Badge tone="flagged" icon={<Bot aria-hidden="true" className="size-3" />} title="Made by simulated annotators, not by people">
      simulated
    </Badge>
  );
}
