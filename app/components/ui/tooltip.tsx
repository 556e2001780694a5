"use client";
/** Tooltips: short help on hover and on focus; never the only place where something is said. */
import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";

/** `children` is one focusable element. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactNode }) {
  return (
    <Primitive.Provider delayDuration={300}>
      <Primitive.Root>
        <Primitive.Trigger asChild>{children}</Primitive.Trigger>
        <Primitive.Portal>
          <Primitive.Content
            sideOffset={6}
            collisionPadding={8}
            className="animate-fade-in z-50 max-w-72 rounded-md bg-text px-2.5 py-1.5 text-xs text-background shadow-raised"
          >
            {content}
          </Primitive.Content>
        </Primitive.Portal>
      </Primitive.Root>
    </Primitive.Provider>
  );
}
