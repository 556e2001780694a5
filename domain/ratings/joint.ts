/**
 * One model of everything that decides a vote: the models' strengths, each annotator's reliability, the pull of the side
 * that is shown first (of all, and of each annotator), and the pull of style. A vote of annotator k has
 *   d = exp(r_k) (theta_a - theta_b) + s + s_k + gamma . x,
 * ties by Davidson. r_k ~ N(0, tau^2) and s_k ~ N(0, sigma^2): an annotator with few votes is like the others. Mode by Fisher
 * scoring, the annotators' 2 x 2 blocks eliminated first; tau and sigma by EM with the blocks' Laplace variances.
 * Source: Chen, Bennett, Collins-Thompson & Horvitz 2013 (annotators' reliability in Bradley-Terry); Davidson & Beaver 1977
 * (order effects); Dempster, Rubin & Tsutakawa 1981 (EM for variance components).
 */
import { fitPairs } from "./bradley-terry";
import { derive, logLikelihood, logProbability } from "./davidson";
import { factorise, invertFactorised, solveFactorised } from "./dense";
import { countPairs, type PairTable, type Votes } from "./votes";

export type JointVotes = Votes & {
  annotators: number;
  /** Annotator of each row. In each row `a` was shown before `b`. */
  annotator: Int32Array;
  /** rows x styles, row-major; scaled as for fitStyle. */
  features: Float64Array;
  styles: number;
};

export type JointFit = {
  theta: Float64Array;
  logTie: number;
  /** Pull of the first side, in logits, with its standard error. */
  side: number;
  sideError: number;
  gamma: Float64Array;
  gammaError: Float64Array;
  /** Of each annotator: log reliability (0 = like the average) and own pull of the first side. */
  logReliability: Float64Array;
  ownSide: Float64Array;
  /** Standard deviations of both among annotators. */
  tau: number;
  sigma: number;
};

export type JointOptions = {
  /** Held fixed where given; estimated otherwise. */
  tau?: number;
  sigma?: number;
};

const MAX_STEPS = 100;
const EM_ROUNDS = 30;
/** In logits, while tau and sigma still move. */
const EM_TOLERANCE = 0.01;
const START = 0.5;
/** A variance component below this is nothing. */
const LEAST = 0.01;

export function fitJoint(votes: JointVotes, options: JointOptions = {}): JointFit {
  const table = countPairs(votes);
  const plain = fitPairs(table);
  const extra =
    plain.table === table ? null : { ...table, counts: plain.table.counts.map((count, cell) => count - (table.counts[cell] as number)) };
  const n = votes.models;
  const tied = plain.x.length > n;
  // theta, gamma, side, log v
  const shared = n + votes.styles + 1 + (tied ? 1 : 0);
  let state: JointState = { global: new Float64Array(shared), local: new Float64Array(2 * votes.annotators) };
  state.global.set(plain.x.subarray(0, n));
  if (tied) state.global[shared - 1] = plain.x[n] as number;
  let [tau, sigma] = [options.tau ?? START, options.sigma ?? START];
  const climb = (tolerance: number) => climbJoint(votes, extra, plain.graph.groups, state, { tau, sigma, tolerance });
  let solved: Solved;
  for (let round = 0; round < EM_ROUNDS && (options.tau === undefined || options.sigma === undefined); round++) {
    [state, solved] = climb(EM_TOLERANCE);
    let [squares, sides] = [0, 0];
    for (let k = 0; k < votes.annotators; k++) {
      squares += (state.local[2 * k] as number) ** 2 + (solved.variance[2 * k] as number);
      sides += (state.local[2 * k + 1] as number) ** 2 + (solved.variance[2 * k + 1] as number);
    }
    const next = [
      options.tau ?? Math.max(LEAST, Math.sqrt(squares / votes.annotators)),
      options.sigma ?? Math.max(LEAST, Math.sqrt(sides / votes.annotators)),
    ] as const;
    const moved = Math.max(Math.abs(next[0] - tau), Math.abs(next[1] - sigma));
    [tau, sigma] = next;
    if (moved < EM_TOLERANCE / 10) break;
  }
  [state, solved] = climb(1e-7);
  const { global } = state;
  for (const group of plain.graph.groups) {
    const mean = group.reduce((sum, i) => sum + (global[i] as number), 0) / group.length;
    for (const i of group) global[i] = (global[i] as number) - mean;
  }
  const error = (i: number) => Math.sqrt(solved.inverse[i * shared + i] as number);
  const side = n + votes.styles;
  return {
    theta: global.slice(0, n),
    logTie: tied ? (global[shared - 1] as number) : Number.NEGATIVE_INFINITY,
    side: global[side] as number,
    sideError: error(side),
    gamma: global.slice(n, side),
    gammaError: Float64Array.from({ length: votes.styles }, (_, f) => error(n + f)),
    logReliability: Float64Array.from({ length: votes.annotators }, (_, k) => state.local[2 * k] as number),
    ownSide: Float64Array.from({ length: votes.annotators }, (_, k) => state.local[2 * k + 1] as number),
    tau,
    sigma,
  };
}

/** `local`: log reliability and own side of each annotator. */
export type JointState = { global: Float64Array; local: Float64Array };
/** Inverse information of the global parameters, and the local ones' variances given these. */
type Solved = { inverse: Float64Array; variance: Float64Array };

/** Fisher scoring with halved steps on the penalised likelihood. */
function climbJoint(
  votes: JointVotes,
  extra: PairTable | null,
  groups: readonly number[][],
  start: JointState,
  { tau, sigma, tolerance }: { tau: number; sigma: number; tolerance: number },
): [JointState, Solved] {
  let state = start;
  let height = measureJoint(votes, extra, state, tau, sigma);
  for (let step = 0; ; step++) {
    const { move, solved } = stepJoint(votes, extra, groups, state, tau, sigma);
    const largest = Math.max(...move.global.map(Math.abs), ...move.local.map(Math.abs));
    let scale = Math.min(1, 2 / largest);
    const go = (): JointState => ({
      global: state.global.map((value, i) => value + scale * (move.global[i] as number)),
      local: state.local.map((value, i) => value + scale * (move.local[i] as number)),
    });
    let next = go();
    let reached = measureJoint(votes, extra, next, tau, sigma);
    while (!(reached >= height - 1e-12 * Math.abs(height)) && scale > 1e-6) {
      scale /= 2;
      next = go();
      reached = measureJoint(votes, extra, next, tau, sigma);
    }
    state = next;
    height = reached;
    if (largest < tolerance || step === MAX_STEPS) return [state, solved];
  }
}

/** The difference of logits of a row, of which `gap` is the models' and `scale` the annotator's reliability. */
export const differenceOf = (votes: JointVotes, row: number, { global, local }: JointState): { d: number; gap: number; scale: number } => {
  const n = votes.models;
  const k = votes.annotator[row] as number;
  const gap = (global[votes.a[row] as number] as number) - (global[votes.b[row] as number] as number);
  const scale = Math.exp(local[2 * k] as number);
  let d = scale * gap + (global[n + votes.styles] as number) + (local[2 * k + 1] as number);
  for (let f = 0; f < votes.styles; f++) d += (global[n + f] as number) * (votes.features[row * votes.styles + f] as number);
  return { d, gap, scale };
};

/** Theta and log v, as the pair table's likelihood wants them. */
const pairParameters = (votes: JointVotes, global: Float64Array): Float64Array => {
  const n = votes.models;
  const tied = global.length > n + votes.styles + 1;
  const out = new Float64Array(n + (tied ? 1 : 0));
  out.set(global.subarray(0, n));
  if (tied) out[n] = global[global.length - 1] as number;
  return out;
};

const tieOf = (votes: JointVotes, global: Float64Array): number =>
  global.length > votes.models + votes.styles + 1 ? (global[global.length - 1] as number) : Number.NEGATIVE_INFINITY;

function measureJoint(votes: JointVotes, extra: PairTable | null, state: JointState, tau: number, sigma: number): number {
  const logTie = tieOf(votes, state.global);
  let sum = extra === null ? 0 : logLikelihood(extra, pairParameters(votes, state.global));
  for (let row = 0; row < votes.a.length; row++)
    sum +=
      (votes.weight === null ? 1 : (votes.weight[row] as number)) *
      logProbability(votes.outcome[row] as number, differenceOf(votes, row, state).d, logTie);
  for (let k = 0; k < votes.annotators; k++)
    sum -= ((state.local[2 * k] as number) / tau) ** 2 / 2 + ((state.local[2 * k + 1] as number) / sigma) ** 2 / 2;
  return sum;
}

function stepJoint(
  votes: JointVotes,
  extra: PairTable | null,
  groups: readonly number[][],
  state: JointState,
  tau: number,
  sigma: number,
): { move: JointState; solved: Solved } {
  const { models: n, styles, annotators } = votes;
  const size = state.global.length;
  const side = n + styles;
  const tied = size > side + 1;
  const v = tied ? Math.exp(state.global[size - 1] as number) : 0;
  const gradient = new Float64Array(size);
  const matrix = new Float64Array(size * size);
  const localGradient = new Float64Array(2 * annotators);
  // Of each annotator: information of (r, s) as rr, rs, ss, and its rows with the global parameters.
  const block = new Float64Array(3 * annotators);
  const cross = new Float64Array(2 * annotators * size);
  if (extra !== null) {
    const places = Array.from({ length: n + (tied ? 1 : 0) }, (_, i) => (i < n ? i : size - 1));
    const [g, m] = [new Float64Array(places.length), new Float64Array(places.length ** 2)];
    derive(extra, pairParameters(votes, state.global), g, m);
    places.forEach((place, i) => {
      gradient[place] = g[i] as number;
      for (let j = 0; j <= i; j++) matrix[place * size + (places[j] as number)] = m[i * places.length + j] as number;
    });
  }
  const touched = new Int32Array(3 + styles);
  const values = new Float64Array(3 + styles);
  for (let row = 0; row < votes.a.length; row++) {
    const k = votes.annotator[row] as number;
    const { d, gap, scale } = differenceOf(votes, row, state);
    const w = votes.weight === null ? 1 : (votes.weight[row] as number);
    const up = Math.exp(d / 2);
    const norm = 1 / (up + 1 / up + v);
    const half = ((up - 1 / up) / 2) * norm;
    const tie = v * norm;
    const r = w * ((votes.outcome[row] === 2 ? 0 : votes.outcome[row] === 0 ? 0.5 : -0.5) - half);
    const h = w * (((up + 1 / up) / 4) * norm - half * half);
    const withTie = -w * half * tie;
    touched[0] = votes.a[row] as number;
    values[0] = scale;
    touched[1] = votes.b[row] as number;
    values[1] = -scale;
    touched[2] = side;
    values[2] = 1;
    for (let f = 0; f < styles; f++) {
      touched[3 + f] = n + f;
      values[3 + f] = votes.features[row * styles + f] as number;
    }
    const own = [scale * gap, 1] as const;
    for (let p = 0; p < touched.length; p++) {
      const i = touched[p] as number;
      const value = values[p] as number;
      gradient[i] = (gradient[i] as number) + r * value;
      for (let q = 0; q < touched.length; q++) {
        const j = touched[q] as number;
        if (j <= i) matrix[i * size + j] = (matrix[i * size + j] as number) + h * value * (values[q] as number);
      }
      if (tied) matrix[(size - 1) * size + i] = (matrix[(size - 1) * size + i] as number) + withTie * value;
      for (let l = 0; l < 2; l++)
        cross[(2 * k + l) * size + i] = (cross[(2 * k + l) * size + i] as number) + h * value * (own[l] as number);
    }
    for (let l = 0; l < 2; l++) {
      localGradient[2 * k + l] = (localGradient[2 * k + l] as number) + r * (own[l] as number);
      if (tied) cross[(2 * k + l) * size + size - 1] = (cross[(2 * k + l) * size + size - 1] as number) + withTie * (own[l] as number);
    }
    block[3 * k] = (block[3 * k] as number) + h * own[0] * own[0];
    block[3 * k + 1] = (block[3 * k + 1] as number) + h * own[0];
    block[3 * k + 2] = (block[3 * k + 2] as number) + h;
    if (tied) {
      gradient[size - 1] = (gradient[size - 1] as number) + w * ((votes.outcome[row] === 2 ? 1 : 0) - tie);
      matrix[size * size - 1] = (matrix[size * size - 1] as number) + w * tie * (1 - tie);
    }
  }
  // Eliminates the annotators: S = G - sum C' B^-1 C, with the priors in B.
  const inverses = new Float64Array(3 * annotators);
  const variance = new Float64Array(2 * annotators);
  for (let k = 0; k < annotators; k++) {
    localGradient[2 * k] = (localGradient[2 * k] as number) - (state.local[2 * k] as number) / tau ** 2;
    localGradient[2 * k + 1] = (localGradient[2 * k + 1] as number) - (state.local[2 * k + 1] as number) / sigma ** 2;
    const [rr, rs, ss] = [(block[3 * k] as number) + tau ** -2, block[3 * k + 1] as number, (block[3 * k + 2] as number) + sigma ** -2];
    const determinant = rr * ss - rs * rs;
    const [irr, irs, iss] = [ss / determinant, -rs / determinant, rr / determinant];
    inverses.set([irr, irs, iss], 3 * k);
    variance.set([irr, iss], 2 * k);
    const [c0, c1] = [cross.subarray(2 * k * size, (2 * k + 1) * size), cross.subarray((2 * k + 1) * size, (2 * k + 2) * size)];
    const [g0, g1] = [localGradient[2 * k] as number, localGradient[2 * k + 1] as number];
    for (let i = 0; i < size; i++) {
      const [x0, x1] = [irr * (c0[i] as number) + irs * (c1[i] as number), irs * (c0[i] as number) + iss * (c1[i] as number)];
      if (x0 === 0 && x1 === 0) continue;
      gradient[i] = (gradient[i] as number) - x0 * g0 - x1 * g1;
      for (let j = 0; j <= i; j++)
        matrix[i * size + j] = (matrix[i * size + j] as number) - x0 * (c0[j] as number) - x1 * (c1[j] as number);
    }
  }
  for (const group of groups) {
    const typical = group.reduce((sum, i) => sum + (matrix[i * size + i] as number), 0) / group.length || 1;
    for (const i of group)
      for (const j of group) if (j <= i) matrix[i * size + j] = (matrix[i * size + j] as number) + typical / group.length;
  }
  if (!factorise(matrix, size)) throw new RangeError("joint model: the votes cannot tell side, style and models apart");
  solveFactorised(matrix, size, gradient);
  const local = new Float64Array(2 * annotators);
  for (let k = 0; k < annotators; k++) {
    const rest = [0, 1].map(
      (l) =>
        (localGradient[2 * k + l] as number) -
        gradient.reduce((sum, value, i) => sum + value * (cross[(2 * k + l) * size + i] as number), 0),
    ) as [number, number];
    local[2 * k] = (inverses[3 * k] as number) * rest[0] + (inverses[3 * k + 1] as number) * rest[1];
    local[2 * k + 1] = (inverses[3 * k + 1] as number) * rest[0] + (inverses[3 * k + 2] as number) * rest[1];
  }
  return { move: { global: gradient, local }, solved: { inverse: invertFactorised(matrix, size), variance } };
}
