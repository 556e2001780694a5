/**
 * From log-probabilities, values and scores to rewards, advantages and returns, as TRL's PPO does it. Plain
 * arrays of (B, T) rows: a few thousand numbers, and the order of every sum is fixed.
 *
 * Source: Schulman et al. 2016 (GAE); trl 1.12 ppo_trainer; Huang et al. 2024, "The N+ implementation details".
 */
export const INVALID_LOGPROB = 1;

export type RolloutRow = {
  /** Sampled ids up to and including the stop token; shorter than T when it stopped. */
  length: number;
  stopped: boolean;
};

export type RewardConfig = {
  gamma: number;
  lam: number;
  klCoef: number;
  klEstimator: "k1" | "k3";
  whitenRewards: boolean;
  missingEosPenalty: number | null;
};

export type Advantages = {
  /** 1 on real tokens (t <= L), (B, T). */
  mask: number[][];
  /** 1 where values count (t <= L + 1), (B, T). */
  valueMask: number[][];
  kl: number[][];
  rewards: number[][];
  /** With the padding set to INVALID_LOGPROB, 0 for values. */
  logprobs: number[][];
  values: number[][];
  advantages: number[][];
  returns: number[][];
  scores: number[];
};

const zeros = (rows: number, columns: number) => Array.from({ length: rows }, () => new Array<number>(columns).fill(0));

const cell = (x: number[][], i: number, t: number): number => x[i]?.[t] ?? 0;

/** Mean and unbiased variance over the masked cells. */
function maskedMoments(x: number[][], mask: number[][]): { mean: number; variance: number } {
  let sum = 0;
  let count = 0;
  x.forEach((row, i) => {
    row.forEach((value, t) => {
      if (cell(mask, i, t)) {
        sum += value;
        count++;
      }
    });
  });
  const mean = sum / count;
  let squares = 0;
  x.forEach((row, i) => {
    row.forEach((value, t) => {
      if (cell(mask, i, t)) squares += (value - mean) ** 2;
    });
  });
  return { mean, variance: count > 1 ? squares / (count - 1) : 0 };
}

/** (x - mean) / sqrt(var + 1e-8) over the mask; the mean is added back unless `shiftMean`. Outside: 0. */
export function maskedWhiten(x: number[][], mask: number[][], shiftMean: boolean): number[][] {
  const { mean, variance } = maskedMoments(x, mask);
  const scale = 1 / Math.sqrt(variance + 1e-8);
  return x.map((row, i) => row.map((value, t) => (cell(mask, i, t) ? (value - mean) * scale + (shiftMean ? 0 : mean) : 0)));
}

/**
 * `logprobs`, `refLogprobs`, `values`: (B, T), arbitrary in the padding. L = length - 1 is the last real
 * token; the score goes to L + 1 where that is inside the sequence, else to L.
 */
export function computeAdvantages(
  config: RewardConfig,
  rollout: { rows: RolloutRow[]; logprobs: number[][]; refLogprobs: number[][]; values: number[][]; scores: number[] },
): Advantages {
  const batch = rollout.rows.length;
  const time = rollout.logprobs[0]?.length ?? 0;
  const mask = zeros(batch, time);
  const valueMask = zeros(batch, time);
  const kl = zeros(batch, time);
  const logprobs = zeros(batch, time);
  const values = zeros(batch, time);
  const advantages = zeros(batch, time);
  const scores = rollout.scores.map((score, i) =>
    config.missingEosPenalty !== null && !rollout.rows[i]?.stopped ? score - config.missingEosPenalty : score,
  );
  const rewards = zeros(batch, time);
  rollout.rows.forEach(({ length }, i) => {
    const last = length - 1;
    const [maskRow, valueMaskRow, klRow, logprobRow, valueRow, rewardRow] = [mask, valueMask, kl, logprobs, values, rewards].map(
      (x) => x[i] as number[],
    ) as [number[], number[], number[], number[], number[], number[]];
    for (let t = 0; t < time; t++) {
      maskRow[t] = t <= last ? 1 : 0;
      valueMaskRow[t] = t <= last + 1 ? 1 : 0;
      valueRow[t] = valueMaskRow[t] ? cell(rollout.values, i, t) : 0;
      logprobRow[t] = maskRow[t] ? cell(rollout.logprobs, i, t) : INVALID_LOGPROB;
      const logRatio = maskRow[t] ? cell(rollout.refLogprobs, i, t) - cell(rollout.logprobs, i, t) : 0;
      const divergence = config.klEstimator === "k1" ? -logRatio : Math.exp(logRatio) - 1 - logRatio;
      klRow[t] = divergence;
      rewardRow[t] = -config.klCoef * divergence;
    }
    const end = last + 1 < time ? last + 1 : last;
    rewardRow[end] = (rewardRow[end] ?? 0) + (scores[i] ?? 0);
  });
  const shaped = config.whitenRewards ? maskedWhiten(rewards, valueMask, false) : rewards;
  for (let i = 0; i < batch; i++) {
    let advantage = 0;
    const row = advantages[i] as number[];
    for (let t = time - 1; t >= 0; t--) {
      const nextValue = t < time - 1 ? cell(values, i, t + 1) : 0;
      const delta = cell(shaped, i, t) + config.gamma * nextValue - cell(values, i, t);
      advantage = delta + config.gamma * config.lam * advantage;
      row[t] = advantage;
    }
  }
  const returns = advantages.map((row, i) => row.map((advantage, t) => advantage + cell(values, i, t)));
  return { mask, valueMask, kl, rewards: shaped, logprobs, values, scores, returns, advantages: maskedWhiten(advantages, mask, true) };
}
