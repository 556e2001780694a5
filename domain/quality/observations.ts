/**
 * What annotators said about units: at most one value of each annotator and unit, any may be missing. Units of one
 * cluster (the pairs of one ranking) depend on each other and are resampled together.
 */
export type Observation = { cluster: string; unit: string; annotator: string; value: number };

export type Observations = {
  /** Sorted; everything below says places in them. */
  values: number[];
  annotators: string[];
  units: string[];
  /** Observations of unit u are `start[u]` to `start[u + 1]`; units of a cluster follow one another. */
  start: Int32Array;
  annotator: Int32Array;
  value: Int32Array;
  /** Cluster of each unit, counted from 0 without gaps. */
  cluster: Int32Array;
};

class Index {
  readonly names: string[] = [];
  private readonly places = new Map<string, number>();

  of(name: string): number {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    this.places.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

/** Throws a RangeError where an annotator has two values for one unit, or a value is not finite. */
export function indexObservations(rows: readonly Observation[]): Observations {
  const clusters = new Index();
  const units = new Index();
  const annotators = new Index();
  const values = [...new Set(rows.map(({ value }) => value))].sort((a, b) => a - b);
  if (values.some((value) => !Number.isFinite(value))) throw new RangeError("observations: a value is not a finite number");
  const placeOf = new Map(values.map((value, i) => [value, i]));
  const clusterOfUnit: number[] = [];
  const unit = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const place = units.of(row.unit);
    unit[i] = place;
    clusterOfUnit[place] = clusters.of(row.cluster);
  });
  // Units of a cluster side by side, in order of first appearance.
  const order = Int32Array.from(clusterOfUnit.keys()).sort((a, b) => (clusterOfUnit[a] ?? 0) - (clusterOfUnit[b] ?? 0) || a - b);
  const rank = new Int32Array(order.length);
  order.forEach((u, i) => {
    rank[u] = i;
  });
  const start = new Int32Array(order.length + 1);
  for (const u of unit) start[(rank[u] ?? 0) + 1] = (start[(rank[u] ?? 0) + 1] ?? 0) + 1;
  for (let u = 0; u < order.length; u++) start[u + 1] = (start[u + 1] ?? 0) + (start[u] ?? 0);
  const next = start.slice();
  const annotator = new Int32Array(rows.length);
  const value = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const u = rank[unit[i] ?? 0] ?? 0;
    const place = next[u] ?? 0;
    const who = annotators.of(row.annotator);
    for (let o = start[u] ?? 0; o < place; o++) if (annotator[o] === who) throw new RangeError(`observations: ${row.annotator} has two values for ${row.unit}`);
    next[u] = place + 1;
    annotator[place] = who;
    value[place] = placeOf.get(row.value) ?? 0;
  });
  return {
    values, annotators: annotators.names, start, annotator, value,
    units: Array.from(order, (u) => units.names[u] ?? ""),
    cluster: Int32Array.from(order, (u) => clusterOfUnit[u] ?? 0),
  };
}
