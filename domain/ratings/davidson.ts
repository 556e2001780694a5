/**
 * The likelihood of Bradley-Terry with ties by Davidson, over a pair table:
 *   P(i beats j) = p_i / (p_i + p_j + v sqrt(p_i p_j)),  P(tie) = v sqrt(p_i p_j) / (the same).
 * With d = theta_i - theta_j these are e^(d/2), e^(-d/2) and v over their sum: a multinomial logit, concave in theta and log v.
 * Source: Bradley & Terry 1952; Davidson 1970.
 */
import type { PairTable } from "./votes";

/** theta (one a model), then log v when anything tied. */
export type Parameters = Float64Array;

/** Mean of the half outcome (1/2, -1/2, 0 for a tie) and probability of a tie at a difference of `d` logits; v = 0: no ties. */
export function expect(d: number, v: number): { half: number; tie: number } {
  const up = Math.exp(d / 2);
  const down = 1 / up;
  const sum = up + down + v;
  return { half: (up - down) / (2 * sum), tie: v / sum };
}

/** log P of an outcome (A_WINS, B_WINS, TIE) at a difference of `d` logits. */
export function logProbability(outcome: number, d: number, logTie: number): number {
  const top = Math.max(Math.abs(d) / 2, logTie);
  const norm = top + Math.log(Math.exp(d / 2 - top) + Math.exp(-d / 2 - top) + Math.exp(logTie - top));
  return (outcome === 2 ? logTie : outcome === 0 ? d / 2 : -d / 2) - norm;
}

/** The log-likelihood of the table. */
export function logLikelihood({ models, first, second, counts }: PairTable, x: Parameters): number {
  const tied = x.length > models;
  const logTie = tied ? (x[models] as number) : 0;
  const v = tied ? Math.exp(logTie) : 0;
  let sum = 0;
  for (let pair = 0; pair < first.length; pair++) {
    const wins = counts[3 * pair] as number;
    const losses = counts[3 * pair + 1] as number;
    const ties = counts[3 * pair + 2] as number;
    const d = (x[first[pair] as number] as number) - (x[second[pair] as number] as number);
    const up = Math.exp(d / 2);
    sum += ((wins - losses) * d) / 2 + ties * logTie - (wins + losses + ties) * Math.log(up + 1 / up + v);
  }
  return sum;
}

/** Adds the table's score (the gradient of the log-likelihood) to `gradient` and its information to the lower triangle of `information`. */
export function derive(
  { models, first, second, counts }: PairTable,
  x: Parameters,
  gradient: Float64Array,
  information: Float64Array | null,
): void {
  const size = x.length;
  const tied = size > models;
  const v = tied ? Math.exp(x[models] as number) : 0;
  const last = models * size;
  let tieScore = 0;
  let tieInformation = 0;
  for (let pair = 0; pair < first.length; pair++) {
    const i = first[pair] as number;
    const j = second[pair] as number;
    const wins = counts[3 * pair] as number;
    const losses = counts[3 * pair + 1] as number;
    const ties = counts[3 * pair + 2] as number;
    const total = wins + losses + ties;
    const up = Math.exp(((x[i] as number) - (x[j] as number)) / 2);
    const down = 1 / up;
    const norm = 1 / (up + down + v);
    const half = ((up - down) / 2) * norm;
    const score = (wins - losses) / 2 - total * half;
    gradient[i] = (gradient[i] as number) + score;
    gradient[j] = (gradient[j] as number) - score;
    if (tied) tieScore += ties - total * v * norm;
    if (information === null) continue;
    const h = total * (((up + down) / 4) * norm - half * half);
    information[i * size + i] = (information[i * size + i] as number) + h;
    information[j * size + j] = (information[j * size + j] as number) + h;
    information[j * size + i] = (information[j * size + i] as number) - h;
    if (!tied) continue;
    const tie = v * norm;
    const cross = total * half * tie;
    information[last + i] = (information[last + i] as number) - cross;
    information[last + j] = (information[last + j] as number) + cross;
    tieInformation += total * tie * (1 - tie);
  }
  if (!tied) return;
  gradient[models] = (gradient[models] as number) + tieScore;
  if (information !== null) information[last + models] = (information[last + models] as number) + tieInformation;
}
