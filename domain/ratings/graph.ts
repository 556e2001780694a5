/**
 * Who was compared with whom: whether the maximum of the likelihood exists, and of what the votes say nothing.
 * Source: Ford 1957 (it exists where every model has beaten or tied every other through a chain); Hunter 2004.
 */
import type { PairTable } from "./votes";

export type ComparisonGraph = {
  /** Models that were compared with one another, directly or through others; the largest group first. */
  groups: number[][];
  /** Place of each model's group in `groups`. */
  groupOf: Int32Array;
  /** Of each group: whether the maximum exists. */
  determined: boolean[];
  /** Models that, alone or with equals, never lost (tied) to anybody else: their score has no upper bound. */
  unbeaten: boolean[];
  /** The same downwards. */
  winless: boolean[];
};

export function readGraph({ models, first, second, counts }: PairTable): ComparisonGraph {
  // beats[i]: models that i won against or tied with.
  const beats: number[][] = Array.from({ length: models }, () => []);
  const met: number[][] = Array.from({ length: models }, () => []);
  for (let pair = 0; pair < first.length; pair++) {
    const [i, j] = [first[pair] as number, second[pair] as number];
    const tied = (counts[3 * pair + 2] as number) > 0;
    if (tied || (counts[3 * pair] as number) > 0) beats[i]?.push(j);
    if (tied || (counts[3 * pair + 1] as number) > 0) beats[j]?.push(i);
    met[i]?.push(j);
    met[j]?.push(i);
  }
  const component = strongComponents(beats);
  const members = weakGroups(met);
  const groupOf = new Int32Array(models);
  members.forEach((group, g) => {
    for (const i of group) groupOf[i] = g;
  });
  const parts = Math.max(-1, ...component) + 1;
  const wins = new Array<boolean>(parts).fill(false);
  const loses = new Array<boolean>(parts).fill(false);
  beats.forEach((beaten, i) => {
    for (const j of beaten) {
      if (component[i] === component[j]) continue;
      wins[component[i] as number] = true;
      loses[component[j] as number] = true;
    }
  });
  const determined = members.map((group) => group.every((i) => component[i] === component[group[0] as number]));
  const open = (i: number, closed: boolean[]) =>
    !(determined[groupOf[i] as number] as boolean) && !(closed[component[i] as number] as boolean);
  return {
    groups: members,
    groupOf,
    determined,
    unbeaten: beats.map((_, i) => open(i, loses)),
    winless: beats.map((_, i) => open(i, wins)),
  };
}

function weakGroups(met: readonly number[][]): number[][] {
  const seen = new Set<number>();
  const groups: number[][] = [];
  for (let start = 0; start < met.length; start++) {
    if (seen.has(start)) continue;
    seen.add(start);
    const group = [start];
    for (let next = 0; next < group.length; next++)
      for (const j of met[group[next] as number] ?? [])
        if (!seen.has(j)) {
          seen.add(j);
          group.push(j);
        }
    groups.push(group.sort((a, b) => a - b));
  }
  return groups.sort((a, b) => b.length - a.length || (a[0] as number) - (b[0] as number));
}

/** Number of the strongly connected component of each node (Tarjan 1972). */
function strongComponents(edges: readonly number[][]): Int32Array {
  const n = edges.length;
  const component = new Int32Array(n).fill(-1);
  const order = new Int32Array(n).fill(-1);
  const low = new Int32Array(n);
  const stack: number[] = [];
  let clock = 0;
  let parts = 0;
  // Depth is at most the number of models, which is small.
  const visit = (i: number): void => {
    order[i] = low[i] = clock++;
    stack.push(i);
    for (const j of edges[i] ?? []) {
      if (order[j] === -1) {
        visit(j);
        low[i] = Math.min(low[i] as number, low[j] as number);
      } else if (component[j] === -1) low[i] = Math.min(low[i] as number, order[j] as number);
    }
    if (low[i] !== order[i]) return;
    for (let j = stack.pop(); j !== undefined; j = stack.pop()) {
      component[j] = parts;
      if (j === i) break;
    }
    parts++;
  };
  for (let i = 0; i < n; i++) if (order[i] === -1) visit(i);
  return component;
}
