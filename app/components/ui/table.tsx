"use client";
/** Dense tables: rows of one height, figures right-aligned in tabular numerals, sortable heads. */
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

export type SortDirection = "asc" | "desc";

/** The first cell of a row keeps its place while the others scroll. */
const HOLD_FIRST =
  "max-md:[&_tr>:first-child]:sticky max-md:[&_tr>:first-child]:left-0 max-md:[&_tr>:first-child]:z-1 max-md:[&_tr>:first-child]:bg-surface max-md:[&_tr>:first-child]:max-w-40 max-md:[&_tr>:first-child]:whitespace-normal!";

/**
 * `label` names the table for screen readers; the frame scrolls sideways by keyboard too. `holdFirst` is for tables whose first column
 * is short and says whose row it is: on a phone it stays in sight.
 */
export function Table({ label, holdFirst = false, className, ...props }: ComponentProps<"table"> & { label: string; holdFirst?: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
    <section aria-label={label} tabIndex={0} className="relative overflow-x-auto rounded-[inherit] focus-visible:-outline-offset-2">
      <table className={cn("w-full border-collapse text-left text-sm", holdFirst && HOLD_FIRST, className)} {...props} />
    </section>
  );
}

export function THead(props: ComponentProps<"thead">) {
  return <thead {...props} />;
}

export function TBody(props: ComponentProps<"tbody">) {
  return <tbody {...props} />;
}

export function Tr({ className, ...props }: ComponentProps<"tr">) {
  return <tr className={cn("border-b [tbody_&]:last:border-b-0 [tbody_&]:hover:bg-sunken/60", className)} {...props} />;
}

export function Th({
  numeric = false,
  sort,
  onSort,
  className,
  children,
  ...props
}: Omit<ComponentProps<"th">, "onClick"> & {
  numeric?: boolean;
  /** null: sortable, but not what the table is sorted by. */
  sort?: SortDirection | null;
  onSort?: () => void;
  children?: ReactNode;
}) {
  const ariaSort = sort === "asc" ? "ascending" : sort === "desc" ? "descending" : undefined;
  const Icon = sort === "asc" ? ArrowUp : sort === "desc" ? ArrowDown : ChevronsUpDown;
  return (
    <th
      scope="col"
      aria-sort={ariaSort}
      className={cn("h-9 px-3 text-xs font-medium whitespace-nowrap text-muted", numeric && "text-right", className)}
      {...props}
    >
      {onSort === undefined ? (
        children
      ) : (
        <button type="button" onClick={onSort} className="inline-flex items-center gap-1 rounded hover:text-text">
          {children}
          <Icon aria-hidden="true" className={cn("size-3.5", (sort === null || sort === undefined) && "opacity-40")} />
        </button>
      )}
    </th>
  );
}

export function Td({ numeric = false, className, ...props }: ComponentProps<"td"> & { numeric?: boolean }) {
  return <td className={cn("h-10 px-3 py-1.5", numeric && "figures text-right whitespace-nowrap", className)} {...props} />;
}
