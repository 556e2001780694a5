/** From rows of a dataset to padded batches of token ids. */
import { createRandom } from "../../domain/random";
import type { Message } from "../../domain/prompt";
import type { Tokenizer } from "../tokenizer/tokenizer";

/** What the loops need of a tokenizer. */
export type PromptTokenizer = Pick<Tokenizer, "padTokenId" | "eosTokenId" | "encode" | "decode" | "encodePrompt">;

export type Example = { promptIds: number[]; completionIds: number[] };

/** Prompt through the chat template, completion with the end-of-sequence token. */
export async function encodeExample(tokenizer: PromptTokenizer, messages: readonly Message[], completion: string): Promise<Example> {
  return { promptIds: await tokenizer.encodePrompt(messages), completionIds: [...(await tokenizer.encode(completion)), tokenizer.eosTokenId] };
}

/** Lengths are padded up to a multiple of this, so that a run needs few graphs. */
export const LENGTH_MULTIPLE = 32;

export const roundUp = (length: number, multiple = LENGTH_MULTIPLE) => Math.max(multiple, Math.ceil(length / multiple) * multiple);

/** Right-padded ids and mask of whole sequences, (B, T) row-major. */
export function padRight(rows: readonly (readonly number[])[], padTokenId: number, length: number) {
  const ids = new Int32Array(rows.length * length).fill(padTokenId);
  const mask = new Int32Array(rows.length * length);
  rows.forEach((row, b) => {
    if (row.length > length) throw new RangeError(`padRight: a row of ${row.length} tokens does not fit ${length}`);
    ids.set(row, b * length);
    mask.fill(1, b * length, b * length + row.length);
  });
  return { ids, mask };
}

/**
 * The indices of the `step`-th batch of an endless pass over `count` rows, each epoch in an order of its
 * own that depends on the seed and the epoch only: a resumed run needs no stored order.
 */
export function batchIndices(count: number, batchSize: number, step: number, seed: number, stream: string): number[] {
  if (count === 0) throw new RangeError("batchIndices: there are no rows");
  const out: number[] = [];
  for (let i = step * batchSize; out.length < batchSize; i++) {
    const order = epochOrder(count, seed, stream, Math.floor(i / count));
    out.push(order[i % count] as number);
  }
  return out;
}

const orders = new Map<string, number[]>();

function epochOrder(count: number, seed: number, stream: string, epoch: number): number[] {
  const key = `${count}:${seed}:${stream}:${epoch}`;
  let order = orders.get(key);
  if (!order) {
    order = createRandom(seed, `${stream}:${epoch}`).shuffle([...Array(count).keys()]);
    if (orders.size > 8) orders.clear();
    orders.set(key, order);
  }
  return order;
}
