"use client";
/** Word by word differences, worked out beside the page. */
import { useEffect, useState } from "react";
import type { DiffPart } from "@/domain/annotation/word-diff";

let worker: Worker | null = null;
let lastId = 0;

type Found = { text: string; other: string; parts: DiffPart[] | null };

/** `parts` is null until it is known; `alien`: the texts have too little in common to be compared. */
export function useDifferences(text: string, other: string): { parts: DiffPart[] | null; alien: boolean } {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    worker ??= new Worker(new URL("./diff-worker.ts", import.meta.url), { type: "module" });
    const own = worker;
    lastId += 1;
    const id = lastId;
    const receive = ({ data }: MessageEvent<{ id: number; parts: DiffPart[] | null }>) => {
      if (data.id === id) setFound({ text, other, parts: data.parts });
    };
    own.addEventListener("message", receive);
    own.postMessage({ id, text, other });
    return () => own.removeEventListener("message", receive);
  }, [text, other]);
  const known = found !== null && found.text === text && found.other === other ? found : null;
  return { parts: known?.parts ?? null, alien: known !== null && known.parts === null };
}
