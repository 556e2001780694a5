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
  /** P(annotator says j | truth is i) at `(annotator * k + j) * k + i`. */
  says: Float64Array;
  /** Share of truths of each value. */
  prior: Float64Array;
  /** P(truth of unit u is i | everything said) at `u * k + i`. */
  posterior: Float64Array;
  /** How often each annotator is right, over the truths of the data: the sum of prior and diagonal; one-coin's own parameter. */
  accuracy: Float64Array;
  iterations: number;
};

/** Begins with the votes' shares, or with the posteriors `begin`. Ends when no prior and no accuracy moves by more than `tolerance`, or after `maxIterations`. */
export function fitReliability(
  data: Observations,
  options: { model: ReliabilityModel; maxIterations?: number; tolerance?: number; begin?: Float64Array },
): Reliability {
  const { model, maxIterations = 100, tolerance = 1e-3, begin } = options;
  const { start, annotator, value } = data;
  const k = data.values.length;
  const units = data.cluster.length;
  const people = data.annotators;
  const posterior = begin?.slice() ?? new Float64Array(units * k);
  for (let u = 0; u < units && begin === undefined; u++) {
    const [from, to] = [start[u] ?? 0, start[u + 1] ?? 0];
    for (let o = from; o < to; o++) posterior[u * k + (value[o] ?? 0)] = (posterior[u * k + (value[o] ?? 0)] ?? 0) + 1 / (to - from);
  }
  /** Units that anybody spoke of. */
  let spoken = 0;
  for (let u = 0; u < units; u++) if ((start[u + 1] ?? 0) > (start[u] ?? 0)) spoken += 1;
  const says = new Float64Array(people * k * k);
  const prior = new Float64Array(k);
  const accuracy = new Float64Array(people);
  /** Where the probabilities of what each observation says begin. */
  const row = new Int32Array(value.length);
  for (let o = 0; o < row.length; o++) row[o] = ((annotator[o] ?? 0) * k + (value[o] ?? 0)) * k;
  const said = new Float64Array(people);
  for (const who of annotator) said[who] = (said[who] ?? 0) + 1;

  /** Returns the largest change of a prior or an accuracy. */
  const maximise = (): number => {
    const before = [prior.slice(), accuracy.slice()] as const;
    prior.fill(0);
    for (let u = 0; u < units; u++)
      if ((start[u + 1] ?? 0) > (start[u] ?? 0)) for (let i = 0; i < k; i++) prior[i] = (prior[i] ?? 0) + (posterior[u * k + i] ?? 0);
    for (let i = 0; i < k; i++) prior[i] = (prior[i] ?? 0) / Math.max(1, spoken);
    says.fill(0);
    accuracy.fill(0);
    for (let u = 0, mine = 0; u < units; u++, mine += k) {
      const to = start[u + 1] ?? 0;
      for (let o = start[u] ?? 0; o < to; o++) {
        const who = annotator[o] ?? 0;
        accuracy[who] = (accuracy[who] ?? 0) + (posterior[mine + (value[o] ?? 0)] ?? 0);
        if (model === "one-coin") continue;
        const at = row[o] ?? 0;
        for (let i = 0; i < k; i++) says[at + i] = (says[at + i] ?? 0) + (posterior[mine + i] ?? 0);
      }
    }
    for (let who = 0; who < people; who++) {
      const right = (accuracy[who] ?? 0) / Math.max(1, said[who] ?? 0);
      accuracy[who] = right;
      for (let i = 0; i < k; i++) {
        const from = who * k * k + i;
        let total = 0;
        for (let j = 0, at = from; j < k; j++, at += k) {
          says[at] = Math.max(LEAST, model === "full" ? (says[at] ?? 0) : i === j ? right : (1 - right) / (k - 1));
          total += says[at] ?? 0;
        }
        if (model === "full") for (let j = 0, at = from; j < k; j++, at += k) says[at] = (says[at] ?? 0) / total;
      }
    }
    let moved = 0;
    prior.forEach((x, i) => {
      moved = Math.max(moved, Math.abs(x - (before[0][i] ?? 0)));
    });
    accuracy.forEach((x, i) => {
      moved = Math.max(moved, Math.abs(x - (before[1][i] ?? 0)));
    });
    return moved;
  };
  const belief = new Float64Array(k);
  const expect = () => {
    for (let u = 0; u < units; u++) {
      for (let i = 0; i < k; i++) belief[i] = Math.max(LEAST, prior[i] ?? 0);
      const to = start[u + 1] ?? 0;
      for (let o = start[u] ?? 0; o < to; o++) {
        let largest = 0;
        const at = row[o] ?? 0;
        for (let i = 0; i < k; i++) {
          const next = (belief[i] ?? 0) * (says[at + i] ?? 0);
          belief[i] = next;
          if (next > largest) largest = next;
        }
        if (largest < TINY) for (let i = 0; i < k; i++) belief[i] = (belief[i] ?? 0) / largest;
      }
      let total = 0;
      for (let i = 0; i < k; i++) total += belief[i] ?? 0;
      for (let i = 0; i < k; i++) posterior[u * k + i] = (belief[i] ?? 0) / total;
    }
  };
  let iterations = 0;
  maximise();
  while (iterations < maxIterations && k > 1) {
    iterations += 1;
    expect();
    if (maximise() < tolerance) break;
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
  for (let u = 0; u < data.cluster.length; u++) {
    const [from, to] = [start[u] ?? 0, start[u + 1] ?? 0];
    if (to - from < 2) continue;
    for (let o = from; o < to; o++) {
      const j = value[o] ?? 0;
      let total = 0;
      let own = 0;
      for (let i = 0; i < k; i++) {
        const without = (posterior[u * k + i] ?? 0) / (says[((annotator[o] ?? 0) * k + j) * k + i] ?? 1);
        total += without;
        if (i === j) own = without;
      }
      out[o] = own / total;
    }
  }
  return out;
}
