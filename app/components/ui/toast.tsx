"use client";
/** Short notes about what happened; read out politely, errors at once. F8 moves to them. */
import { X } from "lucide-react";
import { Toast as Primitive } from "radix-ui";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { cn } from "./cn";

type ToastInput = {
  title: string;
  description?: string;
  tone?: "neutral" | "failed";
  /** For undo: what the button says and does. `alt` says the same for those who cannot reach it. */
  action?: { label: string; alt: string; onSelect: () => void };
  /** ms; errors stay 10 s by default, the rest 5 s. */
  duration?: number;
};
type ToastEntry = ToastInput & { id: number };

const ToastContext = createContext<((toast: ToastInput) => void) | null>(null);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<ToastEntry[]>([]);
  const nextId = useRef(0);
  const show = useCallback((toast: ToastInput) => {
    nextId.current += 1;
    const id = nextId.current;
    setToasts((all) => [...all.slice(-2), { ...toast, id }]);
  }, []);
  const viewport = useMemo(
    () => <Primitive.Viewport className="fixed right-0 bottom-0 z-50 flex w-full flex-col gap-2 p-4 outline-none sm:w-96" />,
    [],
  );
  return (
    <ToastContext value={show}>
      <Primitive.Provider swipeDirection="right">
        {children}
        {toasts.map((toast) => (
          <Primitive.Root
            key={toast.id}
            type={toast.tone === "failed" ? "foreground" : "background"}
            duration={toast.duration ?? (toast.tone === "failed" ? 10_000 : 5_000)}
            onOpenChange={(open) => {
              if (!open) setToasts((all) => all.filter((t) => t.id !== toast.id));
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
        {viewport}
      </Primitive.Provider>
    </ToastContext>
  );
}

/** `const toast = useToast(); toast({ title: "Saved" })` */
export function useToast(): (toast: ToastInput) => void {
  const show = useContext(ToastContext);
  if (show === null) throw new Error("useToast: no ToastProvider above");
  return show;
}
