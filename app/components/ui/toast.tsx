"use client";
/** Short notes about what happened; read out politely, errors at once. F8 moves to them. */
import dynamic from "next/dynamic";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";

type ToastInput = {
  title: string;
  description?: string;
  tone?: "neutral" | "failed";
  /** For undo: what the button says and does. `alt` says the same for those who cannot reach it. */
  action?: { label: string; alt: string; onSelect: () => void };
  /** ms; errors stay 10 s by default, the rest 5 s. */
  duration?: number;
};
export type ToastEntry = ToastInput & { id: number };

const ToastContext = createContext<((toast: ToastInput) => void) | null>(null);

const loadToasts = () => import("./toasts");
const Toasts = dynamic(async () => (await loadToasts()).Toasts, { ssr: false });

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<ToastEntry[] | null>(null);
  const nextId = useRef(0);
  const show = useCallback((toast: ToastInput) => {
    nextId.current += 1;
    const id = nextId.current;
    setToasts((all) => [...(all ?? []).slice(-2), { ...toast, id }]);
  }, []);
  const close = useCallback((id: number) => setToasts((all) => (all ?? []).filter((t) => t.id !== id)), []);
  return (
    <ToastContext value={show}>
      {children}
      {toasts !== null && <Toasts toasts={toasts} onClose={close} />}
    </ToastContext>
  );
}

/** `const toast = useToast(); toast({ title: "Saved" })` */
export function useToast(): (toast: ToastInput) => void {
  const show = useContext(ToastContext);
  if (show === null) throw new Error("useToast: no ToastProvider above");
  // Ready before the first note, which may say that the connection is lost.
  useEffect(() => {
    void loadToasts().catch(() => undefined);
  }, []);
  return show;
}
