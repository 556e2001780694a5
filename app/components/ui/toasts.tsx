"use client";
/** The corner where notes are shown; loaded by the pages that have something to say. */
import { X } from "lucide-react";
import { Toast as Primitive } from "radix-ui";
import { cn } from "./cn";
import type { ToastEntry } from "./toast";

export function Toasts({ toasts, onClose }: { toasts: readonly ToastEntry[]; onClose: (id: number) => void }) {
  return (
    <Primitive.Provider swipeDirection="right">
      {toasts.map((toast) => (
        <Primitive.Root
          key={toast.id}
          type={toast.tone === "failed" ? "foreground" : "background"}
          duration={toast.duration ?? (toast.tone === "failed" ? 10_000 : 5_000)}
          onOpenChange={(open) => {
            if (!open) onClose(toast.id);
          }}
          className={cn(
            "animate-rise-in flex items-start gap-3 rounded-lg border bg-surface p-3 text-sm shadow-raised",
            toast.tone === "failed" && "border-failed",
          )}
        >
          <div className="min-w-0 flex-1">
            <Primitive.Title className={cn("font-medium", toast.tone === "failed" && "text-failed")}>{toast.title}</Primitive.Title>
            {toast.description !== undefined && (
              <Primitive.Description className="mt-0.5 text-muted">{toast.description}</Primitive.Description>
            )}
          </div>
          {toast.action !== undefined && (
            <Primitive.Action
              altText={toast.action.alt}
              onClick={toast.action.onSelect}
              className="rounded font-medium text-accent hover:underline"
            >
              {toast.action.label}
            </Primitive.Action>
          )}
          <Primitive.Close aria-label="Close" className="rounded p-0.5 text-muted hover:text-text">
            <X aria-hidden="true" className="size-4" />
          </Primitive.Close>
        </Primitive.Root>
      ))}
      <Primitive.Viewport className="fixed right-0 bottom-0 z-50 flex w-full flex-col gap-2 p-4 outline-none sm:w-96" />
    </Primitive.Provider>
  );
}
