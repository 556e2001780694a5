import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { fitJoint, type JointVotes } from "../../../../domain/ratings/joint";
import { measureJointGain } from "../../../../domain/ratings/joint-gain";
import { fitStyle, scaleFeatures, styleDifference } from "../../../../domain/ratings/style";
import { maxDifference } from "../../../helpers/golden";
import { goldenRatings as golden, votesOf } from "./golden";

describe("style control", () => {
  const { judgement, ...example } = golden.style;
  it("equals the maximum found vote by vote, and its sandwich", () => {
    const fit = fitStyle(votesOf(example), Float64Array.from(example.features), 2);
    expect(maxDifference(fit.theta, example.theta)).toBeLessThan(1e-6);
    expect(maxDifference(fit.gamma, example.gamma)).toBeLessThan(1e-6);
    expect(fit.logTie).toBeCloseTo(example.logTie, 6);
    expect(maxDifference(fit.covariance, example.sandwich.flat())).toBeLessThan(1e-6);
    expect(maxDifference(fit.gammaError, example.gammaError)).toBeLessThan(1e-6);
  });
  it("keeps the rows of one judgement together", () => {
    const fit = fitStyle(votesOf({ ...example, judgement }), Float64Array.from(example.features), 2);
    expect(maxDifference(fit.gammaError, example.clusteredError)).toBeLessThan(1e-6);
  });
  it("finds the same maximum from a first step on the first votes, once there are many", () => {
    const times = 200;
    const repeat = (values: readonly number[]) => values.flatMap((value) => Array<number>(times).fill(value));
    const votes = votesOf({ ...example, a: repeat(example.a), b: repeat(example.b), outcome: repeat(example.outcome) });
    const rows = example.a.map((_, row) => example.features.slice(2 * row, 2 * row + 2));
    const features = rows.flatMap((row) => Array<number[]>(times).fill(row).flat());
    const fit = fitStyle(votes, Float64Array.from(features), 2);
    expect(maxDifference(fit.theta, example.theta)).toBeLessThan(1e-6);
    expect(maxDifference(fit.gamma, example.gamma)).toBeLessThan(1e-6);
    expect(
      maxDifference(
        fit.covariance,
        example.sandwich.flat().map((value) => value / times),
      ),
    ).toBeLessThan(1e-8);
  });
  it("says the same when every pair is shown the other way round", () => {
    const votes = votesOf(example);
    const turned = { ...votes, a: votes.b, b: votes.a, outcome: votes.outcome.map((outcome) => (outcome === 2 ? 2 : 1 - outcome)) };
    const fit = fitStyle(
      turned,
      Float64Array.from(example.features, (value) => -value),
      2,
    );
    expect(maxDifference(fit.gamma, example.gamma)).toBeLessThan(1e-6);
  });
  it("scales features by their root mean square", () => {
    const features = Float64Array.from([3, 0, -4, 0]);
    expect([...scaleFeatures(features, 2)]).toEqual([Math.sqrt(12.5), 0]);
    expect(features[0]).toBeCloseTo(3 / Math.sqrt(12.5), 12);
    expect([styleDifference(30, 10), styleDifference(0, 0)]).toEqual([0.5, 0]);
  });
  it("refuses features that do not fit the votes or repeat one another", () => {
    const votes = votesOf(example);
    expect(() => fitStyle(votes, new Float64Array(3), 2)).toThrow(/3 values for 600 votes of 2 features/);
    expect(() =>
      fitStyle(votes, Float64Array.from(example.features.flatMap((value, i) => (i % 2 === 0 ? [value, value] : []))), 2),
    ).toThrow(/cannot be told apart/);
  });
});

const jointVotes = (example: typeof golden.joint): JointVotes => ({
  ...votesOf(example),
  annotators: example.annotators,
  annotator: Int32Array.from(example.annotator),
  features: Float64Array.from(example.features),
  styles: 1,
});

describe("the joint model", () => {
  it("equals the mode found on all parameters at once", () => {
    const { tau, sigma, theta, gamma, side, logReliability, ownSide, logTie } = golden.joint;
    const fit = fitJoint(jointVotes(golden.joint), { tau, sigma });
    expect(maxDifference(fit.theta, theta)).toBeLessThan(1e-5);
    expect(fit.gamma[0]).toBeCloseTo(gamma, 5);
    expect(fit.side).toBeCloseTo(side, 5);
    expect(maxDifference(fit.logReliability, logReliability)).toBeLessThan(1e-5);
    expect(maxDifference(fit.ownSide, ownSide)).toBeLessThan(1e-5);
    expect(fit.logTie).toBeCloseTo(logTie, 5);
  });

  /** Four models, ten annotators: half of them toss coins, all like the first side and the longer answer. */
  const simulate = (biased: boolean): JointVotes => {
    const random = createRandom(11, "joint");
    const [rows, annotators] = [3000, 10];
    const theta = [0.9, 0.3, -0.2, -1];
    const votes: JointVotes = {
      models: 4,
      a: new Uint16Array(rows),
      b: new Uint16Array(rows),
      outcome: new Uint8Array(rows),
      judgement: null,
      weight: null,
      annotators,
      annotator: new Int32Array(rows),
      features: new Float64Array(rows),
      styles: 1,
    };
    for (let row = 0; row < rows; row++) {
      const a = random.int(4);
      const b = (a + 1 + random.int(3)) % 4;
      const k = random.int(annotators);
      const x = random.normal();
      const d = biased ? (k < 5 ? 0 : 1.5) * ((theta[a] ?? 0) - (theta[b] ?? 0)) + 0.3 + 0.4 * x : (theta[a] ?? 0) - (theta[b] ?? 0);
      votes.a[row] = a;
      votes.b[row] = b;
      votes.annotator[row] = k;
      votes.features[row] = x;
      votes.outcome[row] = random.next() < 1 / (1 + Math.exp(-d)) ? 0 : 1;
    }
    return votes;
  };
  it("tells coin tossers and biases from strength, and foretells held-out votes better", () => {
    const fit = fitJoint(simulate(true));
    const [careless, careful] = [fit.logReliability.subarray(0, 5), fit.logReliability.subarray(5)];
    expect(Math.max(...careless)).toBeLessThan(Math.min(...careful));
    expect(Math.abs(fit.side - 0.3)).toBeLessThan(3 * fit.sideError);
    expect(Math.abs((fit.gamma[0] ?? 0) - 0.4)).toBeLessThan(3 * (fit.gammaError[0] ?? 0));
    const gain = measureJointGain(simulate(true), { seed: 1 });
    expect(gain.gain).toBeGreaterThan(4 * gain.error);
  });
  it("shows no gain where there is nothing but strength", () => {
    const gain = measureJointGain(simulate(false), { seed: 1 });
    expect(gain.gain).toBeLessThan(2 * gain.error);
    expect(Math.abs(gain.gain)).toBeLessThan(0.01);
  });
});
