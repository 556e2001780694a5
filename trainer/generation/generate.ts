/**
 * Batched generation with a fixed-length KV cache: the prompt in one pass, then one token a step, each step
 * the same graph. Prompts are left-padded, so that every row writes the same cache slot.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../../domain/random";
import type { Engine } from "../engine/engine";
import type { TensorTree } from "../engine/tree";
import { disposeTree } from "../engine/tree";
import type { DecoderModel, EncoderDecoderModel, KvCache, Model, Params, Weights } from "../models/model";
import { oncePerModel } from "../models/once-per-model";
import { type SamplingRule, sampleToken } from "./sampling";

export type GenerateOptions = SamplingRule & {
  maxNewTokens: number;
  eosTokenId: number;
  padTokenId: number;
  /** Called with each row's tokens so far; true stops the row (stop strings). */
  shouldStop?: (tokens: readonly number[]) => Promise<boolean>;
  /** Prompts are padded to a multiple of this, so that few shapes need a graph. */
  lengthMultiple?: number;
};

export type Generated = {
  /** New ids, the end-of-sequence token included where it was reached. */
  tokens: number[];
  /** True when the row ended by itself (end of sequence or a stop string). */
  stopped: boolean;
};

/** One random stream a row: what a row says does not depend on the batch it is in. */
export type Generator = (weights: Weights, prompts: number[][], randoms: Random[], options: GenerateOptions) => Promise<Generated[]>;

type WeightArgs = { base: Params; adapter: Params | null };

const toArgs = (weights: Weights): WeightArgs => ({ base: weights.base, adapter: weights.adapter?.params ?? null });

const toWeights = (args: WeightArgs, scaling: number): Weights => ({
  base: args.base,
  adapter: args.adapter ? { params: args.adapter, scaling } : null,
});

/** Left-pads `rows` to one length, a multiple of `multiple`: ids and mask, (B, T) row-major. */
export function padLeft(rows: readonly (readonly number[])[], padTokenId: number, multiple = 1) {
  const longest = rows.reduce((length, row) => Math.max(length, row.length), 1);
  const length = Math.ceil(longest / multiple) * multiple;
  const ids = new Int32Array(rows.length * length).fill(padTokenId);
  const mask = new Int32Array(rows.length * length);
  rows.forEach((row, b) => {
    const start = (b + 1) * length - row.length;
    ids.set(row, start);
    mask.fill(1, start, (b + 1) * length);
  });
  return { ids, mask, length };
}

/** A batch that is being decoded: the rows it holds can be cut down as they end. */
type Decoding = {
  /** Logits of the first new token, (B, V), where the prompt's own pass gives them. */
  first: Float32Array | null;
  /** One more token for each held row; (held, V) logits of the next. */
  step(tokens: Int32Array, index: number): Promise<Float32Array>;
  /** Keeps these of the held rows, in this order. */
  narrow(places: number[]): void;
};

/** Fewer rows than this are not worth a graph of their own. */
const MIN_ROWS = 16;

/** The loop that both families share: sample from logits, feed back, stop; rows that ended are dropped by halves. */
async function decodeLoop(
  batch: number,
  vocabSize: number,
  randoms: Random[],
  options: GenerateOptions,
  decoding: Decoding,
  start: number,
): Promise<Generated[]> {
  const rows = Array.from({ length: batch }, (): Generated => ({ tokens: [], stopped: false }));
  /** Row of each place in the batch. */
  let held = [...rows.keys()];
  let logits = decoding.first ?? (await decoding.step(new Int32Array(batch).fill(start), 0));
  const offset = decoding.first ? 0 : 1;
  for (let index = 0; index < options.maxNewTokens; index++) {
    for (const [place, b] of held.entries()) {
      const [row, random] = [rows[b], randoms[b]];
      if (!row || !random) throw new RangeError(`generate: row ${b} has no random stream`);
      if (row.stopped) continue;
      const token = sampleToken(logits.subarray(place * vocabSize, (place + 1) * vocabSize), options, random);
      row.tokens.push(token);
      row.stopped = token === options.eosTokenId || ((await options.shouldStop?.(row.tokens)) ?? false);
    }
    const isRunning = (b: number) => rows[b]?.stopped === false;
    const running = held.filter(isRunning).length;
    if (index + 1 === options.maxNewTokens || running === 0) break;
    if (held.length / 2 >= Math.max(running, MIN_ROWS)) {
      const size = Math.max(MIN_ROWS, 2 ** Math.ceil(Math.log2(running)));
      // Those that run first; ended ones fill up.
      const places = [...held.keys()]
        .sort((x, y) => Number(isRunning(held[y] ?? 0)) - Number(isRunning(held[x] ?? 0)) || x - y)
        .slice(0, size);
      decoding.narrow(places);
      held = places.map((place) => held[place] ?? 0);
    }
    const next = Int32Array.from(held, (b) => (isRunning(b) ? (rows[b]?.tokens.at(-1) ?? options.padTokenId) : options.padTokenId));
    logits = await decoding.step(next, index + offset);
  }
  return rows;
}

/** The rows of a cache at `places`; frees the old one. */
function narrowCache(cache: KvCache, places: number[]): KvCache {
  const indices = tf.tensor1d(places, "int32");
  const kept = Object.fromEntries(Object.entries(cache).map(([name, tensor]) => [name, tf.gather(tensor, indices)]));
  indices.dispose();
  disposeTree(cache);
  return kept;
}

const download = async (tensor: tf.Tensor): Promise<Float32Array> => {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
};

function createDecoderGenerator(engine: Engine, model: DecoderModel): Generator {
  type PrefillArgs = { weights: WeightArgs; inputIds: tf.Tensor; attentionMask: tf.Tensor };
  type DecodeArgs = {
    weights: WeightArgs;
    cache: KvCache;
    inputIds: tf.Tensor;
    position: tf.Tensor;
    positionIds: tf.Tensor;
    cacheMask: tf.Tensor;
  };
  type StepResult = { logits: tf.Tensor; cache: KvCache };
  // Cache length and adapter scaling are baked into a graph, so each has functions of its own.
  const compiled = new Map<string, { prefill: (args: PrefillArgs) => StepResult; decode: (args: DecodeArgs) => StepResult }>();
  const functionsFor = (cacheLength: number, scaling: number) => {
    const key = `${cacheLength}:${scaling}`;
    let functions = compiled.get(key);
    if (!functions) {
      functions = {
        prefill: engine.compile("prefill", (args: PrefillArgs & TensorTree) => {
          const weights = toWeights(args.weights, scaling);
          const batch = { inputIds: args.inputIds as tf.Tensor2D, attentionMask: args.attentionMask as tf.Tensor2D };
          const { hidden, cache } = model.prefill(weights, batch, cacheLength);
          return { logits: model.logits(weights, hidden), cache };
        }),
        decode: engine.compile("decode", (args: DecodeArgs & TensorTree) => {
          const weights = toWeights(args.weights, scaling);
          const { hidden, cache } = model.decode(
            weights,
            {
              inputIds: args.inputIds as tf.Tensor1D,
              position: args.position as tf.Scalar,
              positionIds: args.positionIds as tf.Tensor1D,
              cacheMask: args.cacheMask as tf.Tensor2D,
            },
            args.cache,
          );
          return { logits: model.logits(weights, hidden), cache };
        }),
      };
      compiled.set(key, functions);
    }
    return functions;
  };

  return async (weights, prompts, randoms, options) => {
    const batch = prompts.length;
    const { ids, mask, length } = padLeft(prompts, options.padTokenId, options.lengthMultiple ?? 32);
    const cacheLength = length + options.maxNewTokens;
    const longest = Math.max(...prompts.map((prompt) => prompt.length));
    if (model.maxPositions !== null && longest + options.maxNewTokens > model.maxPositions) {
      throw new Error(
        `A prompt of ${longest} tokens and ${options.maxNewTokens} new ones are more than the ${model.maxPositions} positions of this ${model.family} model`,
      );
    }
    const { prefill, decode } = functionsFor(cacheLength, weights.adapter?.scaling ?? 1);
    const args = toArgs(weights);
    const inputs = { inputIds: tf.tensor2d(ids, [batch, length], "int32"), attentionMask: tf.tensor2d(mask, [batch, length], "int32") };
    const start = prefill({ weights: args, ...inputs });
    disposeTree(inputs);
    let cache = start.cache;
    let held = prompts.map((prompt, b) => ({ length: prompt.length, mask: mask.slice(b * length, (b + 1) * length) }));
    try {
      return await decodeLoop(
        batch,
        model.vocabSize,
        randoms,
        options,
        {
          first: await download(start.logits),
          step(tokens, index) {
            const cacheMask = new Int32Array(held.length * cacheLength);
            held.forEach((row, place) => {
              cacheMask.set(row.mask, place * cacheLength);
              cacheMask.fill(1, place * cacheLength + length, place * cacheLength + length + index + 1);
            });
            const step = {
              inputIds: tf.tensor1d(tokens, "int32"),
              position: tf.scalar(length + index, "int32"),
              positionIds: tf.tensor1d(
                Int32Array.from(held, (row) => row.length + index),
                "int32",
              ),
              cacheMask: tf.tensor2d(cacheMask, [held.length, cacheLength], "int32"),
            };
            const result = decode({ weights: args, cache, ...step });
            disposeTree(step);
            disposeTree(cache);
            cache = result.cache;
            return download(result.logits);
          },
          narrow(places) {
            held = places.map((place) => held[place] as (typeof held)[number]);
            cache = narrowCache(cache, places);
          },
        },
        0,
      );
    } finally {
      disposeTree(cache);
    }
  };
}

function createEncoderDecoderGenerator(engine: Engine, model: EncoderDecoderModel): Generator {
  type PrefillArgs = { weights: WeightArgs; inputIds: tf.Tensor; attentionMask: tf.Tensor };
  type DecodeArgs = { weights: WeightArgs; cache: KvCache; inputIds: tf.Tensor; position: tf.Tensor; sourceMask: tf.Tensor };
  type Functions = {
    prefill: (args: PrefillArgs) => { cache: KvCache };
    decode: (args: DecodeArgs) => { logits: tf.Tensor; cache: KvCache };
  };
  const compiled = new Map<string, Functions>();
  const functionsFor = (cacheLength: number, scaling: number): Functions => {
    const key = `${cacheLength}:${scaling}`;
    let functions = compiled.get(key);
    if (!functions) {
      functions = {
        prefill: engine.compile("prefill", (args: PrefillArgs & TensorTree) => {
          const source = { inputIds: args.inputIds as tf.Tensor2D, attentionMask: args.attentionMask as tf.Tensor2D };
          return model.prefill(toWeights(args.weights, scaling), source, cacheLength);
        }),
        decode: engine.compile("decode", (args: DecodeArgs & TensorTree) => {
          const weights = toWeights(args.weights, scaling);
          const step = {
            inputIds: args.inputIds as tf.Tensor1D,
            position: args.position as tf.Scalar,
            sourceMask: args.sourceMask as tf.Tensor2D,
          };
          const { hidden, cache } = model.decode(weights, step, args.cache);
          return { logits: model.logits(weights, hidden), cache };
        }),
      };
      compiled.set(key, functions);
    }
    return functions;
  };

  return async (weights, prompts, randoms, options) => {
    const batch = prompts.length;
    const { ids, mask, length } = padLeft(prompts, options.padTokenId, options.lengthMultiple ?? 32);
    const { prefill, decode } = functionsFor(options.maxNewTokens, weights.adapter?.scaling ?? 1);
    const args = toArgs(weights);
    const source = { inputIds: tf.tensor2d(ids, [batch, length], "int32"), attentionMask: tf.tensor2d(mask, [batch, length], "int32") };
    let { cache } = prefill({ weights: args, ...source });
    let sourceMask: tf.Tensor = source.attentionMask;
    source.inputIds.dispose();
    try {
      return await decodeLoop(
        batch,
        model.vocabSize,
        randoms,
        options,
        {
          first: null,
          step(tokens, index) {
            const step = { inputIds: tf.tensor1d(tokens, "int32"), position: tf.scalar(index, "int32") };
            const result = decode({ weights: args, cache, ...step, sourceMask });
            disposeTree(step);
            disposeTree(cache);
            cache = result.cache;
            return download(result.logits);
          },
          narrow(places) {
            ({ sourceMask, ...cache } = narrowCache({ ...cache, sourceMask }, places) as KvCache & { sourceMask: tf.Tensor });
          },
        },
        model.decoderStartTokenId,
      );
    } finally {
      disposeTree(cache);
      sourceMask.dispose();
    }
  };
}

/** The generator of `model`: one for all runs of this process. */
export const createGenerator = oncePerModel((engine: Engine, model: Model): Generator => {
  switch (model.kind) {
    case "decoder":
      return createDecoderGenerator(engine, model);
    case "encoder-decoder":
      return createEncoderDecoderGenerator(engine, model);
    default:
      return model satisfies never;
  }
});
