"use client";
/** Form fields: a label, the control, its unit and usual range, and what is wrong with it. */
import { type ComponentProps, createContext, type ReactNode, useContext, useId } from "react";
import { cn } from "./cn";

type FieldIds = { id: string; describedBy: string | undefined; invalid: boolean };
const FieldContext = createContext<FieldIds | null>(null);

/** Names and describes the one control inside it. */
export function Field({
  label,
  hint,
  error,
  className,
  children,
}: {
  label: ReactNode;
  /** Unit, usual range, or what it is for. */
  hint?: ReactNode;
  error?: string | null | undefined;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  const hasError = error !== undefined && error !== null && error !== "";
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const describedBy = [hasError ? errorId : null, hint !== undefined ? hintId : null].filter((x) => x !== null);
  return (
    <FieldContext value={{ id, describedBy: describedBy.length > 0 ? describedBy.join(" ") : undefined, invalid: hasError }}>
      <div className={cn("flex flex-col gap-1", className)}>
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {children}
        {hasError && (
          <p id={errorId} className="text-sm text-failed">
            {error}
          </p>
        )}
        {hint !== undefined && (
          <p id={hintId} className="text-xs text-muted">
            {hint}
          </p>
        )}
      </div>
    </FieldContext>
  );
}

function useFieldProps() {
  const field = useContext(FieldContext);
  if (field === null) return {};
  return { id: field.id, "aria-describedby": field.describedBy, "aria-invalid": field.invalid || undefined };
}

const CONTROL = cn(
  "control rounded-md border border-control bg-surface px-3 text-sm text-text",
  "aria-invalid:border-failed disabled:opacity-60 pointer-coarse:text-base",
);

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(CONTROL, "h-9 pointer-coarse:h-11", className)} {...useFieldProps()} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(CONTROL, "min-h-24 py-2", className)} {...useFieldProps()} {...props} />;
}

/** The browser's own list: it works by keyboard, by finger and by screen reader everywhere. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return <select className={cn(CONTROL, "h-9 pr-8 pointer-coarse:h-11", className)} {...useFieldProps()} {...props} />;
}

/** A tick box with its words beside it. */
export function Checkbox({ label, className, ...props }: ComponentProps<"input"> & { label: ReactNode }) {
  return (
    <label className={cn("flex min-h-9 items-center gap-2 text-sm pointer-coarse:min-h-11", className)}>
      <input type="checkbox" className="size-4 shrink-0 accent-accent" {...props} />
      <span>{label}</span>
    </label>
  );
}
