/** The look of drop-down menus. */
export const menuContent = "animate-rise-in z-50 min-w-48 rounded-lg border bg-surface p-1 text-sm shadow-raised";
export const menuItem =
  "flex min-h-9 w-full items-center gap-2 rounded-md px-3 outline-none data-highlighted:bg-sunken pointer-coarse:min-h-11";
