/**
 * What every architecture looks like to the rest of the trainer: pure functions over parameter trees.
 *
 * Parameters are flat records keyed by their Hugging Face names ("model.layers.0.mlp.up_proj.weight"),
 * in the shapes of the checkpoint ([out, in] for linear layers). An adapter is a separate tree; the
 * reference policy is the same base with no adapter, never a second copy.
 */
import type * as tf from "@tensorflow/tfjs-core";

export type Params = Record<string, tf.Tensor>;

/** LoRA matrices keyed by PEFT's names without the "base_model.model." prefix and ".weight" suffix. */
export type Adapter = {
  /** "<module path>.lora_A" [r, in] and "<module path>.lora_B" [out, r]. */
  params: Params;
  /** alpha / r, or alpha / sqrt(r) when rank-stabilised. */
  scaling: number;
  /** While an adapter is trained. */
  dropout?: AdapterDropout;
};

/** Share of a linear layer's inputs that its adapter does not see, and what decides which: (2) int32, new for each step. */
export type AdapterDropout = { rate: number; seed: tf.Tensor };

export type Weights = {
  base: Params;
  adapter: Adapter | null;
  /** Layers are computed again for their gradient instead of being kept (recompute.ts). */
  recompute?: boolean;
  /** Products of linear layers in bfloat16 (bf16.ts). */
  bf16?: boolean;
};

/** Left- or right-padded batch. */
export type TokenBatch = {
  /** (B, T) int32 */
  inputIds: tf.Tensor2D;
  /** (B, T) int32, 1 for real tokens. */
  attentionMask: tf.Tensor2D;
  /**
   * Several rows in one sequence, decoders only, (B, T) int32 each: a token's place in its row, and the number of its
   * row (0 for padding); attention stays within a row.
   */
  packed?: { positionIds: tf.Tensor2D; segmentIds: tf.Tensor2D };
};

/** Keys and values of the tokens so far; fixed length, so that every decoding step has one shape. */
export type KvCache = Record<string, tf.Tensor>;

/** `family` is the model_type of config.json, for people; code asks for `kind`. */
export type DecoderModel = {
  kind: "decoder";
  family: string;
  vocabSize: number;
  hiddenSize: number;
  numLayers: number;
  /** What the weights of a fresh norm are: 1, or 0 where 1 is added to them. */
  freshNorm: 0 | 1;
  /** Tokens that a row may have, where positions are learned; null where they are computed. */
  maxPositions: number | null;
  /** Names and shapes of every base parameter, in file order. */
  parameterShapes(): Record<string, number[]>;
  /** Whether files hold the parameter as [in, out], which is turned to [out, in] on the way (GPT-2). */
  storedTransposed(name: string): boolean;
  /** Module path -> [out, in] of every linear layer that LoRA can target (lm_head excluded). */
  linearModules(): Record<string, [number, number]>;
  /** Hidden states after the final norm, (B, T, D). */
  forward(weights: Weights, batch: TokenBatch): tf.Tensor3D;
  /** (..., D) -> (..., V) */
  logits(weights: Weights, hidden: tf.Tensor): tf.Tensor;
  /**
   * Runs the left-padded prompt and makes a cache of `cacheLength` positions: the prompt's, and empty ones for the tokens
   * to come.
   * Returns the hidden state of the last position, (B, D), and the cache.
   */
  prefill(weights: Weights, batch: TokenBatch, cacheLength: number): { hidden: tf.Tensor2D; cache: KvCache };
  /**
   * One token for each row. `position` (scalar int32) is the cache slot that is written, the same for all
   * rows, in place: the cache that was given is used up; `cacheMask` (B, cacheLength) is 1 where a slot holds a real token, the new one included;
   * `positionIds` (B) are the rows' own positions for the rotary embedding.
   */
  decode(
    weights: Weights,
    step: { inputIds: tf.Tensor1D; position: tf.Scalar; positionIds: tf.Tensor1D; cacheMask: tf.Tensor2D },
    cache: KvCache,
  ): { hidden: tf.Tensor2D; cache: KvCache };
};

export type EncoderDecoderModel = {
  kind: "encoder-decoder";
  family: string;
  vocabSize: number;
  hiddenSize: number;
  numLayers: number;
  freshNorm: 1;
  numHeads: number;
  decoderStartTokenId: number;
  parameterShapes(): Record<string, number[]>;
  storedTransposed(name: string): boolean;
  linearModules(): Record<string, [number, number]>;
  /** Encoder states, (B, S, D). */
  encode(weights: Weights, source: TokenBatch): tf.Tensor3D;
  /** Decoder states for teacher-forced target ids (B, T), ready for `logits`: (B, T, D). */
  forward(weights: Weights, source: TokenBatch, encoded: tf.Tensor3D, target: TokenBatch): tf.Tensor3D;
  logits(weights: Weights, hidden: tf.Tensor): tf.Tensor;
  /** Cross-attention keys and values, and an empty self-attention cache of `cacheLength` positions. */
  prefill(weights: Weights, source: TokenBatch, cacheLength: number): { cache: KvCache };
  decode(
    weights: Weights,
    step: { inputIds: tf.Tensor1D; position: tf.Scalar; sourceMask: tf.Tensor2D },
    cache: KvCache,
  ): { hidden: tf.Tensor2D; cache: KvCache };
};

export type Model = DecoderModel | EncoderDecoderModel;
