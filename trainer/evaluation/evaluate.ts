/** The scores of an evaluation run: text metrics, reward, gold score and length, each with its 95 % interval. */
import { bootstrapMean, bootstrapStatistic } from "../../domain/metrics/bootstrap";
import { bleuFromStatistics, bleuSignature, bleuStatistics, sumBleuStatistics } from "../../domain/metrics/bleu";
import { rougeSignature, scoreRouge } from "../../domain/metrics/rouge";
import { tasteScore } from "../../domain/demo/taste";
import type { Facts } from "../../domain/demo/support";
import type { EvaluationConfig } from "../../domain/run";

export type EvaluatedCompletion = { text: string; tokens: number; reference: string | null; reward: number | null; facts: Facts | null };

export type Score = { metric: string; value: number; low: number; high: number; n: number; signature: string };

const SAMPLES = 1000;

/** Means and corpus statistics over held-out completions. Metrics without any row that has them are left out. */
export function evaluateCompletions(rows: EvaluatedCompletion[], config: Pick<EvaluationConfig, "seed" | "goldTaste">): Score[] {
  const scores: Score[] = [];
  const bootstrap = { seed: config.seed, samples: SAMPLES };
  const sampling = `bootstrap:percentile|n:${SAMPLES}|seed:${config.seed}`;
  const addMean = (metric: string, values: number[], what: string) => {
    if (values.length === 0) return;
    const { value, low, high, n } = bootstrapMean(values, bootstrap);
    scores.push({ metric, value, low, high, n, signature: `${what}|${sampling}` });
  };
  const pairs = rows.flatMap(({ text, reference }) => (reference === null ? [] : [{ text, reference }]));
  const rouge = pairs.map(({ text, reference }) => scoreRouge(reference, text, { stem: true }));
  for (const metric of ["rouge1", "rouge2", "rougeL", "rougeLsum"] as const) addMean(metric, rouge.map((row) => row[metric].f), rougeSignature(true));
  if (pairs.length > 0) {
    const statistics = pairs.map(({ text, reference }) => bleuStatistics(text, [reference], { tokenize: "13a" }));
    for (const order of [1, 2, 3, 4] as const) {
      const { value, low, high } = bootstrapStatistic(statistics, (sample) => bleuFromStatistics(sumBleuStatistics(sample), { order, smooth: "exp" }).score / 100, bootstrap);
      scores.push({ metric: `bleu${order}`, value, low, high, n: pairs.length, signature: `${bleuSignature({ order, tokenize: "13a", smooth: "exp" })}|${sampling}` });
    }
  }
  addMean("length", rows.map(({ text }) => text.split(/\s+/).filter(Boolean).length), "words:whitespace");
  addMean("reward", rows.flatMap(({ reward }) => (reward === null ? [] : [reward])), "reward:raw");
  const { goldTaste } = config;
  if (goldTaste) addMean("gold", rows.flatMap(({ text, facts }) => (facts ? [tasteScore(goldTaste, text, facts)] : [])), `taste:${goldTaste}`);
  return scores;
}

/** Pairwise accuracy over items, whose pairs are resampled together; null without any strictly ordered pair. */
export function summariseAccuracy(counts: [right: number, pairs: number][], seed: number): Score | null {
  const pairs = counts.reduce((sum, [, n]) => sum + n, 0);
  if (pairs === 0) return null;
  const share = (sample: readonly [number, number][]) => {
    const n = sample.reduce((sum, [, count]) => sum + count, 0);
    return n === 0 ? 0.5 : sample.reduce((sum, [right]) => sum + right, 0) / n;
  };
  const { value, low, high } = bootstrapStatistic(counts, share, { seed, samples: SAMPLES });
  return { metric: "accuracy", value, low, high, n: pairs, signature: `pairs|bootstrap:items|n:${SAMPLES}|seed:${seed}` };
}
