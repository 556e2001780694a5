"use client";
/** What code and LaTeX need is loaded with the first text that has some, and is there at once for the next. */
import { useEffect, useState } from "react";
import type { Plugin } from "./plugin";
import { hasCode, hasMaths } from "@/domain/annotation/markdown";

type Loader<T> = { loaded: T | null; load: () => Promise<T> };

const code: Loader<Plugin> = { loaded: null, load: async () => (await import("./code-plugin")).highlightCode };
const maths: Loader<{ remark: Plugin; rehype: Plugin }> = { loaded: null, load: async () => (await import("./maths-plugins")).MATHS };

async function fetchOnce<T>(loader: Loader<T>): Promise<void> {
  loader.loaded ??= await loader.load();
}

function useLoader<T>(loader: Loader<T>, needed: boolean): T | null {
  const [, setArrived] = useState(loader.loaded !== null);
  useEffect(() => {
    if (!needed || loader.loaded !== null) return;
    let wanted = true;
    // Without a connection the text stays plain, which can be read.
    fetchOnce(loader).then(
      () => wanted && setArrived(true),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [loader, needed]);
  return needed ? loader.loaded : null;
}

/** Null while it is not needed, and until it has arrived. */
export const useCodePlugin = (needed: boolean) => useLoader(code, needed);
export const useMathsPlugins = (needed: boolean) => useLoader(maths, needed);

/** Fetches ahead what these texts need. */
export function prefetchPlugins(texts: readonly string[]): void {
  if (texts.some(hasCode)) fetchOnce(code).catch(() => undefined);
  if (texts.some(hasMaths)) fetchOnce(maths).catch(() => undefined);
}
