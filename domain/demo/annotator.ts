/**
 * Simulated annotators: a hidden taste, noise, a side bias and human-like times. They are marked as simulated
 * wherever they appear.
 *
 * Choices follow Bradley-Terry on the utilities behind the gold scores: P(first) = sigmoid((u1 - u2) / noise + bias).
 * At the default noise 85 to 90 % of the choices agree with the taste's own order, over pairs of summaries of mixed
 * coverage and style of which 0 to 15 % are wrong, equal pairs and ties left out; people reach 72 to 77 %.
 */
import { createRandom, type Random } from "../random";
import type { Facts } from "./support";
import { TASTES, tasteUtility } from "./taste";

export const ANNOTATOR_TASTES = [...TASTES, "random"] as const;
export type AnnotatorTaste = (typeof ANNOTATOR_TASTES)[number];

export type SimulatedAnnotator = {
  /** Margin of a shown pair: -3 A much better .. 3 B much better, 0 about the same. */
  comparePair(a: string, b: string, facts: Facts): { margin: number; activeMs: number };
  /** Ranks of texts as shown: 1 = best, equal ranks tie, no rank is skipped. */
  rankCompletions(texts: readonly string[], facts: Facts): { ranks: number[]; activeMs: number };
};

export type SimulatedAnnotatorOptions = {
  taste: AnnotatorTaste;
  seed: number;
  /** Scale of the logistic noise, in units of the utility (taste.ts); by default DEFAULT_NOISE of the taste. */
  noise?: number;
  /** Added to the log-odds of the left side. */
  sideBias?: number;
};

/** Errors cost the faithful more than anything costs the others, so the same noise would misjudge fewer pairs. */
export const DEFAULT_NOISE: Record<AnnotatorTaste, number> = { faithful: 0.13, concise: 0.1, detailed: 0.1, random: 0.1 };

/** Median of a comparison in AlpacaFarm (Dubois et al. 2023), milliseconds. */
const MEDIAN_MS = 36_800;
/** Perceived differences below this look the same. */
const TIE = 0.02;

export function createSimulatedAnnotator({
  taste,
  seed,
  noise = DEFAULT_NOISE[taste],
  sideBias = 0.1,
}: SimulatedAnnotatorOptions): SimulatedAnnotator {
  const random = createRandom(seed, `annotator:${taste}`);
  const time = (texts: number) => Math.round(MEDIAN_MS * (texts / 2) * Math.exp(0.5 * random.normal()));
  const perceive = (text: string, facts: Facts): number => (taste === "random" ? random.next() : tasteUtility(taste, text, facts));
  return {
    comparePair(a, b, facts) {
      const activeMs = time(2);
      if (taste === "random") return { margin: random.pick([-3, -2, -1, 1, 2, 3]), activeMs };
      const difference = perceive(b, facts) - perceive(a, facts) + noise * (logistic(random) - sideBias);
      const size = Math.abs(difference);
      if (size < TIE) return { margin: 0, activeMs };
      return { margin: Math.sign(difference) * (size > 0.4 ? 3 : size > 0.15 ? 2 : 1), activeMs };
    },
    rankCompletions(texts, facts) {
      const activeMs = time(texts.length);
      // Gumbel noise makes the ranking Plackett-Luce with the same log-odds as the pairs.
      const values = texts.map((text) => perceive(text, facts) + (taste === "random" ? 0 : noise * gumbel(random)));
      const order = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
      const ranks = new Array<number>(texts.length).fill(1);
      order.forEach((index, place) => {
        const before = order[place - 1];
        const tied = before !== undefined && (values[before] ?? 0) - (values[index] ?? 0) < TIE;
        ranks[index] = before === undefined ? 1 : (ranks[before] ?? 1) + (tied ? 0 : 1);
      });
      return { ranks, activeMs };
    },
  };
}

function logistic(random: Random): number {
  const u = Math.min(1 - 1e-9, Math.max(1e-9, random.next()));
  return Math.log(u / (1 - u));
}

function gumbel(random: Random): number {
  return -Math.log(-Math.log(Math.min(1 - 1e-9, Math.max(1e-9, random.next()))));
}
