/** What the joint model is worth: how much better it foretells held-out votes than strengths alone. */
import { createRandom } from "../random";
import { fitPairs, logTieOf } from "./bradley-terry";
import { logProbability } from "./davidson";
import { differenceOf, fitJoint, type JointState, type JointVotes } from "./joint";
import { countPairs, judgementRanges } from "./votes";

export type JointGain = {
  /** Log-loss a vote on votes that were held out, in bits, of the plain model and of the joint one. */
  plain: number;
  joint: number;
  /** plain - joint, and its standard error over judgements. */
  gain: number;
  error: number;
  /** Judgements. */
  n: number;
};

/** How much better the joint model foretells votes that neither has seen, by cross-validation over judgements. */
export function measureJointGain(votes: JointVotes, { seed, folds = 5 }: { seed: number; folds?: number }): JointGain {
  const ranges = judgementRanges(votes);
  const judgements = ranges.length - 1;
  const order = createRandom(seed, "joint-folds").shuffle(Array.from({ length: judgements }, (_, k) => k));
  const lossPlain = new Float64Array(judgements);
  const lossJoint = new Float64Array(judgements);
  for (let fold = 0; fold < folds; fold++) {
    const held = order.filter((_, place) => place % folds === fold);
    const out = new Uint8Array(votes.a.length);
    for (const judgement of held) out.fill(1, ranges[judgement], ranges[judgement + 1]);
    const known = chooseRows(votes, (row) => out[row] === 0);
    const joint = fitJoint(known);
    const plain = fitPairs(countPairs(known));
    const state: JointState = {
      global: Float64Array.from([
        ...joint.theta,
        ...joint.gamma,
        joint.side,
        ...(joint.logTie === Number.NEGATIVE_INFINITY ? [] : [joint.logTie]),
      ]),
      local: Float64Array.from(
        { length: 2 * votes.annotators },
        (_, l) => (l % 2 === 0 ? joint.logReliability : joint.ownSide)[l >> 1] as number,
      ),
    };
    for (const judgement of held) {
      let weights = 0;
      for (let row = ranges[judgement] as number; row < (ranges[judgement + 1] as number); row++) {
        const w = votes.weight === null ? 1 : (votes.weight[row] as number);
        const outcome = votes.outcome[row] as number;
        weights += w;
        const d = (plain.x[votes.a[row] as number] as number) - (plain.x[votes.b[row] as number] as number);
        lossPlain[judgement] = (lossPlain[judgement] as number) - w * boundedLog(outcome, d, logTieOf(plain));
        lossJoint[judgement] = (lossJoint[judgement] as number) - w * boundedLog(outcome, differenceOf(votes, row, state).d, joint.logTie);
      }
      for (const loss of [lossPlain, lossJoint]) loss[judgement] = (loss[judgement] as number) / (weights * Math.LN2);
    }
  }
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / judgements;
  const difference = lossPlain.map((loss, k) => loss - (lossJoint[k] as number));
  const gain = mean(difference);
  const error = Math.sqrt(mean(difference.map((value) => (value - gain) ** 2)) / Math.max(1, judgements - 1));
  return { plain: mean(lossPlain), joint: mean(lossJoint), gain, error, n: judgements };
}

/** No outcome is impossible: a tie among training votes without any would cost infinitely much. */
const boundedLog = (outcome: number, d: number, logTie: number): number => Math.max(Math.log(1e-6), logProbability(outcome, d, logTie));

function chooseRows(votes: JointVotes, keep: (row: number) => boolean): JointVotes {
  const rows = Array.from(votes.a.keys()).filter(keep);
  return {
    ...votes,
    a: Uint16Array.from(rows, (row) => votes.a[row] as number),
    b: Uint16Array.from(rows, (row) => votes.b[row] as number),
    outcome: Uint8Array.from(rows, (row) => votes.outcome[row] as number),
    judgement: votes.judgement === null ? null : Int32Array.from(rows, (row) => votes.judgement?.[row] as number),
    weight: votes.weight === null ? null : Float64Array.from(rows, (row) => votes.weight?.[row] as number),
    annotator: Int32Array.from(rows, (row) => votes.annotator[row] as number),
    features: Float64Array.from(
      rows.flatMap((row) => Array.from({ length: votes.styles }, (_, f) => votes.features[row * votes.styles + f] as number)),
    ),
  };
}
