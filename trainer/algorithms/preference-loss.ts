/**
 * Preference optimisation without a reward model, as functions of sequence log-probabilities.
 *
 * D = (log p - log ref)(chosen) - (log p - log ref)(rejected), beta as in the config, e = labelSmoothing:
 * dpo     -(1 - e) log sigmoid(beta D) - e log sigmoid(-beta D)             Rafailov et al. 2023; Mitchell 2023 (cDPO)
 * robust  [-(1 - e) log sigmoid(beta D) + e log sigmoid(-beta D)] / (1 - 2e)  Chowdhury et al. 2024
 * hinge   relu(1 - beta D)                                                   Zhao et al. 2023 (SLiC)
 * ipo     (D - 1 / (2 beta))^2, D of log-probabilities averaged over tokens  Azar et al. 2023
 * kto     1 - sigmoid(beta (lr - z)) for chosen, 1 - sigmoid(beta (z - lr)) for rejected, lr = log p - log ref and
 *         z = max(0, mean lr of mismatched completions), not differentiated  Ethayarajh et al. 2024
 * orpo    nll of chosen - beta log sigmoid(log odds ratio), averaged log-probabilities, no reference  Hong et al. 2024
 *
 * As in trl 1.12 (DPOTrainer, experimental KTOTrainer and ORPOTrainer). Deviation: ORPO's nll is over the completion's
 * tokens, as in the paper, where TRL takes the prompt's too.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { PreferenceConfig } from "../../domain/run";
import { negLogSigmoid } from "./losses";

export type PreferenceLossConfig = Pick<PreferenceConfig, "loss" | "beta" | "labelSmoothing" | "desirableWeight" | "undesirableWeight">;

export type PreferencePairs = {
  /** Summed log-probabilities of the reference, (S); of no use to ORPO. */
  refLogps: tf.Tensor;
  /** Completion tokens, (S). */
  lengths: tf.Tensor;
  /** Places among the S sequences, (P) int32. */
  chosen: tf.Tensor;
  rejected: tf.Tensor;
  /** Weights of the pairs, (P), which sum to 1. */
  pairWeights: tf.Tensor;
};

/** log p / (1 - p) of averaged log-probabilities below 0. */
const logOdds = (mean: tf.Tensor) => tf.sub(mean, tf.log1p(tf.neg(tf.exp(mean))));

/**
 * `logps` (S) are the policy's summed log-probabilities; `klBaseline` is KTO's z, null for the others. Returns the loss
 * and the implicit rewards, (S): beta (log p - log ref), or beta times the averaged log p where there is no reference.
 */
export function preferenceLoss(
  config: PreferenceLossConfig,
  logps: tf.Tensor1D,
  batch: PreferencePairs,
  klBaseline: tf.Scalar | null,
): { loss: tf.Scalar; rewards: tf.Tensor1D } {
  const { loss: kind, beta, labelSmoothing } = config;
  const at = (x: tf.Tensor, places: tf.Tensor) => tf.gather(x, places as tf.Tensor1D);
  const mean = (losses: tf.Tensor) => tf.sum(tf.mul(losses, batch.pairWeights)) as tf.Scalar;
  const averaged = (x: tf.Tensor) => tf.div(x, batch.lengths);
  const lead = (x: tf.Tensor) => tf.sub(at(x, batch.chosen), at(x, batch.rejected));
  const logRatios = tf.sub(logps, batch.refLogps);
  const rewards = tf.mul(beta, kind === "orpo" ? averaged(logps) : logRatios) as tf.Tensor1D;
  switch (kind) {
    case "dpo": {
      const margin = tf.mul(beta, lead(logRatios));
      const plain = negLogSigmoid(margin);
      return {
        rewards,
        loss: mean(
          labelSmoothing === 0 ? plain : tf.add(tf.mul(1 - labelSmoothing, plain), tf.mul(labelSmoothing, negLogSigmoid(tf.neg(margin)))),
        ),
      };
    }
    case "robust": {
      const margin = tf.mul(beta, lead(logRatios));
      const unbiased = tf.sub(tf.mul(1 - labelSmoothing, negLogSigmoid(margin)), tf.mul(labelSmoothing, negLogSigmoid(tf.neg(margin))));
      return { rewards, loss: mean(tf.div(unbiased, 1 - 2 * labelSmoothing)) };
    }
    case "hinge":
      return { rewards, loss: mean(tf.maximum(0, tf.sub(1, tf.mul(beta, lead(logRatios))))) };
    case "ipo":
      return { rewards, loss: mean(tf.square(tf.sub(lead(averaged(logRatios)), 1 / (2 * beta)))) };
    case "kto": {
      if (!klBaseline) throw new TypeError("preferenceLoss: KTO needs its KL baseline");
      const surplus = tf.mul(beta, tf.sub(logRatios, klBaseline));
      const good = tf.mul(config.desirableWeight, tf.sub(1, tf.sigmoid(at(surplus, batch.chosen))));
      const bad = tf.mul(config.undesirableWeight, tf.sub(1, tf.sigmoid(tf.neg(at(surplus, batch.rejected)))));
      return { rewards, loss: mean(tf.mul(0.5, tf.add(good, bad))) };
    }
    case "orpo": {
      const nll = tf.div(mean(tf.neg(at(logps, batch.chosen))), mean(at(batch.lengths, batch.chosen)));
      return { rewards, loss: tf.add(nll, tf.mul(beta, mean(negLogSigmoid(lead(logOdds(averaged(logps))))))) as tf.Scalar };
    }
    default:
      return kind satisfies never;
  }
}
