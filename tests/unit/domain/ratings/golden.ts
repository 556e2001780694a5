/** The golden ratings (tests/golden/make/make_ratings.py) as votes. */
import type { Votes } from "../../../../domain/ratings/votes";
import { readGolden } from "../../../helpers/golden";

export type GoldenVotes = { models: number; a: number[]; b: number[]; outcome: number[]; weight?: number[]; judgement?: number[] };

export type GoldenRatings = {
  plain: GoldenVotes & { theta: number[]; logTie: number; sandwich: number[][]; model: number[][] };
  noTies: GoldenVotes & { theta: number[]; errorAgainst0: number[] };
  clustered: GoldenVotes & { theta: number[]; logTie: number; sandwich: number[][] };
  firth: { wins: number[][]; theta: number[] };
  style: GoldenVotes & {
    judgement: number[];
    features: number[];
    theta: number[];
    gamma: number[];
    logTie: number;
    sandwich: number[][];
    gammaError: number[];
    clusteredError: number[];
  };
  joint: GoldenVotes & {
    annotator: number[];
    annotators: number;
    features: number[];
    tau: number;
    sigma: number;
    theta: number[];
    gamma: number;
    side: number;
    logReliability: number[];
    ownSide: number[];
    logTie: number;
  };
  fragility: (GoldenVotes & { leader: number; fewest: number })[];
  normalQuantile: [p: number, value: number][];
  chiSquaredTail: [x: number, df: number, p: number][];
  binomial: [n: number, p: number, k: number, cdf: number][];
};

export const goldenRatings = readGolden<GoldenRatings>("ratings", "ratings.json");

export const votesOf = ({ models, a, b, outcome, weight, judgement }: GoldenVotes): Votes => ({
  models,
  a: Uint16Array.from(a),
  b: Uint16Array.from(b),
  outcome: Uint8Array.from(outcome),
  weight: weight === undefined ? null : Float64Array.from(weight),
  judgement: judgement === undefined ? null : Int32Array.from(judgement),
});
