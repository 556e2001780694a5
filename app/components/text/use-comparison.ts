"use client";
/** Texts compared word by word, worked out beside the page. */
import { useEffect, useState } from "react";
import type { ChangePart, DiffPart } from "@/domain/annotation/word-diff";
import type { Comparison } from "./diff-worker";

let worker: Worker | null = null;
let lastId = 0;

type PartsOf = { differences: DiffPart[]; changes: ChangePart[] };

/** `parts` is null until it is known; `alien`: the texts have too little in common to be compared. */
export function useComparison<Kind extends Comparison["kind"]>(
  kind: Kind,
  text: string,
  other: string,
): { parts: PartsOf[Kind] | null; alien: boolean } {
  const [found, setFound] = useState<(Comparison & { parts: PartsOf[Kind] | null }) | null>(null);
  useEffect(() => {
    worker ??= new Worker(new URL("./diff-worker.ts", import.meta.url), { type: "module" });
    const own = worker;
    lastId += 1;
    const id = lastId;
    const receive = ({ data }: MessageEvent<{ id: number; parts: PartsOf[Kind] | null }>) => {
      if (data.id === id) setFound({ kind, text, other, parts: data.parts });
    };
    own.addEventListener("message", receive);
    own.postMessage({ id, kind, text, other });
    return () => own.removeEventListener("message", receive);
  }, [kind, text, other]);
  const known = found !== null && found.text === text && found.other === other ? found : null;
  return { parts: known?.parts ?? null, alien: known !== null && known.parts === null };
}
