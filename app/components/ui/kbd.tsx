/** A key of the keyboard. */
import type { ReactNode } from "react";

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded border border-control bg-surface px-1 text-[11px] leading-none font-medium text-muted">
      {children}
    </kbd>
  );
}
