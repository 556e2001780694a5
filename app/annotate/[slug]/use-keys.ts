"use client";
/** The keys of the room. They belong to the field or dialog that has the focus while one has it. */
import { type RefObject, useEffect, useRef } from "react";
import { type Command, commandOfKey } from "@/domain/annotation/keys";
import type { ItemMode } from "@/domain/judgement";

const closest = (target: EventTarget | null, selector: string) => (target instanceof Element ? target.closest(selector) : null);

/** `scope` listens to itself alone (a preview among other things); null listens to the page. */
export function useKeys(mode: ItemMode, scope: RefObject<HTMLElement | null> | null, run: (command: Command) => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (
        event.repeat ||
        event.isComposing ||
        event.defaultPrevented ||
        closest(event.target, "[role=dialog], [role=menu], select") !== null
      )
        return;
      const field = closest(event.target, "input:not([type=radio]), textarea");
      if (field instanceof HTMLTextAreaElement) {
        if (event.key === "Escape") field.blur();
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        latest.current({ kind: "submit" });
        return;
      }
      if (field !== null) return;
      const command = commandOfKey(event, mode);
      // Enter on a button or a link is its own.
      if (command === null || (command.kind === "submit" && closest(event.target, "button, a, summary") !== null)) return;
      event.preventDefault();
      latest.current(command);
    };
    const target = scope === null ? window : scope.current;
    target?.addEventListener("keydown", press as EventListener);
    return () => target?.removeEventListener("keydown", press as EventListener);
  }, [mode, scope]);
}
