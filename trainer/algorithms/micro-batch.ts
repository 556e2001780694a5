/**
 * Finds how many rows of a batch may be worked on at once, so that a step fits into the memory that there is: from the
 * estimate that the start form shows, corrected by what the first steps took, halved where the memory ran out
 * nevertheless. Gradients of all parts are added up before the update, so the size changes no result but for rounding.
 */
import { forgetPeak, freeMemory, peakMemory } from "../engine/machine-memory";

/** Of the free memory: the rest is for what else the machine does, and for what the estimate does not know. */
const SHARE = 0.8;
/** Steps after which the size stays. */
const LEARNING_STEPS = 3;

export const isOutOfMemory = (error: unknown): boolean =>
  /OOM|out of memory|ResourceExhausted|bad_alloc|Cannot allocate|memory access out of bounds/i.test(
    error instanceof Error ? error.message : String(error),
  );

export type MicroBatcher = {
  /** Runs one step, which works on at most so many rows at once; again with half of them where the memory runs out. */
  run<T>(step: (rows: number) => T | Promise<T>): Promise<T>;
};

export type MicroBatchOptions = {
  /** Rows of a step's batch. */
  batchSize: number;
  /** Of the config; null is the whole batch. */
  microBatchSize: number | "auto" | null;
  /** Bytes of a step above what is there before it, for so many rows at once. */
  estimate(rows: number): number;
  /** Bytes that the steps may take; what is free without it. */
  limit?: number;
  /** Told when the size was found, or had to change. */
  tell(message: string): Promise<void>;
  /** Peak of the process since the last call, in bytes; null where nothing says so. For tests. */
  measure?: () => Promise<number | null>;
};

/** The most even parts of `total` rows with at most `rows` each: few sizes keep few graphs. */
export const evenParts = (total: number, rows: number): number => Math.ceil(total / Math.ceil(total / Math.max(1, rows)));

/** The largest number of rows, up to `most`, for which `bytes` stays within `limit`; 1 where none does. */
function largestFitting(most: number, limit: number, bytes: (rows: number) => number): number {
  let low = 1;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (bytes(middle) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function measurePeak(): Promise<number | null> {
  const peak = await peakMemory();
  await forgetPeak();
  return peak;
}

export async function createMicroBatcher({
  batchSize,
  microBatchSize,
  estimate,
  limit,
  tell,
  measure = measurePeak,
}: MicroBatchOptions): Promise<MicroBatcher> {
  if (microBatchSize !== "auto") {
    const rows = Math.min(batchSize, microBatchSize ?? batchSize);
    return { run: async (step) => step(rows) };
  }
  const budget = limit ?? SHARE * (await freeMemory());
  /** What the memory has shown to be too much. */
  let most = batchSize;
  let correction = 1;
  let learnt = 0;
  await measure();
  const start = await measure();
  const choose = () =>
    evenParts(
      batchSize,
      largestFitting(most, budget, (rows) => correction * estimate(rows)),
    );
  let rows = choose();
  return {
    async run(step) {
      for (;;) {
        try {
          const result = await step(rows);
          const peak = learnt < LEARNING_STEPS ? await measure() : null;
          if (peak !== null && start !== null) {
            learnt += 1;
            correction = Math.max(0.1, (peak - start) / estimate(rows));
            const next = choose();
            if (learnt === LEARNING_STEPS)
              await tell(
                `Rows at once: ${next} of ${batchSize}, which take about ${((correction * estimate(next)) / 2 ** 20).toFixed(0)} MiB beside the model`,
              );
            rows = next;
          }
          return result;
        } catch (error) {
          if (!isOutOfMemory(error) || rows === 1) throw error;
          most = Math.floor(rows / 2);
          rows = evenParts(batchSize, most);
          await tell(`The memory ran out; going on with ${rows} rows at once`);
        }
      }
    },
  };
}
