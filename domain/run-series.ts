/**
 * The curves and sample tables of a run, out of its events. A worker that resumes from step N repeats
 * what its predecessor did after N: the first stepped event of a later attempt at step s replaces
 * everything that earlier attempts said from s on, so nothing shows twice.
 */
import type { RunEvent, SampleRow } from "./run";
import type { TaskReport } from "./task-report";

export type StoredRunEvent = { seq: number; attempt: number; event: RunEvent; createdAt: Date };

export type SeriesPoint = { step: number; value: number };

export type RunSeries = {
  /** By metric name; steps ascend and are unique. */
  metrics: Map<string, SeriesPoint[]>;
  /** Sample tables by step, ascending. */
  samples: { step: number; rows: SampleRow[] }[];
  /** The newest report. */
  report: TaskReport | null;
  /** Largest step of any metric; 0 before the first. */
  lastStep: number;
};

/** Events by ascending `seq`, each once: `known` with those of `incoming` that are new. Returns `known` itself when none is. */
export function mergeEvents(known: readonly StoredRunEvent[], incoming: readonly StoredRunEvent[]): readonly StoredRunEvent[] {
  const last = known.at(-1)?.seq ?? 0;
  const fresh = incoming.filter(({ seq }) => seq > last);
  return fresh.length === 0 ? known : [...known, ...fresh];
}

function dropFrom<T extends { step: number }>(points: T[], step: number): void {
  while (points.length > 0 && (points.at(-1)?.step ?? -1) >= step) points.pop();
}

/** Adds or, at the same step, replaces: the later word of one attempt counts. */
function put<T extends { step: number }>(points: T[], point: T): void {
  dropFrom(points, point.step);
  points.push(point);
}

/** `events` in the order of their sequence numbers. */
export function buildRunSeries(events: readonly StoredRunEvent[]): RunSeries {
  const metrics = new Map<string, SeriesPoint[]>();
  const samples: RunSeries["samples"] = [];
  let attempt = 0;
  let report: TaskReport | null = null;
  for (const { attempt: own, event } of events) {
    if (event.kind === "report") report = event.report;
    if (event.kind !== "metric" && event.kind !== "sample") continue;
    if (own > attempt) {
      attempt = own;
      for (const points of metrics.values()) dropFrom(points, event.step);
      dropFrom(samples, event.step);
    }
    if (event.kind === "sample") {
      put(samples, { step: event.step, rows: event.rows });
      continue;
    }
    for (const [name, value] of Object.entries(event.values)) {
      const points = metrics.get(name) ?? [];
      metrics.set(name, points);
      put(points, { step: event.step, value });
    }
  }
  for (const [name, points] of metrics) if (points.length === 0) metrics.delete(name);
  const lastStep = Math.max(0, ...[...metrics.values()].map((points) => points.at(-1)?.step ?? 0));
  return { metrics, samples, report, lastStep };
}

/**
 * Exponential moving average with the weight `weight` (0 to under 1) on the past, corrected for its start
 * as TensorBoard does: s_t / (1 - weight^t). 0 returns the points as they are.
 */
export function smoothPoints(points: readonly SeriesPoint[], weight: number): SeriesPoint[] {
  if (weight <= 0) return [...points];
  let sum = 0;
  let norm = 0;
  return points.map(({ step, value }) => {
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return { step, value: sum / norm };
  });
}

/** One line per step and one column per metric, RFC 4180; a metric without a value at a step is left empty. */
export function seriesToCsv(metrics: ReadonlyMap<string, readonly SeriesPoint[]>): string {
  const names = [...metrics.keys()].sort();
  const byStep = new Map<number, Map<string, number>>();
  for (const [name, points] of metrics) {
    for (const { step, value } of points) {
      const row = byStep.get(step) ?? new Map<string, number>();
      byStep.set(step, row.set(name, value));
    }
  }
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [["step", ...names].map(quote).join(",")];
  for (const step of [...byStep.keys()].sort((a, b) => a - b)) {
    lines.push([String(step), ...names.map((name) => String(byStep.get(step)?.get(name) ?? ""))].join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** At most about `max` points that keep every peak: of each stretch of steps the lowest and the highest point. */
export function thinPoints(points: readonly SeriesPoint[], max: number): SeriesPoint[] {
  if (points.length <= max) return [...points];
  const size = Math.ceil((2 * points.length) / max);
  const out: SeriesPoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const bin = points.slice(start, start + size);
    const low = bin.reduce((a, b) => (b.value < a.value ? b : a));
    const high = bin.reduce((a, b) => (b.value > a.value ? b : a));
    if (low === high) out.push(low);
    else out.push(...(low.step < high.step ? [low, high] : [high, low]));
  }
  const last = points.at(-1);
  if (last !== undefined && out.at(-1) !== last) out.push(last);
  return out;
}
