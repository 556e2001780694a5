"use client";
/** Messages of a conversation, each under who says it. */
import type { Message } from "@/domain/prompt";
import { cn } from "../ui/cn";
import { type TextMode, TextView } from "./text-view";

const NAMES = { system: "System", user: "User", assistant: "Assistant" } as const;

export function Conversation({
  messages,
  mode,
  named = messages.length > 1,
}: {
  messages: readonly Message[];
  mode: TextMode;
  named?: boolean;
}) {
  return (
    <ol className="space-y-3">
      {messages.map(({ role, content }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages of a conversation never change places
        <li key={i} className={cn(named && "border-l-2 pl-3", named && (role === "user" ? "border-accent" : "border-control"))}>
          {named && <p className="mb-0.5 text-xs font-semibold text-muted">{NAMES[role]}</p>}
          <TextView text={content} mode={mode === "diff" ? "rendered" : mode} />
        </li>
      ))}
    </ol>
  );
}
