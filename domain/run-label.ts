/** What runs are called until somebody calls them otherwise. */
import type { RunKind } from "./run";

/** What a run trains by, where its kind says too little or too much for a name; null for all others. */
export function algorithmOf({ kind, method, loss }: { kind: RunKind; method?: unknown; loss?: unknown }): string | null {
  if (kind === "sft") return "SFT";
  const algorithm = kind === "ppo" ? method : kind === "preference" ? loss : null;
  return typeof algorithm === "string" ? algorithm.toUpperCase() : null;
}

/** The name of a run like another: "SFT, again", then "SFT, again 2", and so on. */
export function nameAgain(name: string): string {
  const [, plain = name, number] = /^(.*), again(?: (\d+))?$/.exec(name) ?? [];
  return `${plain.slice(0, 105)}, again${plain === name ? "" : ` ${Number(number ?? 1) + 1}`}`;
}
