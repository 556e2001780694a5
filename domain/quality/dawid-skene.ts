/**
 * How reliable annotators are when nobody knows the truth, by expectation maximisation from majority votes:
 * - "full": each annotator has a table of what they say for each true value (Dawid & Skene 1979)
 * - "one-coin": each is right with one probability and errs evenly otherwise (Zhang et al. 2016, arXiv 1406.3824)
 * Reference implementation: crowd-kit's DawidSkene and OneCoinDawidSkene (no smoothing, probabilities of 1e-10 and more).
 */
import type { Observations } from "./observations";

const LEAST = 1e-10;
/** Products of an item's probabilities are scaled up below this, before they underflow. */
const TINY = 1e-200;

export type ReliabilityModel = "full" | "one-coin";

export type Reliability = {
  /** P(annotator says j | truth is i) at `(annotator * k + i) * k + j`. */
  says: Float64Array;
  /** Share of truths of each value. */
  prior: Float64Array;
  /** P(truth of unit u is i | everything said) at `u * k + i`. */
  posterior: Float64Array;
  /** How often each annotator is right, over the truths of the data: the sum of prior and diagonal; one-coin's own parameter. */
  accuracy: Float64Array;
  iterations: number;
};

/** Ends when no posterior moves by more than `tolerance`, or after `maxIterations`. */
export function fitReliability(data: Observations, options: { model: ReliabilityModel; maxIterations?: number; tolerance?: number }): Reliability {
  const { model, maxIterations = 100, tolerance = 1e-4 } = options;
  const { start, annotator, value } = data;
  const k = data.values.length;
  const units = data.units.length;
  const people = data.annotators.length;
  const posterior = new Float64Array(units * k);
  for (let u = 0; u < units; u++) {
    const [from, to] = [start[u] ?? 0, start[u + 1] ?? 0];
    for (let o = from; o < to; o++) posterior[u * k + (value[o] ?? 0)] = (posterior[u * k + (value[o] ?? 0)] ?? 0) + 1 / (to - from);
  }
  const says = new Float64Array(people * k * k);
  const prior = new Float64Array(k);
  const accuracy = new Float64Array(people);
  const said = new Float64Array(people);
  for (const who of annotator) said[who] = (said[who] ?? 0) + 1;

  const maximise = () => {
    prior.fill(0);
    for (let u = 0; u < units; u++) for (let i = 0; i < k; i++) prior[i] = (prior[i] ?? 0) + (posterior[u * k + i] ?? 0) / units;
    says.fill(0);
    accuracy.fill(0);
    for (let u = 0; u < units; u++) {
      const to = start[u + 1] ?? 0;
      for (let o = start[u] ?? 0; o < to; o++) {
        const who = annotator[o] ?? 0;
        const j = value[o] ?? 0;
        accuracy[who] = (accuracy[who] ?? 0) + (posterior[u * k + j] ?? 0) / (said[who] ?? 1);
        if (model === "full") for (let i = 0, at = who * k * k + j; i < k; i++, at += k) says[at] = (says[at] ?? 0) + (posterior[u * k + i] ?? 0);
      }
    }
    for (let who = 0; who < people; who++)
      for (let i = 0; i < k; i++) {
        const at = (who * k + i) * k;
        let total = 0;
        for (let j = 0; j < k; j++) {
          const right = accuracy[who] ?? 0;
          const raw = model === "full" ? (says[at + j] ?? 0) : i === j ? right : (1 - right) / (k - 1);
          says[at + j] = Math.max(LEAST, raw);
          total += says[at + j] ?? 0;
        }
        if (model === "full") for (let j = 0; j < k; j++) says[at + j] = (says[at + j] ?? 0) / total;
      }
  };
  const belief = new Float64Array(k);
  /** Returns the largest change of a posterior. */
  const expect = (): number => {
    let most = 0;
    for (let u = 0; u < units; u++) {
      for (let i = 0; i < k; i++) belief[i] = Math.max(LEAST, prior[i] ?? 0);
      const to = start[u + 1] ?? 0;
      for (let o = start[u] ?? 0; o < to; o++) {
        let largest = 0;
        for (let i = 0, at = (annotator[o] ?? 0) * k * k + (value[o] ?? 0); i < k; i++, at += k) {
          belief[i] = (belief[i] ?? 0) * (says[at] ?? 0);
          largest = Math.max(largest, belief[i] ?? 0);
        }
        if (largest < TINY) for (let i = 0; i < k; i++) belief[i] = (belief[i] ?? 0) / largest;
      }
      let total = 0;
      for (let i = 0; i < k; i++) total += belief[i] ?? 0;
      for (let i = 0; i < k; i++) {
        const next = (belief[i] ?? 0) / total;
        most = Math.max(most, Math.abs(next - (posterior[u * k + i] ?? 0)));
        posterior[u * k + i] = next;
      }
    }
    return most;
  };
  let iterations = 0;
  maximise();
  while (iterations < maxIterations && k > 1) {
    iterations += 1;
    const moved = expect();
    maximise();
    if (moved < tolerance) break;
  }
  if (model === "full") {
    for (let who = 0; who < people; who++) {
      accuracy[who] = 0;
      for (let i = 0; i < k; i++) accuracy[who] = (accuracy[who] ?? 0) + (prior[i] ?? 0) * (says[(who * k + i) * k + i] ?? 0);
    }
  }
  return { says, prior, posterior, accuracy, iterations };
}

/**
 * For each observation the probability that the truth is what it says, given what the others said of the unit; NaN
 * where nobody else said anything.
 */
export function likelihoodByOthers(data: Observations, { says, posterior }: Pick<Reliability, "says" | "posterior">): Float64Array {
  const { start, annotator, value } = data;
  const k = data.values.length;
  const out = new Float64Array(value.length).fill(Number.NaN);
  for (let u = 0; u < data.units.length; u++) {
    const [from, to] = [start[u] ?? 0, start[u + 1] ?? 0];
    if (to - from < 2) continue;
    for (let o = from; o < to; o++) {
      const j = value[o] ?? 0;
      let total = 0;
      let own = 0;
      for (let i = 0; i < k; i++) {
        const without = (posterior[u * k + i] ?? 0) / (says[((annotator[o] ?? 0) * k + i) * k + j] ?? 1);
        total += without;
        if (i === j) own = without;
      }
      out[o] = own / total;
    }
  }
  return out;
}
