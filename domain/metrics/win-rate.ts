/**
 * How often a system's answer beats the baseline's, and how often it would if the two were of one length.
 * Source: Dubois et al. 2024, "Length-controlled AlpacaEval": logistic regression of the outcome on tanh of the standardised
 * difference in length, read off where the difference is 0; without their term for a prompt's difficulty, which needs many
 * systems. L2 penalty as with C = 100 in scikit-learn, so that one-sided outcomes stay finite.
 */
import { bootstrapStatistic, type Estimate } from "./bootstrap";

/** Of one prompt: 1 win, .5 tie, 0 loss of the system; its length minus the baseline's. */
export type Duel = { outcome: number; lengthDifference: number };

const PENALTY = 1 / 100;
const MOST_STEPS = 50;

/** Weights [intercept, length] of the penalised logistic regression, by Newton's method. */
export function fitLengthEffect(duels: readonly Duel[]): [intercept: number, length: number] {
  const n = duels.length;
  const mean = duels.reduce((sum, { lengthDifference }) => sum + lengthDifference, 0) / n;
  const deviation = Math.sqrt(duels.reduce((sum, { lengthDifference }) => sum + (lengthDifference - mean) ** 2, 0) / n) || 1;
  const features = duels.map(({ lengthDifference }) => Math.tanh(lengthDifference / deviation));
  let [a, b] = [0, 0];
  for (let step = 0; step < MOST_STEPS; step++) {
    // Gradient and Hessian of half the squared weights times PENALTY plus the log loss.
    let [ga, gb, haa, hab, hbb] = [PENALTY * a, PENALTY * b, PENALTY, 0, PENALTY];
    for (let i = 0; i < n; i++) {
      const x = features[i] as number;
      const p = 1 / (1 + Math.exp(-a - b * x));
      const error = p - (duels[i] as Duel).outcome;
      const weight = p * (1 - p);
      ga += error;
      gb += error * x;
      haa += weight;
      hab += weight * x;
      hbb += weight * x * x;
    }
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
    a -= da;
    b -= db;
    if (Math.abs(da) + Math.abs(db) < 1e-10) break;
  }
  return [a, b];
}

export type WinRates = { raw: Estimate; lengthControlled: Estimate };

/** Both win rates with bootstrap intervals over prompts. Throws without duels. */
export function winRates(duels: readonly Duel[], seed: number, samples = 1000): WinRates {
  return {
    raw: bootstrapStatistic(duels, (sample) => sample.reduce((sum, { outcome }) => sum + outcome, 0) / sample.length, { seed, samples }),
    lengthControlled: bootstrapStatistic(duels, (sample) => 1 / (1 + Math.exp(-fitLengthEffect(sample)[0])), { seed, samples }),
  };
}
