"use client";
/** A long text piece by piece: the first at once, the rest while nobody waits for anything. */
import { startTransition, useEffect, useMemo, useState } from "react";

const AT_ONCE = 2;

/** The pieces that are to be shown by now. `split` must be one function for good. */
export function usePieces(text: string, split: (text: string) => string[]): string[] {
  const pieces = useMemo(() => split(text), [text, split]);
  const [shown, setShown] = useState({ pieces, count: AT_ONCE });
  const count = shown.pieces === pieces ? shown.count : AT_ONCE;
  useEffect(() => {
    if (count >= pieces.length) return;
    // A macrotask between two pieces leaves room for every key.
    const timer = setTimeout(() => startTransition(() => setShown({ pieces, count: count + 1 })), 0);
    return () => clearTimeout(timer);
  }, [count, pieces]);
  return useMemo(() => pieces.slice(0, count), [pieces, count]);
}
