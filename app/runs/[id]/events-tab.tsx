"use client";
/** What happened, newest first: states with their reasons, log lines, checkpoints. */
import { ScrollText } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { StoredRunEvent } from "@/domain/run-series";
import { Badge, type Tone } from "../../components/ui/badge";
import { Card, CardHeader } from "../../components/ui/card";
import { EmptyState } from "../../components/ui/empty-state";
import { Checkbox } from "../../components/ui/field";
import { RelativeTime } from "../../components/ui/relative-time";

type Line = { seq: number; attempt: number; createdAt: Date; label: string; tone: Tone; text: string; href: string | null };

function toLine({ seq, attempt, createdAt, event }: StoredRunEvent): Line | null {
  const base = { seq, attempt, createdAt, href: null };
  switch (event.kind) {
    case "state":
      return { ...base, label: event.to, tone: event.to === "failed" ? "failed" : "running", text: event.reason };
    case "log":
      return {
        ...base,
        label: event.level,
        tone: event.level === "error" ? "failed" : event.level === "warning" ? "flagged" : "neutral",
        text: event.message,
      };
    case "checkpoint":
      return {
        ...base,
        label: "checkpoint",
        tone: "accent",
        text: event.final ? `Result saved at step ${event.step}` : `Saved at step ${event.step}`,
        href: `/checkpoints/${event.checkpointId}`,
      };
    case "report":
      return { ...base, label: "report", tone: "accent", text: "Each task before and after: see Results" };
    case "metric":
    case "sample":
      return null;
    default:
      return event satisfies never;
  }
}

export function EventsTab({ events }: { events: readonly StoredRunEvent[] }) {
  const [onlyProblems, setOnlyProblems] = useState(false);
  const lines = events
    .flatMap((event) => toLine(event) ?? [])
    .filter(({ tone }) => !onlyProblems || tone === "failed" || tone === "flagged")
    .reverse();
  return (
    <Card>
      <CardHeader
        title="Events"
        description="Newest first"
        actions={
          <Checkbox label="Warnings and errors only" checked={onlyProblems} onChange={(event) => setOnlyProblems(event.target.checked)} />
        }
      />
      {lines.length === 0 ? (
        <EmptyState icon={<ScrollText aria-hidden="true" />} title={onlyProblems ? "No warnings, no errors" : "Nothing happened yet"} />
      ) : (
        <ol aria-label="Events" className="divide-y">
          {lines.map(({ seq, attempt, createdAt, label, tone, text, href }) => (
            <li key={seq} className="grid grid-cols-[7rem_1fr] items-start gap-x-3 gap-y-1 px-4 py-2 text-sm sm:grid-cols-[7rem_1fr_auto]">
              <span>
                <Badge tone={tone}>{label}</Badge>
              </span>
              <span className="min-w-0 font-mono text-xs leading-5 break-words whitespace-pre-wrap">
                {href === null ? (
                  text
                ) : (
                  <Link href={href} className="text-accent hover:underline">
                    {text}
                  </Link>
                )}
              </span>
              <span className="col-start-2 text-xs text-muted sm:col-start-3">
                {attempt > 1 && `attempt ${attempt}, `}
                <RelativeTime date={createdAt} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
