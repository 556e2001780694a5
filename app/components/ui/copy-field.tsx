"use client";
/** A text that is shown once, with a button that copies it. */
import { Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";

export function CopyField({ text, what }: { text: string /** In a sentence: "the password". */; what: string }) {
  const [copied, setCopied] = useState<"yes" | "no" | null>(null);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("yes");
    } catch {
      // Browsers give the clipboard only to pages over https or localhost.
      setCopied("no");
    }
  }
  return (
    <>
      <div className="mt-1 flex items-center gap-2">
        <code className="min-w-0 flex-1 rounded-md bg-sunken px-3 py-2 break-all select-all">{text}</code>
        <Button onClick={() => void copy()}>
          <Copy aria-hidden="true" className="size-4" />
          Copy
        </Button>
      </div>
      <p role="status" className="mt-2 min-h-5 text-sm text-muted">
        {copied === "yes" && "Copied."}
        {copied === "no" && `The browser did not allow copying. Select ${what} and copy it by hand.`}
      </p>
    </>
  );
}
