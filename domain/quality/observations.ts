/**
 * What annotators said about units: at most one value of each annotator and unit, any may be missing. Units of one
 * cluster (the pairs of one ranking) depend on each other and are resampled together.
 */

/** Columns of equal length: who said what of which part of which cluster; `source` is the caller's own number. */
export type Said = { cluster: number[]; part: number[]; annotator: number[]; value: number[]; source: number[] };

export const nothingSaid = (): Said => ({ cluster: [], part: [], annotator: [], value: [], source: [] });

export function say(said: Said, cluster: number, part: number, annotator: number, value: number, source: number): void {
  said.cluster.push(cluster);
  said.part.push(part);
  said.annotator.push(annotator);
  said.value.push(value);
  said.source.push(source);
}

export type Observations = {
  /** The values that occur, in order; `value` says places in them. */
  values: number[];
  /** Annotators are numbered below this. */
  annotators: number;
  /** Observations of unit u are `start[u]` to `start[u + 1]`; units of a cluster follow one another. */
  start: Int32Array;
  /** Cluster of each unit, never falling. */
  cluster: Int32Array;
  annotator: Int32Array;
  value: Int32Array;
  source: Int32Array;
};

/** Throws a RangeError where an annotator has two values for one unit, or a value is not finite. */
export function indexObservations(said: Said): Observations {
  const n = said.cluster.length;
  const values = [...new Set(said.value)].sort((a, b) => a - b);
  if (values.some((value) => !Number.isFinite(value))) throw new RangeError("observations: a value is not a finite number");
  const placeOf = new Map(values.map((value, i) => [value, i]));
  let clusters = 0;
  let annotators = 0;
  for (let i = 0; i < n; i++) {
    clusters = Math.max(clusters, (said.cluster[i] ?? 0) + 1);
    annotators = Math.max(annotators, (said.annotator[i] ?? 0) + 1);
  }
  // A cluster has as many units as its largest part says; those that nobody spoke of are empty.
  const base = new Int32Array(clusters + 1);
  for (let i = 0; i < n; i++) {
    const place = (said.cluster[i] ?? 0) + 1;
    base[place] = Math.max(base[place] ?? 0, (said.part[i] ?? 0) + 1);
  }
  for (let c = 0; c < clusters; c++) base[c + 1] = (base[c + 1] ?? 0) + (base[c] ?? 0);
  const units = base[clusters] ?? 0;
  const cluster = new Int32Array(units);
  for (let c = 0; c < clusters; c++) cluster.fill(c, base[c], base[c + 1]);
  const start = new Int32Array(units + 1);
  for (let i = 0; i < n; i++) {
    const u = (base[said.cluster[i] ?? 0] ?? 0) + (said.part[i] ?? 0) + 1;
    start[u] = (start[u] ?? 0) + 1;
  }
  for (let u = 0; u < units; u++) start[u + 1] = (start[u + 1] ?? 0) + (start[u] ?? 0);
  const next = start.slice();
  const [annotator, value, source] = [new Int32Array(n), new Int32Array(n), new Int32Array(n)];
  for (let i = 0; i < n; i++) {
    const u = (base[said.cluster[i] ?? 0] ?? 0) + (said.part[i] ?? 0);
    const place = next[u] ?? 0;
    const who = said.annotator[i] ?? 0;
    for (let o = start[u] ?? 0; o < place; o++)
      if (annotator[o] === who)
        throw new RangeError(`observations: annotator ${who} has two values for part ${said.part[i]} of cluster ${said.cluster[i]}`);
    next[u] = place + 1;
    annotator[place] = who;
    value[place] = placeOf.get(said.value[i] ?? 0) ?? 0;
    source[place] = said.source[i] ?? 0;
  }
  return { values, annotators, start, cluster, annotator, value, source };
}

/** The observations of each group, by `groupOf[source]` (below 0 for none); units that a group says nothing of are left out. */
export function splitObservations(data: Observations, groupOf: Int32Array, groups: number): Observations[] {
  const { start, cluster, source } = data;
  const counts = new Int32Array(groups);
  for (const row of source) {
    const group = groupOf[row] ?? -1;
    if (group >= 0) counts[group] = (counts[group] ?? 0) + 1;
  }
  const parts = Array.from(counts, (n) => ({
    // A group has no more units than observations.
    start: new Int32Array(n + 1),
    cluster: new Int32Array(n),
    annotator: new Int32Array(n),
    value: new Int32Array(n),
    source: new Int32Array(n),
    units: 0,
    filled: 0,
    last: -1,
  }));
  for (let u = 0; u < cluster.length; u++) {
    const to = start[u + 1] ?? 0;
    for (let o = start[u] ?? 0; o < to; o++) {
      const part = parts[groupOf[source[o] ?? 0] ?? -1];
      if (part === undefined) continue;
      if (part.last !== u) {
        part.last = u;
        part.cluster[part.units] = cluster[u] ?? 0;
        part.units += 1;
      }
      part.annotator[part.filled] = data.annotator[o] ?? 0;
      part.value[part.filled] = data.value[o] ?? 0;
      part.source[part.filled] = source[o] ?? 0;
      part.filled += 1;
      part.start[part.units] = part.filled;
    }
  }
  return parts.map((part) => ({
    ...data,
    start: part.start.subarray(0, part.units + 1),
    cluster: part.cluster.subarray(0, part.units),
    annotator: part.annotator,
    value: part.value,
    source: part.source,
  }));
}
