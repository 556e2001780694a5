/**
 * Log-likelihoods of continuations after contexts, batched: the summed log-probabilities of the continuation's tokens,
 * and whether greedy decoding would have written them.
 * Source: HFLM of lm-evaluation-harness 0.4.13: trailing spaces of the context go to the continuation, both are encoded
 * as one and cut by the context's length (apart for encoder-decoders), and what is too long loses its beginning.
 * Continuations whose inputs are the same tokens (one-token choices of a question) share one row.
 */
import * as tf from "@tensorflow/tfjs-core";
import { padRight } from "../algorithms/examples";
import { tokenLogprobs } from "../algorithms/losses";
import type { Engine } from "../engine/engine";
import type { Model, Params, Weights } from "../models/model";
import { oncePerModel } from "../models/once-per-model";
import type { Tokenizer } from "../tokenizer/tokenizer";

export type EncodedPair = { contextIds: number[]; continuationIds: number[] };
export type Likelihood = { logprob: number; greedy: boolean };

type PairTokenizer = Pick<Tokenizer, "encode" | "encodeWithSpecials" | "prefixTokenId">;

/** Pairs of one context next to one another encode it once. Throws for a continuation without tokens. */
export async function encodePairs(
  tokenizer: PairTokenizer,
  kind: Model["kind"],
  pairs: readonly { context: string; continuation: string }[],
): Promise<EncodedPair[]> {
  const out: EncodedPair[] = [];
  let last = { context: "", ids: [tokenizer.prefixTokenId] };
  for (const { context, continuation } of pairs) {
    const trimmed = context.trimEnd();
    const moved = context.slice(trimmed.length) + continuation;
    if (trimmed !== last.context)
      last = { context: trimmed, ids: trimmed === "" ? [tokenizer.prefixTokenId] : await tokenizer.encodeWithSpecials(trimmed) };
    if (trimmed === "") {
      const ids = await tokenizer.encode(moved);
      // A text that brings the prefix along is not given it twice.
      out.push(
        requireTokens(
          ids[0] === tokenizer.prefixTokenId
            ? { contextIds: ids.slice(0, 1), continuationIds: ids.slice(1) }
            : { contextIds: last.ids, continuationIds: ids },
          continuation,
        ),
      );
      continue;
    }
    const continuationIds =
      kind === "encoder-decoder"
        ? await tokenizer.encode(moved)
        : (await tokenizer.encodeWithSpecials(trimmed + moved)).slice(last.ids.length);
    out.push(requireTokens({ contextIds: last.ids, continuationIds }, continuation));
  }
  return out;
}

function requireTokens(pair: EncodedPair, continuation: string): EncodedPair {
  if (pair.continuationIds.length === 0) throw new Error(`The choice ${JSON.stringify(continuation)} has no tokens of its own`);
  return pair;
}

/** What the model reads for a pair, and at which of its positions which ids are to be predicted. */
type Row = { source: number[]; decoder: number[]; targets: { position: number; ids: number[]; places: number[] }[] };

/** Rows of `pairs` at `places`; those that read the same share one. */
function toRows(model: Model, pairs: readonly EncodedPair[], maxLength: number): Row[] {
  const byInput = new Map<string, Row>();
  pairs.forEach(({ contextIds, continuationIds }, place) => {
    let source: number[];
    let decoder: number[];
    let first: number;
    if (model.kind === "encoder-decoder") {
      source = contextIds.slice(-maxLength);
      const cut = continuationIds.slice(-maxLength);
      decoder = [model.decoderStartTokenId, ...cut.slice(0, -1)];
      first = 0;
      continuationIds = cut;
    } else {
      if (continuationIds.length > maxLength)
        throw new Error(`A choice of ${continuationIds.length} tokens does not fit the model's ${maxLength}`);
      source = [...contextIds, ...continuationIds].slice(-(maxLength + 1)).slice(0, -1);
      decoder = [];
      first = source.length - continuationIds.length;
    }
    const key = `${source.join(" ")}|${decoder.join(" ")}`;
    const row = byInput.get(key) ?? { source, decoder, targets: [] };
    byInput.set(key, row);
    continuationIds.forEach((id, i) => {
      const position = first + i;
      const target = row.targets.find((known) => known.position === position);
      if (target) {
        target.ids.push(id);
        target.places.push(place);
      } else row.targets.push({ position, ids: [id], places: [place] });
    });
  });
  return [...byInput.values()];
}

const lengthOf = ({ source, decoder }: Row) => Math.max(source.length, decoder.length);

/** The next of 64, 128, 256 ...: each length of batches is a graph, which costs about as much as many batches. */
export const paddedLength = (length: number) => 2 ** Math.max(6, Math.ceil(Math.log2(Math.max(1, length))));
/** A class of length of more batches than this is split in four: its padding costs more than the graphs. */
const MANY_BATCHES = 40;

/** Batches of rows of like length, longest first, each with the length it is padded to. */
function toBatches(rows: readonly Row[], batchSize: number): { rows: Row[]; length: number }[] {
  const classes = new Map<number, number>();
  for (const row of rows) classes.set(paddedLength(lengthOf(row)), (classes.get(paddedLength(lengthOf(row))) ?? 0) + 1);
  const padded = (row: Row) => {
    const length = paddedLength(lengthOf(row));
    const step = (classes.get(length) ?? 0) > MANY_BATCHES * batchSize ? length / 8 : length;
    return Math.ceil(lengthOf(row) / step) * step;
  };
  const sorted = rows.map((row) => ({ row, length: padded(row) })).sort((a, b) => b.length - a.length);
  const batches: { rows: Row[]; length: number }[] = [];
  for (const { row, length } of sorted) {
    const last = batches.at(-1);
    // A batch that is begun is filled from the next shorter class.
    if (last !== undefined && last.rows.length < batchSize) last.rows.push(row);
    else batches.push({ rows: [row], length });
  }
  return batches;
}

export type ScoreOptions = {
  batchSize: number;
  padTokenId: number;
  /** The most tokens that the model reads. */
  maxLength: number;
  /** After each batch: pairs that are done now, by their place. "stop" ends early. */
  onBatch: (done: ReadonlyMap<number, Likelihood>) => Promise<"stop" | undefined>;
};

/** `params`: base with its adapters merged in, as checkpoints are loaded. */
export type LikelihoodScorer = (params: Params, pairs: readonly EncodedPair[], options: ScoreOptions) => Promise<void>;

/** The scorer of `model`: one for all runs of this process. */
export const createLikelihoodScorer = oncePerModel((engine: Engine, model: Model): LikelihoodScorer => {
  type Args = { base: Params; ids: tf.Tensor; mask: tf.Tensor; decoder: tf.Tensor | null; rows: tf.Tensor; targets: tf.Tensor };
  const run = engine.compile("loglikelihood", ({ base, ids, mask, decoder, rows, targets }: Args) => {
    const weights: Weights = { base, adapter: null };
    const source = { inputIds: ids as tf.Tensor2D, attentionMask: mask as tf.Tensor2D };
    let hidden: tf.Tensor;
    if (model.kind === "encoder-decoder") {
      if (!decoder) throw new TypeError("loglikelihood: an encoder-decoder needs decoder ids");
      const target = { inputIds: decoder as tf.Tensor2D, attentionMask: tf.onesLike(decoder) as tf.Tensor2D };
      hidden = model.forward(weights, source, model.encode(weights, source), target);
    } else hidden = model.forward(weights, source);
    const states = tf.gather(tf.reshape(hidden, [-1, model.hiddenSize]), rows as tf.Tensor1D);
    const logits = model.logits(weights, states) as tf.Tensor2D;
    const wanted = targets as tf.Tensor1D;
    return { logprobs: tokenLogprobs(logits, wanted), greedy: tf.cast(tf.equal(tf.argMax(logits, -1), wanted), "int32") };
  });

  const runBatch = async (
    base: Params,
    rows: readonly Row[],
    length: number,
    { batchSize, padTokenId }: ScoreOptions,
  ): Promise<Map<number, Likelihood>> => {
    const filled = Array.from({ length: batchSize }, (_, i) => rows[i] ?? rows[0] ?? { source: [], decoder: [], targets: [] });
    const isEncoder = model.kind === "encoder-decoder";
    /** Of an encoder-decoder's two sides each has a length of its own. */
    const lengthOfSide = (side: "source" | "decoder") =>
      isEncoder ? paddedLength(Math.max(...filled.map((row) => row[side].length))) : length;
    const [sourceLength, decoderLength] = [lengthOfSide("source"), lengthOfSide("decoder")];
    const source = padRight(
      filled.map((row) => row.source),
      padTokenId,
      sourceLength,
    );
    const decoder = isEncoder
      ? padRight(
          filled.map((row) => row.decoder),
          padTokenId,
          decoderLength,
        )
      : null;
    const targets = rows.flatMap((row, b) =>
      row.targets.flatMap(({ position, ids, places }) =>
        ids.map((id, i) => ({ row: b * decoderLength + position, id, place: places[i] ?? 0 })),
      ),
    );
    // Few sizes again: 4 targets a row, 16, 64 ...
    const size = batchSize * 4 ** Math.max(1, Math.ceil(Math.log2(Math.max(1, targets.length / batchSize)) / 2));
    const padded = (values: number[]) =>
      tf.tensor1d(
        Int32Array.from({ length: size }, (_, i) => values[i] ?? 0),
        "int32",
      );
    const args = {
      ids: tf.tensor2d(source.ids, [batchSize, sourceLength], "int32"),
      mask: tf.tensor2d(source.mask, [batchSize, sourceLength], "int32"),
      decoder: decoder && tf.tensor2d(decoder.ids, [batchSize, decoderLength], "int32"),
      rows: padded(targets.map(({ row }) => row)),
      targets: padded(targets.map(({ id }) => id)),
    };
    const result = run({ base, ...args });
    const [logprobs, greedy] = await Promise.all([result.logprobs.data(), result.greedy.data()]);
    tf.dispose([...Object.values(args).filter((tensor) => tensor !== null), result.logprobs, result.greedy]);
    const done = new Map<number, Likelihood>();
    targets.forEach(({ place }, i) => {
      const sum = done.get(place) ?? { logprob: 0, greedy: true };
      done.set(place, { logprob: sum.logprob + (logprobs[i] ?? Number.NaN), greedy: sum.greedy && greedy[i] === 1 });
    });
    return done;
  };

  return async (params, pairs, options) => {
    for (const { rows, length } of toBatches(toRows(model, pairs, options.maxLength), options.batchSize)) {
      if ((await options.onBatch(await runBatch(params, rows, length, options))) === "stop") return;
    }
  };
});
