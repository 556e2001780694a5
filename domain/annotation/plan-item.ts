/** Which item a prompt becomes by a project's settings: its mode by the modes' shares, its completions by chance. */
import { type ItemMode, MODE_SIZES } from "../judgement";
import { createRandom } from "../random";
import { chooseServable } from "./serving";
import type { ModeShare } from "./settings";

/** `key` and `contentHash` are the same in every installation. */
export type PlannedPrompt = {
  key: string;
  completions: { id: string; contentHash: string; text: string; model: string; turns: readonly unknown[] | null }[];
};

/**
 * `propensity`: the probability of this mode with these completions. `left` says why completions were passed over, and
 * `item` is null where no mode of the settings has completions enough.
 */
export type PlannedItem = { item: { mode: ItemMode; completionIds: string[]; propensity: number } | null; left: string[] };

const choose = (n: number, k: number): number =>
  Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((product, factor) => product * factor, 1);

export function planItem({ key, completions }: PlannedPrompt, modes: readonly ModeShare[], seed: number): PlannedItem {
  const inOrder = [...completions].sort((a, b) => (a.contentHash < b.contentHash ? -1 : 1));
  // Single answers and whole conversations are never set against each other.
  const whole = inOrder.filter(({ turns }) => turns !== null);
  const single = inOrder.filter(({ turns }) => turns === null);
  const { chosen, left } = chooseServable(whole.length > single.length ? whole : single);
  const possible = modes.filter(
    ({ mode, share }) => share > 0 && chosen.length >= MODE_SIZES[mode][0] && !(mode === "edit" && chosen[0]?.turns != null),
  );
  const reasons = left.map(({ reason }) => reason.replace(/: ".*$/s, ""));
  const total = possible.reduce((sum, { share }) => sum + share, 0);
  const random = createRandom(seed, `item:${key}`);
  const draw = random.next() * total;
  const drawn = possible.find((_, i) => draw < possible.slice(0, i + 1).reduce((sum, { share }) => sum + share, 0)) ?? possible.at(-1);
  if (drawn === undefined) return { item: null, left: reasons };
  const k = Math.min(drawn.completions, chosen.length);
  const completionIds = random
    .shuffle(chosen)
    .slice(0, k)
    .map(({ id }) => id);
  return { item: { mode: drawn.mode, completionIds, propensity: drawn.share / total / choose(chosen.length, k) }, left: reasons };
}
