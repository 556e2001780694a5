/** The text metrics of an evaluation as rows that resampling can add up: one place for what is measured and under which signature. */
import { bleuSignature, bleuStatistics, bleuSums, packBleu } from "./bleu";
import { meanOfSums, type SumStatistic } from "./bootstrap";
import { chrfFromStatistics, chrfSignature, chrfStatistics } from "./chrf";
import { ROUGE_METRICS, rougeSignature, scoreRouge } from "./rouge";
import { exactMatch, tokenF1 } from "./text-match";

/** A metric's row for each text, and what turns their sums into the score. */
export type MeasuredRows = { metric: string; signature: string; rows: number[][]; statistic: SumStatistic };

/** A metric that is the mean of one number a text. */
export const measureValues = (metric: string, values: readonly number[], signature: string): MeasuredRows => ({
  metric,
  signature,
  rows: values.map((value) => [value]),
  statistic: meanOfSums,
});

/** ROUGE, BLEU, chrF, exact match and token F1 of texts against one reference each; all scores on the scale 0..1. */
export function measureTexts(pairs: readonly { text: string; reference: string }[]): MeasuredRows[] {
  const rouge = pairs.map(({ text, reference }) => scoreRouge(reference, text, { stem: true }));
  const bleu = pairs.map(({ text, reference }) => packBleu(bleuStatistics(text, [reference])));
  return [
    ...ROUGE_METRICS.map((metric) =>
      measureValues(
        metric,
        rouge.map((scores) => scores[metric].f),
        rougeSignature(true),
      ),
    ),
    ...[1, 2, 3, 4].map((order) => ({
      metric: `bleu${order}`,
      signature: `${bleuSignature()}|order:${order}`,
      rows: bleu,
      statistic: (sums: Float64Array) => bleuSums(sums, { order }).score / 100,
    })),
    ...([0, 2] as const).map((wordOrder) => ({
      metric: wordOrder === 0 ? "chrf" : "chrf++",
      signature: chrfSignature({ wordOrder }),
      rows: pairs.map(({ text, reference }) => chrfStatistics(text, [reference], { wordOrder })),
      statistic: (sums: Float64Array) => chrfFromStatistics(sums) / 100,
    })),
    measureValues(
      "exactMatch",
      pairs.map(({ text, reference }) => exactMatch(text, reference)),
      "normalisation:squad-2.0",
    ),
    measureValues(
      "tokenF1",
      pairs.map(({ text, reference }) => tokenF1(text, reference)),
      "normalisation:squad-2.0",
    ),
  ];
}
