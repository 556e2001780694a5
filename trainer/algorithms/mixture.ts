/**
 * Multi-task mixing: how often each task's rows come. Source: Raffel et al. 2020, section 3.5.2: examples-proportional
 * with a limit K, r_m = min(e_m, K) / sum min(e_n, K), and temperature T, r_m^(1/T) normalised; a high T mixes equally.
 *
 * Deviation: instead of drawing a task for each row, an epoch has each task's share exactly (largest remainder) in a
 * seeded order, so that small epochs hold the rates too and the order depends on seed and epoch only.
 */
import { createRandom } from "../../domain/random";

export type MixingRule = { temperature: number; limit: number | null };

/** Rate of each task out of its number of rows, summing to 1. */
export function mixingRates(sizes: readonly number[], { temperature, limit }: MixingRule): number[] {
  const capped = sizes.map((size) => Math.min(size, limit ?? size));
  const total = capped.reduce((sum, size) => sum + size, 0);
  const scaled = capped.map((size) => (size / total) ** (1 / temperature));
  const norm = scaled.reduce((sum, rate) => sum + rate, 0);
  return scaled.map((rate) => rate / norm);
}

/** Rows of each task in an epoch: as many as all capped tasks have together, shared by the rates, largest remainders first. */
export function mixingQuotas(sizes: readonly number[], rule: MixingRule): number[] {
  const total = sizes.reduce((sum, size) => sum + Math.min(size, rule.limit ?? size), 0);
  const exact = mixingRates(sizes, rule).map((rate) => rate * total);
  const quotas = exact.map((share) => Math.floor(share + 1e-9));
  const rest = total - quotas.reduce((sum, quota) => sum + quota, 0);
  const byRemainder = [...exact.keys()].sort((a, b) => (exact[b] ?? 0) - (quotas[b] ?? 0) - ((exact[a] ?? 0) - (quotas[a] ?? 0)) || a - b);
  for (const task of byRemainder.slice(0, rest)) quotas[task] = (quotas[task] ?? 0) + 1;
  return quotas;
}

export type Mixture = {
  /** Rows of an epoch. */
  size: number;
  /** Indices of the rows of an epoch, shuffled. A task that is drawn from less than whole goes on where it was. */
  epoch(epoch: number): number[];
};

/**
 * The mixture of rows whose task is `tasks[i]`. Null where every row comes once an epoch anyway.
 * @throws RangeError when there are no rows.
 */
export function createMixture(tasks: readonly string[], rule: MixingRule, seed: number): Mixture | null {
  if (tasks.length === 0) throw new RangeError("createMixture: there are no rows");
  const names = [...new Set(tasks)].sort();
  const rows = names.map((name) => tasks.flatMap((task, i) => (task === name ? [i] : [])));
  const sizes = rows.map(({ length }) => length);
  const quotas = mixingQuotas(sizes, rule);
  if (quotas.every((quota, i) => quota === sizes[i])) return null;
  /** The `pass`-th order of a task's own rows. */
  const passOf = (task: number, pass: number) => createRandom(seed, `mixture:${names[task]}:${pass}`).shuffle(rows[task] ?? []);
  const take = (task: number, start: number, count: number): number[] => {
    const size = sizes[task] ?? 1;
    const out: number[] = [];
    for (let pass = Math.floor(start / size); out.length < count; pass++) {
      const from = Math.max(0, start - pass * size);
      out.push(...passOf(task, pass).slice(from, from + count - out.length));
    }
    return out;
  };
  return {
    size: quotas.reduce((sum, quota) => sum + quota, 0),
    epoch: (epoch) => createRandom(seed, `mixture:${epoch}`).shuffle(quotas.flatMap((quota, task) => take(task, epoch * quota, quota))),
  };
}
