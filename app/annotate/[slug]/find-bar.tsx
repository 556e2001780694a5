"use client";
/** Finds words in the prompt and the answers: all marked, one after another brought into view. */
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type RefObject, useCallback, useEffect, useState } from "react";
import { findMatches } from "@/domain/annotation/find";
import { Button } from "../../components/ui/button";

/** Names of the highlights in globals.css. */
const FOUND = "found";
const CURRENT = "found-now";

/** Ranges of `query` in every text view below `root`, in the order of the page; a match may go across bold and links. */
function findRanges(root: HTMLElement, query: string): Range[] {
  const ranges: Range[] = [];
  for (const view of root.querySelectorAll<HTMLElement>(".prose-hone")) {
    const nodes: { node: Text; from: number }[] = [];
    let text = "";
    const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      // KaTeX says everything twice; what is for screen readers is not seen.
      if (!(node instanceof Text) || node.parentElement?.closest(".katex-mathml") != null) continue;
      nodes.push({ node, from: text.length });
      text += node.data;
    }
    for (const at of findMatches(text, query)) {
      const first = nodes.findLast(({ from }) => from <= at);
      const last = nodes.findLast(({ from }) => from < at + query.length);
      if (first === undefined || last === undefined) continue;
      const range = document.createRange();
      range.setStart(first.node, at - first.from);
      range.setEnd(last.node, at + query.length - last.from);
      ranges.push(range);
    }
  }
  return ranges;
}

/** Frames in which what is laid out on the way may still push a place on. */
const SETTLING = 40;

/** Scrolls there, and follows while pieces around it are laid out. */
function show(range: Range, frames = SETTLING): void {
  if (frames === 0 || !range.startContainer.isConnected) return;
  if (!isSeen(range)) {
    range.startContainer.parentElement?.scrollIntoView({ block: "center" });
    const { top, height } = range.getBoundingClientRect();
    // What is not laid out yet has no height and no place to scroll to.
    if (height > 0 && !isSeen(range)) window.scrollBy({ top: top - window.innerHeight / 3 });
  }
  requestAnimationFrame(() => show(range, frames - 1));
}

export function FindBar({ within, onClose }: { within: RefObject<HTMLElement | null>; onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [ranges, setRanges] = useState<Range[]>([]);
  const [at, setAt] = useState(0);
  const search = useCallback(() => setRanges(within.current === null ? [] : findRanges(within.current, query)), [within, query]);
  useEffect(() => {
    setAt(0);
    search();
    const root = within.current;
    if (root === null) return;
    // Long texts arrive piece by piece.
    const observer = new MutationObserver(search);
    observer.observe(root, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [search, within]);
  const current = ranges[at];
  useEffect(() => {
    if (!("highlights" in CSS)) return;
    CSS.highlights.set(FOUND, new Highlight(...ranges));
    CSS.highlights.set(CURRENT, new Highlight(...(current === undefined ? [] : [current])));
    return () => {
      CSS.highlights.delete(FOUND);
      CSS.highlights.delete(CURRENT);
    };
  }, [ranges, current]);
  const go = (step: number) => {
    if (ranges.length === 0) return;
    const next = (at + step + ranges.length) % ranges.length;
    setAt(next);
    const range = ranges[next];
    if (range !== undefined) show(range);
  };
  return (
    <search
      className="sticky top-0 z-20 mx-auto flex w-full max-w-7xl items-center gap-1 border-b bg-surface px-3 py-1.5 sm:px-6"
      aria-label="In this item"
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: it opens because somebody wants to type
        autoFocus
        type="search"
        aria-label="Find in this item"
        placeholder="Find in this item"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          if (event.key !== "Enter") return;
          event.preventDefault();
          const first = ranges[0];
          if (at === 0 && first !== undefined && current === first && !event.shiftKey && !isSeen(first)) show(first);
          else go(event.shiftKey ? -1 : 1);
        }}
        className="h-9 min-w-0 flex-1 rounded-md border border-control bg-surface px-3 text-sm pointer-coarse:h-11 pointer-coarse:text-base"
      />
      <output className="figures min-w-16 text-center text-sm text-muted">
        {query.trim() === "" ? "" : ranges.length === 0 ? "none" : `${at + 1} of ${ranges.length}`}
      </output>
      <Button size="icon" variant="ghost" aria-label="Previous" disabled={ranges.length === 0} onClick={() => go(-1)}>
        <ChevronUp aria-hidden="true" className="size-4" />
      </Button>
      <Button size="icon" variant="ghost" aria-label="Next" disabled={ranges.length === 0} onClick={() => go(1)}>
        <ChevronDown aria-hidden="true" className="size-4" />
      </Button>
      <Button size="icon" variant="ghost" aria-label="Close find" onClick={onClose}>
        <X aria-hidden="true" className="size-4" />
      </Button>
    </search>
  );
}

function isSeen(range: Range): boolean {
  const { top, bottom } = range.getBoundingClientRect();
  // Between the find bar and the action bar.
  return top > 60 && bottom < window.innerHeight - 160;
}
