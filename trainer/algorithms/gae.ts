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

export type Rollout = {
  rows: RolloutRow[];
  /** (B, T), arbitrary in the padding. */
  logprobs: number[][];
  refLogprobs: number[][];
  scores: number[];
};

type MaskedRollout = Pick<Advantages, "mask" | "valueMask" | "kl" | "logprobs" | "scores">;

/** Masks, KL by token, log-probabilities with their padding set, scores less what a missing end costs. */
export function maskRollout(config: Pick<RewardConfig, "klEstimator" | "missingEosPenalty">, rollout: Rollout): MaskedRollout {
  const batch = rollout.rows.length;
  const time = rollout.logprobs[0]?.length ?? 0;
  const [mask, valueMask, kl, logprobs] = [zeros(batch, time), zeros(batch, time), zeros(batch, time), zeros(batch, time)];
  const set = (x: number[][], i: number, t: number, value: number) => {
    (x[i] as number[])[t] = value;
  };
  rollout.rows.forEach(({ length }, i) => {
    for (let t = 0; t < time; t++) {
      const real = t < length;
      const difference = real ? cell(rollout.refLogprobs, i, t) - cell(rollout.logprobs, i, t) : 0;
      set(mask, i, t, real ? 1 : 0);
      set(valueMask, i, t, t <= length ? 1 : 0);
      set(logprobs, i, t, real ? cell(rollout.logprobs, i, t) : INVALID_LOGPROB);
      set(kl, i, t, config.klEstimator === "k1" ? -difference : Math.exp(difference) - 1 - difference);
    }
  });
  const scores = rollout.scores.map((score, i) =>
    config.missingEosPenalty !== null && !rollout.rows[i]?.stopped ? score - config.missingEosPenalty : score,
  );
  return { mask, valueMask, kl, logprobs, scores };
}

/**
 * L = length - 1 is the last real token; the score goes to L + 1 where that is inside the sequence, else to L. `values`
 * are (B, T), arbitrary in the padding.
 */
export function computeAdvantages(config: RewardConfig, rollout: Rollout & { values: number[][] }): Advantages {
  const masked = maskRollout(config, rollout);
  const { mask, valueMask, kl, scores } = masked;
  const batch = rollout.rows.length;
  const time = rollout.logprobs[0]?.length ?? 0;
  const values = rollout.values.map((row, i) => row.map((value, t) => (cell(valueMask, i, t) ? value : 0)));
  const rewards = kl.map((row) => row.map((x) => -config.klCoef * x));
  rollout.rows.forEach(({ length }, i) => {
    const row = rewards[i] as number[];
    const end = length < time ? length : length - 1;
    row[end] = (row[end] ?? 0) + (scores[i] ?? 0);
  });
  const shaped = config.whitenRewards ? maskedWhiten(rewards, valueMask, false) : rewards;
  const advantages = zeros(batch, time);
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
  return { ...masked, rewards: shaped, values, returns, advantages: maskedWhiten(advantages, mask, true) };
}
