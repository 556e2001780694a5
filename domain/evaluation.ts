/** What an evaluation keeps of each prompt, and the metrics that follow from it: for a checkpoint's scores and for comparing two. */
import { type BootstrapOptions, bootstrapSums, type SumStatistic } from "./metrics/bootstrap";
import { perplexityOfSums } from "./metrics/perplexity";
import { comparePaired, type PairedComparison } from "./metrics/significance";
import { type Duel, type WinRates, winRates } from "./metrics/win-rate";
import { type MeasuredRows, measureTexts, measureValues } from "./metrics/text-metrics";

/** What was measured on one prompt beside the texts: what cannot be computed again from them. */
export type EvaluationValues = {
  /** Raw score of the reward model. */
  reward?: number;
  /** Score by the hidden taste of simulated annotators. */
  gold?: number;
  /** Negative log-likelihood of the reference in nats, and its length in tokens (end included). */
  referenceNats?: number;
  referenceTokens?: number;
};

export type EvaluationRow = { text: string; reference: string | null; values: EvaluationValues };

/** Metrics of rows; one that a row lacks is measured on the rows that have it. `goldSignature` says whose taste the gold score is. */
export function measureEvaluation(rows: readonly EvaluationRow[], goldSignature = "taste:unknown"): MeasuredRows[] {
  const pairs = rows.flatMap(({ text, reference }) => (reference === null ? [] : [{ text, reference }]));
  const valuesOf = (key: keyof EvaluationValues) => rows.flatMap(({ values }) => values[key] ?? []);
  const likelihoods = rows.flatMap(({ values: { referenceNats, referenceTokens } }) =>
    referenceNats === undefined || referenceTokens === undefined ? [] : [[referenceNats, referenceTokens]],
  );
  return [
    ...measureTexts(pairs),
    { metric: "perplexity", signature: "perplexity:tokens|of:references|end:counted", rows: likelihoods, statistic: perplexityOfSums },
    measureValues(
      "length",
      rows.map(({ text }) => countWords(text)),
      "words:whitespace",
    ),
    measureValues("reward", valuesOf("reward"), "reward:raw"),
    measureValues("gold", valuesOf("gold"), goldSignature),
  ].filter(({ rows: measured }) => measured.length > 0);
}

/** A number of a checkpoint with its 95 % interval (null where it has none) and what it takes to compute it again. */
export type Score = { metric: string; value: number; low: number | null; high: number | null; n: number; signature: string };
export type EstimatedScore = Score & { low: number; high: number };

/** Each metric with its bootstrap interval over prompts. */
export function estimateMetrics(measured: readonly MeasuredRows[], { seed, samples = 1000 }: BootstrapOptions): EstimatedScore[] {
  return measured.map(({ metric, rows, statistic, signature }) => ({
    metric,
    ...bootstrapSums(rows, statistic, { seed, samples }),
    signature: `${signature}|bootstrap:percentile|n:${samples}|seed:${seed}`,
  }));
}

const countWords = (text: string) => text.split(/\s+/).filter(Boolean).length;

/** How often the system's answer scores higher than the baseline's, by each score that both have, plain and at equal length. */
export function duelEvaluations(
  baseline: readonly EvaluationRow[],
  system: readonly EvaluationRow[],
  seed: number,
): ({ by: "reward" | "gold" } & WinRates)[] {
  return (["reward", "gold"] as const).flatMap((by) => {
    const duels = system.flatMap(({ text, values }, i): Duel[] => {
      const other = baseline[i];
      const [own, theirs] = [values[by], other?.values[by]];
      if (other === undefined || own === undefined || theirs === undefined) return [];
      return [{ outcome: own === theirs ? 0.5 : own > theirs ? 1 : 0, lengthDifference: countWords(text) - countWords(other.text) }];
    });
    return duels.length === 0 ? [] : [{ by, ...winRates(duels, seed) }];
  });
}

/** The score without an interval. */
function scoreOfRows(rows: readonly (readonly number[])[], statistic: SumStatistic): number {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (const [k, x] of row.entries()) sums[k] = (sums[k] ?? 0) + x;
  return statistic(sums, rows.length);
}

export type ComparedMetric = PairedComparison & { metric: string; baseline: number; system: number; signature: string };

/**
 * System against baseline on the same prompts, row by row. A metric that only one of them has is left out, and so is the
 * perplexity of models that cut the references into different tokens.
 */
export function compareEvaluations(baseline: readonly EvaluationRow[], system: readonly EvaluationRow[], seed: number): ComparedMetric[] {
  if (baseline.length !== system.length)
    throw new RangeError(`There are ${baseline.length} rows of the baseline and ${system.length} of the system`);
  if (baseline.length === 0) return [];
  const sameTokens = baseline.every(({ values }, i) => values.referenceTokens === system[i]?.values.referenceTokens);
  const theirs = new Map(measureEvaluation(baseline).map((measured) => [measured.metric, measured]));
  const shared = measureEvaluation(system).flatMap((measured) => {
    const other = theirs.get(measured.metric);
    const comparable =
      other !== undefined && other.rows.length === measured.rows.length && (measured.metric !== "perplexity" || sameTokens);
    return comparable ? [{ ...measured, baseline: other.rows }] : [];
  });
  const compared = comparePaired(
    shared.map(({ baseline: theirRows, rows, statistic }) => ({ baseline: theirRows, system: rows, statistic })),
    seed,
  );
  return shared.flatMap(({ metric, signature, rows, statistic, baseline: theirRows }, i) => {
    const comparison = compared[i];
    return comparison
      ? [{ metric, signature, baseline: scoreOfRows(theirRows, statistic), system: scoreOfRows(rows, statistic), ...comparison }]
      : [];
  });
}
