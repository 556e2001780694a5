"use client";
/** Dialogs: focus is kept inside, Escape closes, focus returns to what opened them. */
import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button } from "./button";
import { cn } from "./cn";

export const Dialog = Primitive.Root;
export const DialogTrigger = Primitive.Trigger;
export const DialogClose = Primitive.Close;

export function DialogContent({
  title,
  description,
  children,
  footer,
  className,
}: {
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  className?: string;
}) {
  /** Radix gives focus back to a DialogTrigger only; dialogs opened by state have none. */
  const opener = useRef<HTMLElement | null>(null);
  return (
    <Primitive.Portal>
      <Primitive.Overlay className="animate-fade-in fixed inset-0 z-40 bg-black/45" />
      <Primitive.Content
        {...(description === undefined ? { "aria-describedby": undefined } : {})}
        onOpenAutoFocus={(event) => {
          const focused = document.activeElement;
          // A menu item is gone by the time the dialog closes; the button of its menu is what remains.
          const menu = focused?.closest("[role=menu]")?.getAttribute("aria-labelledby");
          const element = menu ? document.getElementById(menu) : focused;
          opener.current = element instanceof HTMLElement ? element : null;
          // What the dialog is for comes first; its Close button, which is first in the document, does not.
          const start =
            event.currentTarget instanceof HTMLElement
              ? event.currentTarget.querySelector<HTMLElement>("[data-start], input, textarea, select")
              : null;
          if (start === null) return;
          event.preventDefault();
          start.focus();
        }}
        onCloseAutoFocus={(event) => {
          if (opener.current?.isConnected !== true) return;
          event.preventDefault();
          opener.current.focus();
        }}
        className={cn(
          "animate-rise-in fixed inset-x-0 bottom-0 z-50 flex max-h-[92dvh] flex-col rounded-t-xl border bg-surface shadow-raised",
          "sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[min(32rem,calc(100vw-2rem))] sm:-translate-1/2 sm:rounded-xl",
          className,
        )}
      >
        <header className="flex items-start justify-between gap-4 border-b px-5 py-4">
          <div>
            <Primitive.Title className="font-semibold">{title}</Primitive.Title>
            {description !== undefined && <Primitive.Description className="mt-1 text-sm text-muted">{description}</Primitive.Description>}
          </div>
          <Primitive.Close asChild>
            <Button variant="ghost" size="icon" aria-label="Close" className="-mt-1 -mr-2">
              <X aria-hidden="true" className="size-4" />
            </Button>
          </Primitive.Close>
        </header>
        {children !== undefined && <div className="min-h-0 overflow-y-auto px-5 py-4">{children}</div>}
        {footer !== undefined && <footer className="flex flex-wrap justify-end gap-2 border-t px-5 py-3">{footer}</footer>}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** Asks before something that cannot be taken back; says what will happen and what stays. */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  description,
  confirmLabel,
  onConfirm,
  loading = false,
  danger = false,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description: ReactNode;
  confirmLabel: string;
  onConfirm: () => void;
  loading?: boolean;
  danger?: boolean;
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        title={title}
        description={description}
        footer={
          <>
            <DialogClose asChild>
              <Button>Cancel</Button>
            </DialogClose>
            <Button variant={danger ? "danger" : "primary"} loading={loading} onClick={onConfirm}>
              {confirmLabel}
            </Button>
          </>
        }
      />
    </Dialog>
  );
}
