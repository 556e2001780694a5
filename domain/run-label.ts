/** What runs are called for people. */
import type { RunKind } from "./run";

export const KIND_LABELS: Readonly<Record<RunKind, string>> = {
  sft: "SFT",
  reward: "Reward model",
  preference: "Preference optimisation",
  ppo: "Online RL",
  evaluation: "Evaluation",
  benchmark: "Benchmark",
  sample: "Sampling",
  sweep: "Sweep",
};

/** A run by its algorithm, where its kind has several. */
export function runLabel({ kind, ...config }: { kind: RunKind; method?: unknown; loss?: unknown }): string {
  const algorithm = kind === "ppo" ? config.method : kind === "preference" ? config.loss : undefined;
  return typeof algorithm === "string" ? algorithm.toUpperCase() : KIND_LABELS[kind];
}

/** The name of a run like another: "SFT, again", then "SFT, again 2", and so on. */
export function nameAgain(name: string): string {
  const [, plain = name, number] = /^(.*), again(?: (\d+))?$/.exec(name) ?? [];
  return `${plain.slice(0, 105)}, again${plain === name ? "" : ` ${Number(number ?? 1) + 1}`}`;
}
