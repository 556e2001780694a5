/** How a project hands out its items: what is checked beside the work, how often, and who decides where votes disagree. */
import { z } from "zod";

/**
 * Why an item is judged: for the votes themselves; to see whether an annotator says what is known (gold; qualification
 * before any work); or whether they say the same again (repeat); or for a human evaluation, which alone reads them. Only
 * work counts in data sets, rankings and progress.
 */
export const itemPurposeSchema = z.enum(["work", "gold", "qualification", "repeat", "evaluation"]);
export type ItemPurpose = z.infer<typeof itemPurposeSchema>;

const share = z.number().min(0, "At least 0").max(0.5, "At most a half");

export const queueSettingsSchema = z.strictObject({
  /** Judgements of an item at most: where those it has disagree, it gets more, up to this many; 0 for no more. */
  maxOverlap: z.number().int().min(0).max(20, "At most 20").default(0),
  /** Where the last of them still disagree, somebody of the second tier decides. */
  adjudication: z.boolean().default(false),
  /** Judgements of one annotator a day (UTC); 0 for no cap. */
  dailyCap: z.number().int().min(0).max(100_000).default(0),
  /** Share of items whose answer is known; hidden among the others. */
  goldShare: share.default(0),
  /** Share of items that their annotator judged before, with the sides swapped. */
  repeatShare: share.default(0),
  /** Judged items that lie between an item and its repetition. */
  repeatGap: z.number().int().min(1).max(1000).default(20),
  /** Share of right answers on the qualification items that lets an annotator go on to the work. */
  qualificationPass: z.number().min(0).max(1, "At most 1").default(0.7),
});
export type QueueSettings = z.infer<typeof queueSettingsSchema>;
export const defaultQueue: QueueSettings = queueSettingsSchema.parse({});

/** Whether votes on one item disagree: two of them order two completions in opposite ways. Ranks are in one fixed order of completions; null prefers nothing. */
export function votesDisagree(votes: readonly (readonly number[] | null)[]): boolean {
  const given = votes.filter((ranks) => ranks !== null);
  if (given.length > 0 && given.length < votes.length) return true;
  return given.some((a, i) =>
    given
      .slice(i + 1)
      .some((b) => a.some((rank, x) => a.some((other, y) => y > x && Math.sign(rank - other) * Math.sign((b[x] ?? 0) - (b[y] ?? 0)) < 0))),
  );
}

/** Ranks as shown, brought into the order of the completions' ids. */
export function ranksByCompletion(shownOrder: readonly string[], ranks: readonly number[]): number[] {
  return [...shownOrder.keys()].sort((a, b) => ((shownOrder[a] ?? "") < (shownOrder[b] ?? "") ? -1 : 1)).map((i) => ranks[i] ?? 0);
}
