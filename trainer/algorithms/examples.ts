/** From rows of a dataset to padded batches of token ids. */
import { createRandom } from "../../domain/random";
import type { Message } from "../../domain/prompt";
import type { Tokenizer } from "../tokenizer/tokenizer";
import type { Mixture } from "./mixture";

/** What the loops need of a tokenizer. */
export type PromptTokenizer = Pick<Tokenizer, "padTokenId" | "eosTokenId" | "encode" | "decode" | "encodePrompt">;

export type Example = {
  promptIds: number[];
  completionIds: number[];
  /** Which of several tasks it belongs to, where there are several. */
  task?: string;
};

/** Prompt through the chat template, completion with the end-of-sequence token. */
export async function encodeExample(tokenizer: PromptTokenizer, messages: readonly Message[], completion: string): Promise<Example> {
  return {
    promptIds: await tokenizer.encodePrompt(messages),
    completionIds: [...(await tokenizer.encode(completion)), tokenizer.eosTokenId],
  };
}

export const lengthOf = ({ promptIds, completionIds }: Example): number => promptIds.length + completionIds.length;

/** Lengths are padded up to a multiple of this, so that a run needs few graphs. */
export const LENGTH_MULTIPLE = 32;

export const roundUp = (length: number, multiple = LENGTH_MULTIPLE) => Math.max(multiple, Math.ceil(length / multiple) * multiple);

/** Ids and mask of whole sequences of one length, (B, T) row-major, each row beginning at `startOf`. */
function pad(rows: readonly (readonly number[])[], padTokenId: number, length: number, startOf: (row: readonly number[]) => number) {
  const ids = new Int32Array(rows.length * length).fill(padTokenId);
  const mask = new Int32Array(rows.length * length);
  rows.forEach((row, b) => {
    if (row.length > length) throw new RangeError(`a row of ${row.length} tokens does not fit ${length}`);
    const start = b * length + startOf(row);
    ids.set(row, start);
    mask.fill(1, start, start + row.length);
  });
  return { ids, mask };
}

/** Right-padded ids and mask of whole sequences, (B, T) row-major. */
export const padRight = (rows: readonly (readonly number[])[], padTokenId: number, length: number) =>
  pad(rows, padTokenId, length, () => 0);

/** The same, padded on the left. */
export const padLeftTo = (rows: readonly (readonly number[])[], padTokenId: number, length: number) =>
  pad(rows, padTokenId, length, (row) => length - row.length);

/** Batches that are drawn together and sorted by length: enough to save most of the padding, few enough to stay random. */
const POOL_BATCHES = 8;

/**
 * The indices of the `step`-th batch of an endless pass over `count` rows, each epoch in an order of its
 * own that depends on the seed and the epoch only: a resumed run needs no stored order. With `lengths`, rows of like
 * length share a batch. `mixture` says which `count` rows an epoch has, where that is not each row once.
 */
export function batchIndices(
  count: number,
  batchSize: number,
  step: number,
  seed: number,
  stream: string,
  lengths?: readonly number[],
  mixture?: Mixture | null,
): number[] {
  if (count === 0) throw new RangeError("batchIndices: there are no rows");
  const out: number[] = [];
  for (let i = step * batchSize; out.length < batchSize; i++) {
    const order = epochOrder(count, batchSize, seed, stream, Math.floor(i / count), lengths, mixture ?? null);
    out.push(order[i % count] as number);
  }
  return out;
}

type Order = { key: string; lengths?: readonly number[]; mixture: Mixture | null; indices: number[] };
/** The last few orders: a step needs one or two of them. */
let orders: Order[] = [];

function epochOrder(
  count: number,
  batchSize: number,
  seed: number,
  stream: string,
  epoch: number,
  lengths: readonly number[] | undefined,
  mixture: Mixture | null,
): number[] {
  const key = `${count}:${batchSize}:${seed}:${stream}:${epoch}`;
  const found = orders.find((order) => order.key === key && order.lengths === lengths && order.mixture === mixture);
  if (found) return found.indices;
  const random = createRandom(seed, `${stream}:${epoch}`);
  const shuffled = mixture?.epoch(epoch) ?? random.shuffle([...Array(count).keys()]);
  const indices =
    lengths === undefined
      ? shuffled
      : chunk(shuffled, batchSize * POOL_BATCHES).flatMap((pool) => {
          pool.sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
          return random.shuffle(chunk(pool, batchSize)).flat();
        });
  orders = [{ key, lengths, mixture, indices }, ...orders.slice(0, 7)];
  return indices;
}

const chunk = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
