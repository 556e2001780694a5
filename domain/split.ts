/** The split of prompts that came without one: by chance of their group, so that a group stays together. */
import type { Split } from "./prompt";
import { createRandom } from "./random";

/** Shares of the splits. */
export const SPLIT_SHARES = { train: 0.8, validation: 0.1, test: 0.1 } as const satisfies Record<Split, number>;

/** The same group and seed always give the same split, in every installation and whatever else is imported. */
export function splitOfGroup(groupKey: string, seed = 0): Split {
  const x = createRandom(seed, `split:${groupKey}`).next();
  if (x < SPLIT_SHARES.train) return "train";
  return x < SPLIT_SHARES.train + SPLIT_SHARES.validation ? "validation" : "test";
}
