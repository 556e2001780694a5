"use client";
/** Copies a text, and says so, also to those who cannot see it. */
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button, type ButtonProps } from "./button";

export function CopyButton({
  text,
  label = "Copy",
  ...props
}: { text: string; label?: string } & Pick<ButtonProps, "size" | "variant" | "className">) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      // Browsers give the clipboard only to pages over https or localhost.
      setState("refused");
    }
    setTimeout(() => setState("idle"), 4000);
  }
  const words = { idle: "Copy", copied: "Copied", refused: "Select it instead" }[state];
  return (
    <Button {...props} aria-label={state === "idle" ? label : undefined} onClick={() => void copy()}>
      {state === "copied" ? <Check aria-hidden="true" className="size-4" /> : <Copy aria-hidden="true" className="size-4" />}
      <span aria-live="polite">{words}</span>
    </Button>
  );
}
